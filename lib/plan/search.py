"""The search for better options as it is asked for: what may be tried, in which range, and what it costs."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from lib.errors import Problem
from lib.methods.base import Method
from lib.option import check_values, options_of
from lib.plan.estimate import Estimate
from lib.runs.options import TrainingOptions

KEYS = ("trials", "minutes", "over")
USUAL = {"trials": 8, "minutes": 20}
# The first trial is the run's own options, so a search has at least one more.
LEAST_TRIALS, MOST_TRIALS = 2, 500
LEAST_MINUTES, MOST_MINUTES = 0.1, 7 * 24 * 60.0

Space = dict[str, Any]


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("search.yaml").read_text(encoding="utf-8"))


def searchable(method: Method) -> list[str]:
    """The options that a search can try with the method, in the order of plan/search.yaml."""
    known = options_of(TrainingOptions, method.option_class)
    return [name for name in _table()["spaces"] if name in known]


def usual_names(method: Method) -> list[str]:
    """The options that are searched when nobody says which."""
    usual = _table()["usual"]
    there = searchable(method)
    return [name for name in usual.get(method.name, usual["full"]) if name in there]


def check_search(search: Mapping[str, Any] | None, method: Method | None) -> list[Problem]:
    """Everything wrong with a wish for a search that can be said without the run's own options."""
    if search is None:
        return []
    problems = [
        Problem(f"There is no {key!r} here.", "search", f"Known are: {', '.join(KEYS)}.", code="unknown-key")
        for key in search
        if key not in KEYS
    ]
    trials = search.get("trials", USUAL["trials"])
    if isinstance(trials, bool) or not isinstance(trials, int) or not LEAST_TRIALS <= trials <= MOST_TRIALS:
        fix = f"Give a whole number from {LEAST_TRIALS} to {MOST_TRIALS}; the first trial is the run's own options."
        problems.append(
            Problem(f"{trials!r} trials are no search.", "search.trials", fix, code="search-trials")
        )
    minutes = search.get("minutes", USUAL["minutes"])
    number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    if not number or not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        fix = f"Give minutes from {LEAST_MINUTES:g} to {MOST_MINUTES:,.0f}."
        problems.append(
            Problem(f"{minutes!r} is no time to search.", "search.minutes", fix, code="search-minutes")
        )
    over = search.get("over")
    if over is not None and (not isinstance(over, Mapping | list | tuple) or not over):
        fix = "Write [learning_rate, epochs], or leave it out for the usual ones."
        problems.append(
            Problem("`over` must name at least one option.", "search.over", fix, code="search-over")
        )
    elif over is not None and method is not None:
        there = searchable(method)
        problems += [
            Problem(
                f"{str(name)!r} cannot be searched.",
                "search.over",
                f"With the method {method.name} these can: {', '.join(there)}.",
                code="search-option",
            )
            for name in over
            if name not in there
        ]
    return problems


def complete_search(
    search: Mapping[str, Any] | None, options: Mapping[str, Any], given: Mapping[str, Any], method: Method
) -> tuple[dict[str, Any] | None, list[Problem]]:
    """A checked wish with every space filled in, and everything wrong with the spaces it names.

    `options` are the run's complete options, `given` its method with the method's own. Each space of the outcome
    holds the run's own value, as that is the first trial: {"low", "high", "log"} or {"choices"}.
    """
    if search is None:
        return None, []
    over = search.get("over") or usual_names(method)
    asked: Mapping[str, Any] = over if isinstance(over, Mapping) else dict.fromkeys(over)
    spaces: dict[str, Space] = {}
    problems: list[Problem] = []
    for name, space in asked.items():
        own = own_value(name, options, given, method)
        if space is None:
            spaces[name] = _usual_space(name, own, method)
        elif found := _check_space(name, space, own, method):
            problems += found
        else:
            spaces[name] = dict(space) if "choices" in space else {"log": False} | dict(space)
    return {**USUAL, **search, "over": spaces}, problems


