"""Which rows can be used, and which part of the split each belongs to."""

from collections.abc import Mapping

import pandas as pd

from lib.data.split import SplitPlan, assign
from lib.errors import Problem
from lib.tasks.base import Task


def split_rows(
    frame: pd.DataFrame,
    task: Task,
    columns: Mapping[str, str],
    split: SplitPlan,
    problems: list[Problem] | None = None,
) -> "pd.Series[str]":
    """Which part each usable row belongs to; rows that cannot be used are missing (NA)."""
    usable = task.usable_rows(frame, columns)
    label, together = task.stratum(columns), task.kept_together(columns)
    parts = pd.Series(pd.NA, index=frame.index, dtype="str")
    parts[usable] = assign(frame[usable], split, label=label, text=together)
    return parts
