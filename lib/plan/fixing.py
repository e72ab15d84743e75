"""A new version of a data set with what a check found put right: one click, every change said, the old one "
"untouched."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd

from lib.data.checks import Edits, Fix
from lib.data.corrections import COLUMNS, carry_reviews, pinned_column
from lib.data.split import SPLITS, SplitPlan
from lib.data.store import StoredDataset, save
from lib.data.table import Table
from lib.errors import Problem, UserError
from lib.plan.rows import split_rows
from lib.tasks import find_task

_GROUP = "copies"


def save_fixed(stored: StoredDataset, fix: Fix, *, author: str = "") -> StoredDataset:
    """The next version of a data set, with a fix made; its changes say which rows are different, and how.

    Every other row stays in its part of the split: where the rows do not say their parts themselves, a column is added
    that does. Only a fix that divides the rows anew moves others, and those are said too. Raises UserError when nothing
    would change or the disk refuses; nothing is kept then.
    """
    edits = fix.edits
    task, columns = find_task(stored.task or ""), dict(stored.columns)
    plan = stored.split or SplitPlan()
    frame = stored.read()
    before = split_rows(frame, task, columns, plan)
    label = stored.label_column
    table = _changes(
        frame, before, edits, fix.title, author, word="relabelled" if edits.column == label else "changed"
    )
    frame, plan = _edited(frame, before, edits, plan)
    kept = frame.index
    frame = frame.reset_index(drop=True)
    parts = split_rows(frame, task, columns, plan)
    if divides_anew(edits):
        table = pd.concat([table, _moves(before.reindex(kept), parts, fix.title, author)], ignore_index=True)
    if table.empty and not edits.without and edits.group is None:
        raise UserError(
            Problem(
                "No row would change, so there is no new version to make.",
                "data",
                "Look at the newest version: it may be put right already.",
                code="no-changes",
            )
        )
    made = save(
        Table(
            frame,
            stored.source or stored.name,
            repairs=(f"{fix.title} (made from version {stored.version}).",),
            format=stored.format,
            files=stored.files,
        ),
        name=stored.name,
        task=task.slug,
        columns=columns,
        split=plan,
        counts={part: int((parts == part).sum()) for part in SPLITS},
        parent=stored.ref,
        changes=table,
    )
    if label:
        carry_reviews(stored, made, label, table[table["change"] == "relabelled"], kept)
    return made


def divides_anew(edits: Edits) -> bool:
    """Whether rows that are not named one by one may move to another part of the split."""
    return edits.split is not None or edits.group is not None


def _edited(
    frame: pd.DataFrame, before: "pd.Series[str]", edits: Edits, plan: SplitPlan
) -> tuple[pd.DataFrame, SplitPlan]:
    """The rows that are left with their cells changed, and the plan that divides them."""
    if len(edits.rows):
        frame.loc[edits.rows, edits.column] = list(edits.values)
    if edits.split is not None:
        plan = edits.split
    elif edits.group is not None:
        name, number = _GROUP, 1
        while name in frame:
            number += 1
            name = f"{_GROUP}_{number}"
        groups = pd.Series(edits.group, index=frame.index)
        # A row that is like no other has no group: it goes where its text takes it.
        alike = groups.map(groups.value_counts()) > 1
        frame[name] = groups.where(alike).map(lambda value: f"{value:.0f}", na_action="ignore").astype("str")
        plan = replace(plan, group=name)
    else:
        parts = before.copy()
        parts.loc[edits.moves] = edits.to
        pinned = pinned_column(frame, plan, parts)
        if pinned != plan.column:
            frame[pinned] = parts.astype("str")
        plan = SplitPlan(column=pinned, stratify=plan.stratify, group=plan.group, seed=plan.seed)
    if edits.without:
        frame = frame.drop(columns=edits.without)
    return frame.drop(index=edits.drop.tolist()), plan


def _changes(
    frame: pd.DataFrame, parts: "pd.Series[str]", edits: Edits, note: str, author: str, *, word: str
) -> pd.DataFrame:
    """One line for each row that is left out, changed or moved, with the columns of `corrections`."""
    lines: list[tuple[object, ...]] = []
    when = datetime.now(UTC).isoformat(timespec="seconds")
    for row in edits.drop.tolist():
        lines.append((row, parts.get(row), "excluded", None, None, author, when, note))
    for row, value in zip(edits.rows.tolist(), edits.values, strict=True):
        lines.append((row, parts.get(row), word, frame[edits.column][row], value, author, when, note))
    for row in edits.moves.tolist():
        lines.append((row, parts.get(row), "moved", parts.get(row), edits.to, author, when, note))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _moves(before: "pd.Series[str]", after: "pd.Series[str]", note: str, author: str) -> pd.DataFrame:
    """A line for each row that another division has moved; `before` is indexed by the row's number in the "
    "old version."""
    was, now = before.reset_index(drop=True), after.reset_index(drop=True)
    moved = (was.fillna("") != now.fillna("")).to_numpy()
    when = datetime.now(UTC).isoformat(timespec="seconds")
    lines = [
        (row, old, "moved", old, new, author, when, note)
        for row, old, new in zip(before.index[moved], was[moved], now[moved], strict=True)
    ]
    return pd.DataFrame(lines, columns=list(COLUMNS))
