"""Runs as lines of a table: their scores, what they took, and what differs between their specs."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from lib.analysis.differing import differing, is_numeric
from lib.analysis.intervals import number
from lib.analysis.seeds import seed_key, spread
from lib.methods import METHODS
from lib.option import options_of
from lib.runs.options import TrainingOptions
from lib.tasks import TASKS
from lib.ui.numbers import duration, size
from lib.ui.run_words import list_state, main_score, model_title
from lib.ui.runs_list import RunLine
from lib.ui.words import shorten

_TITLES = {
    "model": "Model",
    "revision": "Model revision",
    "task": "Task",
    "data.dataset": "Data set",
    "data.limit": "Row limit",
    "data.train_share": "Share of the training rows",
    "data.split.seed": "Split seed",
    "method.name": "Method",
    "method.teacher": "Teacher",
}


def task_of(line: RunLine) -> str:
    """The slug of a run's task."""
    return line.spec.task if line.spec else ""


def recipes(there: Sequence[RunLine]) -> list[int]:
    """Which recipe each run belongs to, counted from 0; runs that differ in the seed alone share one."""
    keys = [seed_key(line.spec.to_json()) if line.spec else line.id for line in there]
    order = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    return [order[key] for key in keys]


def run_table(numbered: Sequence[tuple[int, RunLine]]) -> pd.DataFrame:
    """One line a run: number, name, state, main test score with its interval and rows, time, size, what differs."""
    there = [line for _, line in numbered]
    mains = {main.title for line in there if (main := main_score(line))}
    heading = next(iter(mains)) if len(mains) == 1 else "Main score"
    rows: list[dict[str, Any]] = []
    for place, line in numbered:
        main = main_score(line)
        value = line.score("test", main.name) if main and line.has_result else None
        ends = line.interval("test", main.name) if main and line.has_result else None
        weights = line.result.get("weights_mb")
        rows.append(
            {
                "#": place,
                "Name": shorten(line.name, 60),
                "State": list_state(line),
                heading: value,
                "95 % interval": f"{number(ends[0], decimals=3)}–{number(ends[1], decimals=3)}"
                if ends
                else None,
                "Test rows": line.rows("test"),
                "Duration": duration(line.seconds),
                "Size": size(weights * 1e6) if isinstance(weights, int | float) else None,
            }
        )
    table = pd.DataFrame(rows)
    for path, values in differences(there).items():
        table[title_of(path, there, table)] = values
    return table


def recipe_table(there: Sequence[RunLine], groups: Sequence[int]) -> pd.DataFrame:
    """One line a recipe: its runs, seeds, mean score with spread and interval, and what differs between recipes."""
    first = {group: line for line, group in reversed(list(zip(there, groups, strict=True)))}
    rows: list[dict[str, Any]] = []
    for group in sorted(first):
        mine = [
            (place, line)
            for place, (line, own) in enumerate(zip(there, groups, strict=True), 1)
            if own == group
        ]
        main = main_score(first[group])
        found = [line.score("test", main.name) for _, line in mine if main and line.has_result]
        values = [value for value in found if value is not None]
        over = spread(values) if len(values) > 1 else None
        low, high = over.interval if over else (None, None)
        rows.append(
            {
                "Runs": ", ".join(str(place) for place, _ in mine),
                "Name": shorten(first[group].name, 60),
                "Seeds": len(values),
                f"Mean {main.title if main else 'score'}": sum(values) / len(values) if values else None,
                "±": over.deviation if over else None,
                "95 % interval of the mean": (
                    f"{number(low, decimals=3)}–{number(high, decimals=3)}"
                    if low is not None and high is not None
                    else None
                ),
            }
        )
    table = pd.DataFrame(rows)
    lines = [first[group] for group in sorted(first)]
    for path, values_of in differences(lines).items():
        if path != "options.seed":
            table[title_of(path, lines, table)] = values_of
    return table


def differences(there: Sequence[RunLine]) -> dict[str, list[Any]]:
    """What differs between the runs' specs, by path; numbers stay numbers where all are, anything else is text."""
    found = differing([line.spec.to_json() for line in there if line.spec])
    return {
        path: [None if value is None else _value(path, value) for value in values]
        if not is_numeric([value for value in values if value is not None])
        else values
        for path, values in found.items()
    }


def _value(path: str, value: Any) -> str:
    return shorten(model_title(value) if path == "model" and isinstance(value, str) else str(value), 60)


def title_of(path: str, there: Sequence[RunLine], table: pd.DataFrame) -> str:
    """The option's own title, or its path in words; never one that the table has already."""
    tasks = {task_of(line) for line in there}
    names = {str(line.spec.method.get("name")) for line in there if line.spec}
    kinds = [
        TrainingOptions,
        *(task.option_class for task in TASKS if task.slug in tasks),
        *(method.option_class for method in METHODS if method.name in names),
    ]
    known = options_of(*kinds)
    name = path.rpartition(".")[2]
    title = _TITLES.get(path) or (
        str(known[name].metadata["title"]) if name in known and path.count(".") == 1 else ""
    )
    title = title or path.replace(".", " ").replace("_", " ").capitalize()
    while title in table:
        title = f"{title} ({path})"
    return title
