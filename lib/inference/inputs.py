"""Which columns of some rows a model should read."""

from collections.abc import Mapping, Sequence

import pandas as pd

from lib.data.roles import guess_columns
from lib.errors import Problem, UserError
from lib.tasks.base import Role, Task


def model_inputs(task: Task, columns: Mapping[str, str]) -> list[Role]:
    """What a person gives to a model that was trained with those columns, in order."""
    return task.asked(columns)


def one_row(inputs: Sequence[Role], texts: Sequence[str | None]) -> tuple[pd.DataFrame, dict[str, str]]:
    """A table of one row from texts typed in, and its columns by role. Raises UserError for those missing."""
    given = dict(zip([role.name for role in inputs], texts, strict=False))
    problems = [
        Problem(
            f"The model reads a {role.title.lower()} and none was given.",
            role.title,
            "Type one.",
            code="no-text",
        )
        for role in inputs
        if not (given.get(role.name) or "").strip()
    ]
    if problems:
        raise UserError(*problems)
    names = [role.name for role in inputs]
    return pd.DataFrame({name: [given[name]] for name in names}), {name: name for name in names}


def columns_for(task: Task, trained: Mapping[str, str], rows: pd.DataFrame) -> dict[str, str]:
    """The rows' columns by role: those of the same names as in training, else guessed.

    Raises UserError when a role the model reads has no column, or a text is missing in every row.
    """
    guessed = guess_columns(rows, task.roles)
    found: dict[str, str] = {}
    problems = []
    for role in model_inputs(task, trained):
        column = trained[role.name] if trained.get(role.name) in rows else guessed.get(role.name)
        if column is None and len(rows.columns) == 1:
            column = str(rows.columns[0])
        if column is None:
            problems.append(
                Problem(
                    f"No column was recognised as the {role.title.lower()}.",
                    "file",
                    f'Name it "{trained.get(role.name, role.name)}", as in training.',
                    code="missing-role",
                )
            )
        else:
            found[role.name] = column
    if problems:
        raise UserError(*problems)
    return found
