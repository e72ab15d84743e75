"""The checks of a data set, fitted to a task: what is read, what is learned, which tokens count; and all "
"of them run."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.cells import to_cell
from lib.data.checks import CHECKS, Case, Finding
from lib.data.checks.case import Answer
from lib.data.label_cells import columns_named, label_sets, separator_of
from lib.data.split import SplitPlan
from lib.errors import Problem, UserError
from lib.models.sources import find_model
from lib.models.tokens import count_tokens
from lib.plan.lengths import plain_text
from lib.plan.rows import split_rows
from lib.tasks.annotated import tags_in
from lib.tasks.base import Role, Task
from lib.tasks.tags import invalid_transitions, scheme_of, to_iob2

# What is being looked for, the checks done, and the share of the present one.
OnCheck = Callable[[str, int, float], Any]
_ANSWERS: dict[str, Answer] = {
    "label": "label",
    "labels": "labels",
    "number": "number",
    "tags": "tags",
    "spans": "tags",
}


def find_all(
    case_with: Callable[[Callable[[float], Any]], Case], *, tell: OnCheck = lambda what, done, share: None
) -> list[Finding]:
    """What every check finds, in their order. `case_with(tell)` makes the case; `tell` may raise to end the work."""
    place = [0]
    looks_for = [check.looks_for for check in CHECKS]
    case = case_with(lambda share: tell(looks_for[place[0]], place[0], min(share, 1.0)))
    found: list[Finding] = []
    for number, check in enumerate(CHECKS):
        place[0] = number
        tell(check.looks_for, number, 0.0)
        found += [replace(one, parts=case.part[one.rows]) for one in check.find(case)]
    return found


def case_of(
    frame: pd.DataFrame,
    task: Task,
    columns: Mapping[str, str],
    split: SplitPlan,
    *,
    files: Path | None = None,
    tell: Callable[[float], Any] = lambda share: None,
) -> Case:
    """The rows as checks see them, for a task with its columns. Raises UserError when what is read is not chosen."""
    frame = frame.reset_index(drop=True)
    roles = {columns[role.name]: role for role in task.roles if columns.get(role.name)}
    read = task.inputs(columns) or task.kept_together(columns) or _texts(task, columns)
    if not read:
        what = f"No column is chosen that {task.title.lower()} could read."
        raise UserError(Problem(what, "columns", "Choose one first.", code="missing-role"))
    together = task.kept_together(columns)
    parts = split_rows(frame, task, columns, split)
    answers, kind, answer_column = _answers(frame, task, columns, parts)
    pictured = task.model_kind == "image"
    counted, tokenizer, room = (None, "", 0) if pictured or task.reads_all else _tokens(task)
    return Case(
        frame=frame,
        parts=parts,
        split=split,
        inputs=_joined(frame, read, roles),
        read=[_joined(frame, [name], roles) for name in read] if len(read) > 1 else (),
        together=None if set(together) == set(read) else _joined(frame, together, roles),
        answers=answers,
        answer=kind,
        answer_column=answer_column,
        used=tuple(
            name for choice in columns.values() for name in columns_named(choice, map(str, frame.columns))
        ),
        input_title=_title(roles[read[0]]) if len(read) == 1 else "text",
        input_column=read[0] if len(read) == 1 and roles[read[0]].kind == "text" else "",
        pictures=_paths(frame[read[0]], files) if pictured else None,
        count_tokens=counted,
        tokenizer=tokenizer,
        room=room,
        mended_tags=partial(_mended_tags, frame[columns["tags"]], parts)
        if columns.get("tags") and kind == "tags"
        else None,
        tell=tell,
    )


def _title(role: Role) -> str:
    return {"tokens": "text", "messages": "conversation"}.get(role.kind, role.title.lower())


def _texts(task: Task, columns: Mapping[str, str]) -> list[str]:
    """The columns of all roles that hold text, of layouts whose inputs are made from other columns."""
    return [columns[role.name] for role in task.roles if columns.get(role.name) and role.kind == "text"]


def _joined(frame: pd.DataFrame, names: list[str], roles: Mapping[str, Role]) -> "pd.Series[str]":
    """What is read of each row as one text; missing where a column that must be there holds nothing."""
    parts, lacking = [], np.zeros(len(frame), dtype=bool)
    for name in names:
        cells = plain_text(frame[name], roles[name].kind)
        empty = (cells.str.strip().fillna("") == "").to_numpy(dtype=bool)
        lacking |= empty & roles[name].required
        parts.append(cells.mask(pd.Series(empty)))
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.fillna("") + " " + part.fillna("")
    empty = (joined.str.strip().fillna("") == "").to_numpy(dtype=bool)
    return joined.mask(pd.Series(empty | lacking)).astype("str")


def _answers(
    frame: pd.DataFrame, task: Task, columns: Mapping[str, str], parts: "pd.Series[str]"
) -> tuple["pd.Series[str] | None", Answer, str]:
    """What is learned of each row, of which kind, and the column that it stands in."""
    truths = task.truths(columns)
    if not truths:
        return None, "", ""
    role = truths[0]
    kind = _ANSWERS.get(role.kind, "text")
    named = columns_named(columns[role.name], map(str, frame.columns))
    if kind == "labels":
        sets = label_sets(frame, named, separator_of(frame[named[0]]) if len(named) == 1 else "")
        # The same labels in another order are the same answer; a separator that is in no label tells them apart.
        said = pd.Series(["\x1f".join(sorted(labels)) or None for labels in sets], dtype="str")
    else:
        said = frame[named[0]].str.strip()
        said = said.mask(said == "")
    if role.kind == "answers":  # an empty cell says that there is none: a question that is used lacks nothing
        said = said.mask(said.isna() & parts.notna(), "")
    return said.astype("str"), kind, named[0] if len(named) == 1 else ""


def _tokens(task: Task) -> tuple[Callable[[Any], Any] | None, str, int]:
    """How tokens are counted for the first model that a task offers: the function, the model's name, its room."""
    for ref in (*task.starters, "starter:minilm-l6"):
        if not ref.startswith("starter:"):
            continue
        try:
            model = find_model(ref)
        except UserError:
            continue
        if (model.folder / "tokenizer.json").is_file():
            return partial(count_tokens, ref=ref), model.title, model.max_length
    return None, "", 0


def _paths(names: "pd.Series[str]", files: Path | None) -> list[Path | None]:
    if files is None:
        return [Path(name) if isinstance(name, str) else None for name in names]
    return [files / Path(name).name if isinstance(name, str) else None for name in names]


def _mended_tags(
    cells: "pd.Series[str]", parts: "pd.Series[str]"
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Rows whose tags break the scheme, the rows to write anew, and their cells in IOB2.

    IOB2 can hold what is read row by row; of another scheme all rows are written, so that the column has one.
    """
    rows = np.flatnonzero(parts.notna().to_numpy(dtype=bool))
    tags = [tags_in(cells.iloc[row]) or [] for row in rows.tolist()]
    try:
        scheme = scheme_of(tags)
        wrong = np.array([invalid_transitions(row, scheme) > 0 for row in tags], dtype=bool)
    except UserError:  # said by the task's own check
        return rows[:0], rows[:0], ()
    written = (
        np.flatnonzero(wrong) if scheme == "IOB2" else np.flatnonzero(np.full(len(rows), bool(wrong.any())))
    )
    return rows[wrong], rows[written], tuple(to_cell(to_iob2(tags[at], scheme)) for at in written.tolist())
