"""Which columns of some rows a model should read."""

from collections.abc import Mapping, Sequence

import pandas as pd

from lib.data.roles import guess_columns
from lib.errors import Problem, UserError
from lib.tasks.base import Role, Task
from lib.tasks.conversations import from_instruction


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

    Rows may be laid out in another way that the model reads too: words instead of a text, instructions instead of
    conversations. Raises UserError when a role the model reads has no column.
    """
    guessed = guess_columns(rows, task.roles)
    found: dict[str, str] = {}
    problems = []
    for role in model_inputs(task, trained):
        column = _column(role, trained, guessed, rows)
        if column is None and (other := _other_layout(task, role, trained, guessed, rows)):
            found |= other
        elif column is None:
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


def _column(
    role: Role, trained: Mapping[str, str], guessed: Mapping[str, str], rows: pd.DataFrame
) -> str | None:
    if trained.get(role.name) in rows:
        return trained[role.name]
    if role.name in guessed:
        return guessed[role.name]
    return str(rows.columns[0]) if len(rows.columns) == 1 else None


def _other_layout(
    task: Task, role: Role, trained: Mapping[str, str], guessed: Mapping[str, str], rows: pd.DataFrame
) -> dict[str, str]:
    """Columns that serve in the place of a role that has none; nothing where there are none."""
    for name in task.model_input:
        other = task.role(name)
        column = _column(other, trained, guessed, rows)
        if other.kind != role.kind and column is not None:
            return {name: column}
    if role.kind == "messages" and (column := _column(task.role("instruction"), trained, guessed, rows)):
        return {role.name: column}
    return {}


def with_given_texts(
    task: Task, trained: Mapping[str, str], rows: pd.DataFrame, columns: Mapping[str, str]
) -> pd.DataFrame:
    """The rows as the model was taught them: below an instruction stands the text that it is to work on."""
    given = trained.get("input")
    message = next(
        (columns[role.name] for role in task.roles if role.kind == "messages" and role.name in columns), None
    )
    if message is None or message != trained.get("instruction") or given not in rows:
        return rows
    pairs = zip(rows[message], rows[given], strict=True)
    written = [
        from_instruction(text, more, "")[0]["content"] if isinstance(text, str) else text
        for text, more in pairs
    ]
    return rows.assign(**{message: pd.Series(written, index=rows.index, dtype="str")})
