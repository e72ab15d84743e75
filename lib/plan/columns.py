"""Which column plays which part in a task: as somebody said, else guessed, in a layout that the task knows."""

import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from lib.data.label_cells import as_choice, chosen_columns, is_flag
from lib.data.names import plain_name
from lib.data.profile import Profile, profile_table
from lib.data.roles import guess_columns
from lib.errors import Problem
from lib.tasks import TASKS
from lib.tasks.base import Role, Task

# Kinds of cells that nothing else is mistaken for.
_TELLING = ("tokens", "tags", "spans", "answers", "messages", "image")


def choose_columns(
    task: Task, data: pd.DataFrame | Profile, given: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[Problem]]:
    """Role → column in the first layout of the task that the table fits, and what is missing when it fits none.

    `given` columns (role → column, checked to exist) are kept; layouts that know all of these roles come first.
    """
    profile = data if isinstance(data, Profile) else profile_table(data)
    best, missing = _best_layout(task, profile, dict(given or {}))
    return best, [_missing(task, role, profile) for role in missing]


def suggested_task(profile: Profile) -> Task:
    """What a table seems to be meant for: the task whose columns it has by name and by shape; the first of equals."""
    return max(TASKS, key=lambda task: _fit(task, profile))


def whole_paths(
    rows: pd.DataFrame, task: Task, columns: Mapping[str, str], folder: Path | None
) -> pd.DataFrame:
    """The rows with pictures named by whole paths instead of by their names in the data set's folder."""
    named = [columns[role.name] for role in task.roles if role.kind == "image" and role.name in columns]
    if not named or folder is None:
        return rows
    return rows.assign(**{name: str(folder) + os.sep + rows[name] for name in named})


def _fit(task: Task, profile: Profile) -> int:
    """How much speaks for a task: cells of a shape that only it reads, and columns called as its roles are."""
    columns, missing = _best_layout(task, profile, {})
    # A column that is called as a role says what is meant even when it holds nothing that the role could use.
    called = {plain_name(column.name) for column in profile.columns}
    if any(not called & _names(role) for role in missing):
        return -1
    points = 2 * len(missing)
    for name, column in columns.items():
        role, plain = task.role(name), plain_name(column)
        points += 2 if plain == plain_name(name) else int(plain in _names(role))
        points += 3 if role.kind in _TELLING else 0
    return points


def _best_layout(task: Task, profile: Profile, given: Mapping[str, str]) -> tuple[dict[str, str], list[Role]]:
    """The columns in the layout that lacks least, and the roles that it lacks."""
    layouts = [layout for layout in task.all_layouts() if set(given) <= {role.name for role in layout}]
    found = [_filled(layout, profile, given) for layout in layouts or task.all_layouts()]
    return min(found, key=lambda pair: len(pair[1]))


def _names(role: Role) -> set[str]:
    return {plain_name(name) for name in (role.name, *role.synonyms)}


def _filled(
    layout: list[Role], profile: Profile, given: Mapping[str, str]
) -> tuple[dict[str, str], list[Role]]:
    guessed = guess_columns(profile, [role for role in layout if role.name not in given])
    taken = set(chosen_columns(given, [column.name for column in profile.columns]))
    columns = {role: column for role, column in guessed.items() if column not in taken} | dict(given)
    for role in layout:
        if role.kind == "labels" and role.name not in columns:
            flags = _flag_columns(profile, taken | set(columns.values()))
            columns |= {role.name: as_choice(flags)} if len(flags) > 1 else {}
    ordered = {role.name: columns[role.name] for role in layout if role.name in columns}
    return ordered, [role for role in layout if role.required and role.name not in ordered]


def _flag_columns(profile: Profile, taken: set[str]) -> list[str]:
    """Columns that say yes or no: each may stand for a label."""
    return [
        column.name
        for column in profile.columns
        if column.name not in taken
        and column.kind in ("label", "number")
        and column.distinct <= 2
        and all(is_flag(value) for value, _ in column.top)
    ]


def _missing(task: Task, role: Role, profile: Profile) -> Problem:
    names = ", ".join(column.name for column in profile.columns[:30])
    return Problem(
        f"No column was recognised as the {role.title.lower()}.",
        "data.columns",
        f"Say which: {{{role.name}: COLUMN}}. The columns are: {names}.",
        code="missing-role",
    )
