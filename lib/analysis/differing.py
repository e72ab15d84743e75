"""What differs between specs: nested settings laid flat, and only those that are not the same everywhere."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lib.analysis.seeds import NOT_THE_RECIPE

# Beside what is no part of a recipe: what is worked out of the other settings.
NOT_CHOSEN = (*NOT_THE_RECIPE, "estimate")


def flat(spec: Mapping[str, Any], *, prefix: str = "") -> dict[str, Any]:
    """Every setting by its dotted path: {"options": {"epochs": 3}} is {"options.epochs": 3}; lists stay whole.

    Empty settings (None, {} and []) are left out, so that a setting not made equals one that is empty.
    """
    found: dict[str, Any] = {}
    for name, value in spec.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            found |= flat(value, prefix=f"{path}.")
        elif value is not None and value != []:
            found[path] = value
    return found


def differing(specs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The settings that differ, by path in the order of the first spec that makes them; None where one is not made.

    Each list holds one value a spec, in their order. Names, times and versions of packages are no settings, and 3
    equals 3.0. On the same rows (one fingerprint) the data set's name is none either.
    """
    rows = [flat({name: value for name, value in spec.items() if name not in NOT_CHOSEN}) for spec in specs]
    paths = list(dict.fromkeys(path for row in rows for path in row))
    found = {path: [row.get(path) for row in rows] for path in paths}
    apart = {path: values for path, values in found.items() if len({_key(value) for value in values}) > 1}
    prints = found.get("data.fingerprint", [None])
    if "data.dataset" in apart and "data.fingerprint" not in apart and prints[0] is not None:
        apart.pop("data.dataset")
    elif "data.dataset" in apart:
        apart.pop("data.fingerprint", None)  # the name says it better
    return apart


def is_numeric(values: Sequence[Any]) -> bool:
    """Whether every value is a number (True and False are none)."""
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _key(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"number {float(value)!r}"
    return json.dumps(value, sort_keys=True, default=str)
