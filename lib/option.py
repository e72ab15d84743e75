"""One knob: a field of a dataclass with its title, plain explanation and sane range, checked in one place."""

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

from lib.errors import Problem

T = TypeVar("T")


def option(
    default: Any,
    *,
    title: str,
    help: str,
    group: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A field of a frozen dataclass of options.

    Its metadata holds `title`, `help` (one sentence: what it is, what to try, what goes wrong), `group`, `low` and
    `high` (inclusive), `choices`. The type is the default's: bool, int, float or str (one of the choices).
    """
    return field(
        default=default,
        metadata={"title": title, "help": help, "group": group, "low": low, "high": high, "choices": choices},
    )


@dataclass(frozen=True)
class NoOptions:
    """Of what has no options of its own."""


def options_of(*kinds: type) -> dict[str, Field[Any]]:
    """Every field of the dataclasses of options, by name, in order."""
    return {item.name: item for kind in kinds for item in fields(kind)}


def check_values(
    values: Mapping[str, Any], kinds: Sequence[type], *, where: str = "options"
) -> list[Problem]:
    """Everything wrong with a mapping of options: unknown names, wrong types, values out of range."""
    known = options_of(*kinds)
    problems = []
    for name, value in values.items():
        place = f"{where}.{name}"
        if name in known:
            problems += _check_value(known[name], value, place)
        else:
            fix = f"Choose from: {', '.join(known)}."
            problems.append(Problem(f"There is no option {name!r}.", place, fix, code="unknown-option"))
    return problems


def _check_value(item: Field[Any], value: Any, where: str) -> list[Problem]:
    kind, rule = type(item.default), item.metadata
    if kind is str:
        if value in rule["choices"] or (not rule["choices"] and isinstance(value, str)):
            return []
        fix = f"Choose one of: {', '.join(rule['choices'])}." if rule["choices"] else "Give a text."
        return [Problem(f"{value!r} is not a choice.", where, fix, code="option-choice")]
    if kind is bool:
        if isinstance(value, bool):
            return []
        return [
            Problem(f"{value!r} is neither true nor false.", where, "Give true or false.", code="option-type")
        ]
    if isinstance(value, bool) or not isinstance(value, int | float) or (kind is int and value != int(value)):
        noun = "a whole number" if kind is int else "a number"
        return [Problem(f"{value!r} is not {noun}.", where, f"Give {noun}.", code="option-type")]
    if not rule["low"] <= value <= rule["high"]:
        fix = f"Stay between {rule['low']:g} and {rule['high']:g}."
        return [Problem(f"{value:g} is out of range.", where, fix, code="option-range")]
    return []


def values_as(kind: type[T], values: Mapping[str, Any]) -> T:
    """Checked values as the dataclass, with numbers as the types the fields have; names of others are left out."""
    types: dict[str, type] = {name: type(item.default) for name, item in options_of(kind).items()}
    return kind(**{name: types[name](value) for name, value in values.items() if name in types})
