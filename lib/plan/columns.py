"""Which column plays which part in a task: as somebody said, else guessed, in a layout that the task knows."""

from collections.abc import Mapping

import pandas as pd

from lib.data.profile import Profile, profile_table
from lib.data.roles import guess_columns
from lib.errors import Problem
from lib.tasks.base import Role, Task


def choose_columns(
    task: Task, data: pd.DataFrame | Profile, given: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[Problem]]:
    """Role → column in the first layout of the task that the table fits, and what is missing when it fits none.

    `given` columns (role → column, checked to exist) are kept; layouts that know all of these roles come first.
    """
    given = dict(given or {})
    profile = data if isinstance(data, Profile) else profile_table(data)
    layouts = [layout for layout in task.all_layouts() if set(given) <= {role.name for role in layout}]
    found = [_filled(layout, profile, given) for layout in layouts or task.all_layouts()]
    best, missing = min(found, key=lambda pair: len(pair[1]))
    return best, [_missing(task, role, profile) for role in missing]


def _filled(
    layout: list[Role], profile: Profile, given: Mapping[str, str]
) -> tuple[dict[str, str], list[Role]]:
    guessed = guess_columns(profile, [role for role in layout if role.name not in given])
    taken = set(given.values())
    columns = {role: column for role, column in guessed.items() if column not in taken} | dict(given)
    ordered = {role.name: columns[role.name] for role in layout if role.name in columns}
    return ordered, [role for role in layout if role.required and role.name not in ordered]


def _missing(task: Task, role: Role, profile: Profile) -> Problem:
    names = ", ".join(column.name for column in profile.columns[:30])
    return Problem(
        f"No column was recognised as the {role.title.lower()}.",
        "data.columns",
        f"Say which: {{{role.name}: COLUMN}}. The columns are: {names}.",
        code="missing-role",
    )
