"""The probabilities of every label on the rows of a split, read once: what calibration and thresholds look at."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import streamlit as st

from lib.analysis.chances import Chances
from lib.analysis.label_sets import as_sets
from lib.analysis.temperature import Temperature, fit_temperature
from lib.tasks.outputs import LabelScores, ManyLabels
from lib.ui.evaluate_data import Evaluation, evaluation, splits_of
from lib.ui.words import shorten

# Probabilities held for one split: 20 million of 4 bytes are 80 MB. 50,000 rows of 20 labels are one million.
MOST_PROBABILITIES = 20_000_000
_HOUR = 3600


@dataclass(frozen=True, eq=False)
class RowChances:
    """`frame` holds the judged rows that were read (all, or a seeded sample of many), `table` their probabilities.

    `table` is float32[rows, labels]; `many` when a row may have several labels; `rows_in_all` is how many rows there
    are. Shared between all who look: never change it.
    """

    frame: pd.DataFrame
    table: np.ndarray
    labels: tuple[str, ...]
    many: bool
    rows_in_all: int

    @property
    def is_sample(self) -> bool:
        """Whether there are more rows than were read."""
        return len(self.frame) < self.rows_in_all


def has_labels(found: Evaluation) -> bool:
    """Whether the run gives every label a probability."""
    return isinstance(found.output, LabelScores | ManyLabels) and len(found.output.labels) > 0


def row_chances(found: Evaluation, split: str | None = None) -> RowChances | None:
    """The probabilities on a split of the run, the one looked at unless another is named; None when it has no rows."""
    if split is not None and split != found.split:
        if split not in splits_of(found.run):
            return None
        found = evaluation(found.run, split)
    return _read(*found.key, found) if len(found.frame) else None


def chances(rows: RowChances) -> Chances:
    """The probabilities beside the true labels, one a row."""
    return Chances.of(rows.table, rows.frame["gold"], rows.labels)


def truths(rows: RowChances, label: str) -> np.ndarray:
    """Which of the rows truly have the label, whether it is their only one or one of several: bool[rows]."""
    gold = rows.frame["gold"]
    if rows.many:
        return np.array([label in row for row in as_sets(gold)], dtype=bool)
    return (gold == label).to_numpy(dtype=bool)


def fitted_temperature(found: Evaluation) -> Temperature | None:
    """The temperature that fits the validation rows, whichever split is looked at; None when they cannot say."""
    rows = row_chances(found, "validation")
    if rows is None:
        return None
    fitted = _fitted(*found.key[:2], rows)
    return None if fitted is None or fitted.at_limit else fitted


@st.cache_data(max_entries=20, show_spinner="Fitting the temperature")
def _fitted(path: str, changed: int, _rows: RowChances) -> Temperature | None:
    return fit_temperature(chances(_rows))


@st.cache_resource(max_entries=3, ttl=_HOUR, show_spinner="Reading the probabilities")
def _read(path: str, changed: int, split: str, _found: Evaluation) -> RowChances:
    assert isinstance(_found.output, LabelScores | ManyLabels)
    labels, frame = _found.output.labels, _found.frame
    most = max(1, MOST_PROBABILITIES // len(labels))
    if len(frame) > most:
        chosen = np.sort(np.random.default_rng(0).choice(len(frame), most, replace=False))
        frame = frame.iloc[chosen].reset_index(drop=True)
    wanted = frame["position"].to_numpy()
    table = np.empty((len(wanted), len(labels)), dtype=np.float32)
    start = filled = 0
    for batch in pq.ParquetFile(path).iter_batches(batch_size=4096, columns=["scores"]):
        here = wanted[(wanted >= start) & (wanted < start + batch.num_rows)] - start
        if len(here):
            values = np.asarray(batch.column(0).flatten(), dtype=np.float32).reshape(batch.num_rows, -1)
            table[filled : filled + len(here)] = values[here]
            filled += len(here)
        start += batch.num_rows
    return RowChances(frame, table, labels, isinstance(_found.output, ManyLabels), len(_found.frame))


def label_in_address(rows: RowChances, *, first: str | None = None) -> str:
    """A picker of one label, which the address keeps as `label`; returns the chosen one, `first` if none is."""
    names = list(rows.labels)
    asked = st.query_params.get("label")
    now = asked if asked in names else first or names[0]
    st.session_state["chances label"] = now

    def take() -> None:
        st.query_params["label"] = st.session_state["chances label"]

    st.selectbox(
        "Label",
        names,
        format_func=lambda name: shorten(name, 60),
        key="chances label",
        on_change=take,
        width=320,
    )
    return now
