"""The rows of a run, exactly as its worker has them: split, cut to the limit, made into examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lib.data.split import SPLIT_VALUES, SplitPlan
from lib.data.store import StoredDataset, open_rows
from lib.plan.columns import whole_paths
from lib.plan.rows import split_rows
from lib.plan.shares import nested
from lib.runs.spec import Spec
from lib.tasks.base import Columns, Task

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Rows:
    """A run's examples by part: `frames[part]` has the row's number in the data set as its index.

    `columns` are the examples' columns by role; pictures are named by whole paths. `unlabelled` are the rows that hold
    all that is read but not the answer, and no text of the validation and test rows.
    """

    frames: Mapping[str, pd.DataFrame]
    stored: StoredDataset
    columns: Columns
    unlabelled: pd.DataFrame = field(default_factory=pd.DataFrame)

    def count(self) -> dict[str, int]:
        """How many examples each part has."""
        return {part: len(self.frames[part]) for part in PARTS}


def load_rows(spec: Spec, task: Task) -> Rows:
    """Read and split the data set that the spec names. Raises UserError when its rows are gone."""
    stored = open_rows(spec.data.dataset or "", spec.data.fingerprint)
    frame = stored.read()
    split = SplitPlan.from_json(spec.data.split or {})
    parts = split_rows(frame, task, spec.data.columns, split)
    frames = {part: frame[(parts == part).to_numpy(dtype=bool, na_value=False)] for part in PARTS}
    if spec.data.limit:
        share = min(1.0, spec.data.limit / max(1, sum(map(len, frames.values()))))
        seed = int(spec.options["seed"])
        frames = {part: _sample(rows, share, seed) for part, rows in frames.items()}
    if spec.data.train_share:
        frames["train"] = nested(frames["train"], spec.data.train_share)
    frames = {part: whole_paths(rows, task, spec.data.columns, stored.files) for part, rows in frames.items()}
    unlabelled = _unlabelled(frame, parts, task, spec.data.columns, split)
    unlabelled = whole_paths(unlabelled, task, spec.data.columns, stored.files)
    columns: Columns = spec.data.columns
    for number, part in enumerate(PARTS):
        seed = int(spec.options["seed"]) * len(PARTS) + number
        frames[part], columns = task.as_examples(frames[part], spec.data.columns, seed=seed)
    if len(unlabelled):
        unlabelled, _ = task.as_examples(unlabelled, spec.data.columns, seed=int(spec.options["seed"]))
    return Rows(frames, stored, columns, unlabelled)


def _unlabelled(
    frame: pd.DataFrame, parts: "pd.Series[str]", task: Task, columns: Columns, split: SplitPlan
) -> pd.DataFrame:
    """Rows that could be asked but not judged, and are not meant for judging; a missing answer is an empty text."""
    truths = task.truths(columns)
    if not task.takes_answers or len(truths) > 1:
        return frame.iloc[:0]
    free = parts.isna() & task.askable_rows(frame, columns)
    if split.column:
        said = frame[split.column].astype("str").str.strip().str.casefold().map(SPLIT_VALUES)
        free &= ~said.isin(["validation", "test"])
    found = frame[free.to_numpy(dtype=bool)]
    together = task.kept_together(columns)
    held = frame.loc[parts.isin(["validation", "test"]).to_numpy(dtype=bool), together]
    known = set(held.itertuples(index=False, name=None))
    seen = [row in known for row in found[together].itertuples(index=False, name=None)]
    found = found[~np.array(seen, dtype=bool)]
    return found.assign(**{columns[truth.name]: "" for truth in truths})


def _sample(rows: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    count = max(1, round(len(rows) * share))
    return rows.sample(count, random_state=seed).sort_index() if count < len(rows) else rows