def own_value(name: str, options: Mapping[str, Any], given: Mapping[str, Any], method: Method) -> Any:
    """The value that the run has without a search: of a training option, or of one of the method's own."""
    own = options_of(method.option_class)
    return given.get(name, own[name].default) if name in own else options[name]


def with_options(
    options: Mapping[str, Any], given: Mapping[str, Any], chosen: Mapping[str, Any], method: Method
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The training options and the method with the chosen values in their places."""
    own = options_of(method.option_class)
    return (
        {**options, **{name: value for name, value in chosen.items() if name not in own}},
        {**given, **{name: value for name, value in chosen.items() if name in own}},
    )


def _usual_space(name: str, own: Any, method: Method) -> Space:
    rule = _table()["spaces"][name]
    item = options_of(TrainingOptions, method.option_class)[name]
    if "around" in rule:
        low, high = own / rule["around"], own * rule["around"]
        return {"low": max(low, item.metadata["low"]), "high": min(high, item.metadata["high"]), "log": True}
    values = rule.get("choices") or [own * factor for factor in rule["times"]]
    kind = type(item.default)
    values = [max(1, round(value)) if kind is int else value for value in values]
    if kind is float:
        values = [round(float(value), 6) for value in values]
    # Its own value as it stands, not as a product came out.
    values = [value for value in values if value != own and not _wrong(name, value, method)]
    return {"choices": _in_order([*values, own])}


def _in_order(values: list[Any]) -> list[Any]:
    unique = list(dict.fromkeys(values))
    return unique if any(isinstance(value, str) for value in unique) else sorted(unique)


def _wrong(name: str, value: Any, method: Method) -> list[Problem]:
    return check_values({name: value}, (TrainingOptions, method.option_class), where="search.over")


def _check_space(name: str, space: Any, own: Any, method: Method) -> list[Problem]:
    where = f"search.over.{name}"
    form = Problem(
        "A space is a range or a list.",
        where,
        "Write {low: …, high: …} or {choices: […]}.",
        code="search-space",
    )
    if not isinstance(space, Mapping):
        return [form]
    if set(space) == {"choices"} and isinstance(space["choices"], list) and space["choices"]:
        values = space["choices"]
        inside = own in values
    elif {"low", "high"} <= set(space) <= {"low", "high", "log"}:
        values = [space["low"], space["high"]]
        if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
            return [form]
        if values[0] >= values[1] or (space.get("log") and values[0] <= 0):
            fix = "Give a low end below the high one, above 0 where the scale is logarithmic."
            return [Problem(f"{values[0]:g} to {values[1]:g} is no range.", where, fix, code="search-space")]
        inside = values[0] <= own <= values[1] if isinstance(own, int | float) else False
    else:
        return [form]
    problems = [replace(problem, where=where) for value in values for problem in _wrong(name, value, method)]
    if not inside and not problems:
        what = (
            f"The run's own {name.replace('_', ' ')}, {own}, is not in the space, and it is the first trial."
        )
        problems.append(
            Problem(what, where, "Widen the space, or set that option inside it.", code="search-own")
        )
    return problems


def with_search(estimate: Estimate, search: Mapping[str, Any] | None) -> Estimate:
    """The estimate of one run with the time of its search before it: at most the budget, less if trials are few."""
    if not search:
        return estimate
    budget = 60.0 * float(search.get("minutes", USUAL["minutes"]))
    trials = int(search.get("trials", USUAL["trials"]))
    return replace(
        estimate,
        seconds_low=estimate.seconds_low + min(budget, trials * estimate.seconds_low),
        seconds_high=estimate.seconds_high + budget,
    )


def search_words(search: Mapping[str, Any] | None) -> str:
    """The search as the end of a sentence about the run; nothing without one."""
    if not search:
        return ""
    minutes, trials = search.get("minutes", USUAL["minutes"]), search.get("trials", USUAL["trials"])
    return f", after looking for better options in up to {trials} trials and {minutes:g} minutes"
