"""The curve of one label on the rows looked at and on the validation rows, and the coverage of all rows; remembered."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from lib.analysis.coverage import Coverage
from lib.analysis.thresholds import Curve
from lib.tasks.outputs import ManyLabels
from lib.ui.evaluate_data import Evaluation
from lib.ui.label_chances import RowChances, row_chances, truths

OUTCOMES = {"tp": "Found", "fp": "False alarms", "fn": "Missed", "tn": "Rightly left out"}


@dataclass(frozen=True, eq=False)
class OneLabel:
    """A label against the rest: its probability and truth on the rows, their curve, and that of the validation rows.

    `given` is the threshold that the run itself uses; `validation` is None without such rows.
    """

    label: str
    probability: np.ndarray
    truth: np.ndarray
    curve: Curve
    validation: Curve | None
    given: float

    def outcome(self, name: str, threshold: float) -> np.ndarray:
        """Which rows have one of OUTCOMES at a threshold: bool[rows]."""
        given = self.probability >= threshold
        return {
            "tp": given & self.truth,
            "fp": given & ~self.truth,
            "fn": ~given & self.truth,
            "tn": ~given & ~self.truth,
        }[name]


def one_label(found: Evaluation, rows: RowChances, label: str) -> OneLabel:
    """A label of the run against the rest, on the split that is looked at."""
    place = rows.labels.index(label)
    curve, probability, truth = _curve(*found.key, label, rows)
    validation = None
    if found.split == "validation":
        validation = curve
    elif (others := row_chances(found, "validation")) is not None:
        validation = _curve(*found.key[:2], "validation", label, others)[0]
    thresholds = found.output.thresholds if isinstance(found.output, ManyLabels) else ()
    return OneLabel(
        label, probability, truth, curve, validation, float(thresholds[place]) if thresholds else 0.5
    )


def first_label(rows: RowChances) -> str:
    """The label to begin with: of two the rarer one, which is usually the one to be found."""
    if rows.many or len(rows.labels) != 2:
        return rows.labels[0]
    return min(rows.labels, key=lambda label: int((rows.frame["gold"] == label).sum()))


def coverage_of(found: Evaluation) -> Coverage:
    """How often the run is wrong on its surest rows, of all rows of the split."""
    return _coverage(*found.key, found)


@st.cache_resource(max_entries=40, ttl=3600, show_spinner=False)
def _curve(
    path: str, changed: int, split: str, label: str, _rows: RowChances
) -> tuple[Curve, np.ndarray, np.ndarray]:
    probability = _rows.table[:, _rows.labels.index(label)].astype(np.float64)
    truth = truths(_rows, label)
    return Curve.of(probability, truth), probability, truth


@st.cache_resource(max_entries=6, ttl=3600, show_spinner=False)
def _coverage(path: str, changed: int, split: str, _found: Evaluation) -> Coverage:
    frame = _found.frame
    return Coverage.of(frame["confidence"].to_numpy(dtype=float), frame["correct"].to_numpy(dtype=bool))
