"""What differs between two versions of a data set: rows added, gone, answered differently, or in another part."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.data.split import SplitPlan
from lib.data.store import StoredDataset
from lib.errors import Problem, UserError
from lib.plan.rows import split_rows
from lib.tasks import find_task

KINDS = ("added", "gone", "relabelled", "moved")


@dataclass(frozen=True, eq=False)
class Difference:
    """Two versions row by row: `table` has a line for each row that differs, in as many ways as it does.

    Its columns: change (one of `KINDS`), row_before and row_after (numbers from 0, missing where it is not there),
    part_before, part_after, answer_before, answer_after, and text, what is read of it. `same`: rows without a line.
    """

    table: pd.DataFrame
    same: int

    def count(self, kind: str) -> int:
        """How many rows differ in that way."""
        return int((self.table["change"] == kind).sum())


def difference(before: StoredDataset, after: StoredDataset) -> Difference:
    """Compare two versions with the columns and the task of the later one.

    Rows are the same if all that a model reads of them is; the second of equal rows is compared with the second. Raises
    UserError when the earlier version lacks a column that the later one reads.
    """
    task, columns = find_task(after.task or ""), dict(after.columns)
    read = task.inputs(columns) or task.kept_together(columns)
    lacking = [name for name in read if name not in before.column_names]
    if lacking or not read:
        names = ", ".join(f"“{name}”" for name in lacking)
        what = f"Version {before.version} has no column {names}, so its rows cannot be told apart."
        raise UserError(Problem(what, before.ref, "Compare other versions.", code="cannot-compare"))
    old, new = _rows(before, columns, read), _rows(after, columns, read)
    both = old.merge(new, on=["text", "turn"], how="outer", suffixes=("_before", "_after"), indicator="where")
    where = both["where"].to_numpy()
    there = where == "both"
    ways = {
        "added": where == "right_only",
        "gone": where == "left_only",
        "relabelled": there & _differ(both["answer_before"], both["answer_after"]),
        "moved": there & _differ(both["part_before"], both["part_after"]),
    }
    lines = [both[chosen].assign(change=kind) for kind, chosen in ways.items()]
    table = pd.concat(lines, ignore_index=True)
    table = table.sort_values(["change", "row_before", "row_after"], kind="stable", ignore_index=True)
    order = ["row_before", "row_after", "part_before", "part_after", "answer_before", "answer_after"]
    changed = np.logical_or.reduce(list(ways.values()))
    return Difference(table[["change", *order, "text"]], int((~changed).sum()))


def _differ(one: pd.Series, other: pd.Series) -> np.ndarray:
    return (one.fillna("") != other.fillna("")).to_numpy(dtype=bool)


def _rows(stored: StoredDataset, columns: Mapping[str, str], read: list[str]) -> pd.DataFrame:
    """The rows with what is read of them, how often that came before, their answer and their part."""
    task = find_task(stored.task or "")
    frame = stored.read()
    text = frame[read[0]].fillna("")
    for name in read[1:]:
        text = text + " ⏐ " + frame[name].fillna("")
    own = dict(stored.columns) or dict(columns)
    parts = split_rows(frame, task, own, stored.split or SplitPlan())
    answer = stored.label_column
    return pd.DataFrame(
        {
            "text": text.to_numpy(),
            "turn": text.groupby(text).cumcount().to_numpy(),
            "row": pd.array(np.arange(len(frame)), dtype="Int64"),
            "part": parts.to_numpy(),
            "answer": frame[answer].to_numpy() if answer in frame else None,
        }
    )
