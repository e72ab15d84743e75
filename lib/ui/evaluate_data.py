"""What the Evaluate page is about: the judged predictions of one run on one split, read once and remembered."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import streamlit as st

from lib.analysis.confusion import ConfusionMatrix, Order
from lib.analysis.intervals import Difference, Interval, paired_bootstrap
from lib.analysis.judged import score_intervals
from lib.analysis.per_class import per_class
from lib.errors import Problem, UserError
from lib.runs.folder import RunFolder
from lib.tasks import find_task
from lib.tasks.base import Task
from lib.tasks.outputs import LabelScores, Output

SPLITS = ("test", "validation")
# The texts' own names could be `gold` or `loss`, so the file keeps them apart with this.
INPUT = "input: "
_HOUR = 3600


@dataclass(frozen=True)
class Evaluation:
    """A run on a split. `frame` is shared between all who look: never change it."""

    run: RunFolder
    task: Task
    output: Output
    split: str
    frame: pd.DataFrame
    result: dict[str, Any]

    @property
    def key(self) -> tuple[str, int, str]:
        """What everything about these rows is remembered by: file, its time, split."""
        return *_stamp(self.run.predictions_path), self.split

    @property
    def texts(self) -> list[str]:
        """The columns of the frame that hold what the model read."""
        return [str(name) for name in self.frame.columns if str(name).startswith(INPUT)]

    @property
    def pictures(self) -> list[str]:
        """Those of `texts` that name pictures."""
        columns = self.run.spec.data.columns
        named = {f"{INPUT}{columns.get(role.name)}" for role in self.task.roles if role.kind == "image"}
        return [name for name in self.texts if name in named]

    @property
    def scores(self) -> dict[str, float]:
        """The scores on this split by name."""
        return self.result.get("scores", {}).get(self.split, {})

    @property
    def intervals(self) -> dict[str, Interval]:
        """The 95 % intervals of the scores, worked out if the run does not hold them."""
        known = self.result.get("intervals", {}).get(self.split)
        if known is None:
            return _intervals(*self.key, self)
        return {name: (float(low), float(high)) for name, (low, high) in known.items()}

    @property
    def baselines(self) -> dict[str, dict[str, float]]:
        """The scores of the simple methods on the same rows; they are only worked out for test rows."""
        return self.result.get("baselines", {}) if self.split == "test" else {}

    def differences(self) -> dict[str, Difference]:
        """How much better the model is than each baseline by the main score, row by row."""
        found = {}
        for name in self.baselines:
            path = self.run.path / f"baseline-{name}.parquet"
            if path.is_file() and (difference := _difference(*self.key, *_stamp(path), self)) is not None:
                found[name] = difference
        return found

    def probabilities(self, position: int) -> np.ndarray:
        """The probability of every label for the row at that position of the file: float32[labels]."""
        return _scores_of(*_stamp(self.run.predictions_path), position)


def scores_at(path: Path, position: int) -> np.ndarray:
    """The probability of every label for the row at that position of a file of judged rows: float32[labels]."""
    return _scores_of(*_stamp(path), position)


def splits_of(run: RunFolder) -> list[str]:
    """The splits that have judged rows, test first."""
    found = set(_all(*_stamp(run.predictions_path))["split"].unique())
    return [split for split in SPLITS if split in found]


def evaluation(run: RunFolder, split: str) -> Evaluation:
    """What there is to say about a run on a split. Raises UserError when its files are damaged."""
    task, target = find_task(run.spec.task), run.target()
    if target is None:
        raise _damaged(run.path / "target.json")
    frame = _part(*_stamp(run.predictions_path), split)
    return Evaluation(run, task, task.output(target), split, frame, run.result() or {})


def confusion_matrix(found: Evaluation, labels: tuple[str, ...]) -> ConfusionMatrix:
    """The matrix of all labels on these rows."""
    return _matrix(*found.key, labels, found)


def label_order(found: Evaluation, matrix: ConfusionMatrix, kind: Order) -> np.ndarray:
    """The order to show labels in; clustering hundreds takes a while, so it is remembered."""
    order = _order(*found.key, matrix.labels, kind, matrix)
    if not matrix.is_reduced:
        return order
    # What is gathered is no label like the others: it stands last, whatever the order.
    gathered = len(matrix) - 1
    return np.append(order[order != gathered], gathered)


def label_table(found: Evaluation, matrix: ConfusionMatrix) -> pd.DataFrame:
    """Precision, recall and F1 of every label, with intervals."""
    return _labels(*found.key, matrix)


def _stamp(path: Path) -> tuple[str, int]:
    try:
        return str(path), path.stat().st_mtime_ns
    except OSError as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> UserError:
    what = "The file cannot be read, so there is nothing to show."
    return UserError(Problem(what, str(path), "Train the run again.", code="damaged-run"))


# Without the probabilities, which are most of the file and needed for one row at a time only.
@st.cache_resource(max_entries=3, ttl=_HOUR, show_spinner="Reading the predictions")
def _all(path: str, changed: int) -> pd.DataFrame:
    try:
        names = [name for name in pq.read_schema(path).names if name != "scores"]
        frame = pd.read_parquet(path, columns=names)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(Path(path)) from error
    frame["position"] = np.arange(len(frame))
    return frame


@st.cache_resource(max_entries=6, ttl=_HOUR, show_spinner=False)
def _part(path: str, changed: int, split: str) -> pd.DataFrame:
    frame = _all(path, changed)
    return frame[frame["split"] == split].reset_index(drop=True)


@st.cache_resource(max_entries=6, ttl=_HOUR, show_spinner=False)
def _matrix(
    path: str, changed: int, split: str, labels: tuple[str, ...], _found: Evaluation
) -> ConfusionMatrix:
    return ConfusionMatrix.of(_found.frame["gold"], _found.frame["predicted"], labels=labels)


@st.cache_data(max_entries=20, show_spinner="Putting the labels in order")
def _order(
    path: str, changed: int, split: str, labels: tuple[str, ...], kind: Order, _matrix: ConfusionMatrix
) -> np.ndarray:
    return _matrix.order(kind)


@st.cache_data(max_entries=10, show_spinner=False)
def _labels(path: str, changed: int, split: str, _matrix: ConfusionMatrix) -> pd.DataFrame:
    return per_class(_matrix)


@st.cache_data(max_entries=10, show_spinner="Working out how sure the scores are")
def _intervals(path: str, changed: int, split: str, _found: Evaluation) -> dict[str, Interval]:
    return score_intervals(_found.output, _found.frame)


@st.cache_data(max_entries=20, show_spinner="Comparing with the baselines")
def _difference(
    path: str, changed: int, split: str, baseline: str, baseline_changed: int, _found: Evaluation
) -> Difference | None:
    """None when the baseline was not judged on the same rows."""
    try:
        other = pd.read_parquet(baseline, columns=["row", "predicted"])
    except (OSError, ValueError, pa.ArrowException):
        return None
    paired = _found.frame[["row", "gold", "predicted"]].merge(other, on="row", suffixes=("", "_baseline"))
    if len(paired) != len(_found.frame) or len(paired) != len(other):
        return None
    match _found.output:
        case LabelScores():
            return paired_bootstrap(
                paired["gold"], paired["predicted"], paired["predicted_baseline"], _found.task.main_score.name
            )
        case _:
            return None


@st.cache_data(max_entries=200, show_spinner=False)
def _scores_of(path: str, changed: int, position: int) -> np.ndarray:
    """Read in small batches: all probabilities of a thousand labels would fill the memory."""
    file = pq.ParquetFile(path)
    start = 0
    for group in range(file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if position < start + rows:
            for batch in file.iter_batches(batch_size=2048, row_groups=[group], columns=["scores"]):
                if position < start + batch.num_rows:
                    return np.asarray(batch.column(0)[position - start].as_py(), dtype=np.float32)
                start += batch.num_rows
        start += rows
    raise _damaged(Path(path))
