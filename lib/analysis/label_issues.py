"""Which labels are probably wrong: confident learning on probabilities of models that have not seen the rows.

Northcutt, Jiang and Chuang, "Confident Learning", JAIR 2021 (arXiv 1911.00068).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

IssueOrder = Literal["doubt", "self_confidence", "margin"]
ORDER_TITLES: dict[IssueOrder, str] = {
    "doubt": "Most doubtful: how probable it is that the given label is wrong, highest first",
    "self_confidence": "Least likely label: the probability of the given label, lowest first",
    "margin": "Clearest suggestion: the given label's probability minus the likeliest other one's, lowest first",
}
NONE = -1
# Of rows as doubtful as this, more than half of the planted errors in tweets were found at half precision.
SUREST = 0.65
DRAWS = 400
# cleanlab's own tolerance, so that a probability equal to its threshold counts in spite of rounding.
_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class LabelIssues:
    """What confident learning says of labelled rows; all arrays follow the rows or the labels as they were given.

    `given` is int64[rows], the place of each row's label in `labels`. `thresholds` is float64[labels]: how probable a
    label is on average in the rows that have it, infinite for a label that no row has. `confident` is int64[rows]: the
    likeliest label among those at or above their threshold, −1 where there is none. `joint` is the confident joint,
    int64[labels, labels]: rows with label j that are confidently k.
    `suggested` is int64[rows]: `confident` where that is another label than the given one, else the one that the row
    has most probably if the given label is wrong; `probability` is how likely the models find it.
    `self_confidence` is the probability of the given label, `margin` that minus the likeliest other label's. `doubt` is
    how probable it is that the given label is wrong, 1 − P(true = given | text, given), with P(true | text) as the
    models say and P(given | true) from the joint. It counts a row as wrong where the models err as well, so its order
    is worth more than its size.
    """

    labels: tuple[str, ...]
    given: np.ndarray
    thresholds: np.ndarray
    confident: np.ndarray
    joint: np.ndarray
    suggested: np.ndarray
    probability: np.ndarray
    self_confidence: np.ndarray
    margin: np.ndarray
    doubt: np.ndarray

    @cached_property
    def off_diagonal(self) -> np.ndarray:
        """The rows off the diagonal of the confident joint: bool[rows]."""
        return (self.confident != NONE) & (self.confident != self.given)

    @cached_property
    def flagged(self) -> np.ndarray:
        """The rows whose label looks wrong: bool[rows], off the diagonal, or more probably wrong than right."""
        return self.off_diagonal | (self.doubt > 0.5)

    @property
    def surest(self) -> int:
        """How many rows are wrong with a probability of at least `SUREST`, by estimate."""
        return int((self.flagged & (self.doubt >= SUREST)).sum())

    @cached_property
    def cells(self) -> np.ndarray:
        """How many flagged rows with label j are suggested to be k: int64[labels, labels]."""
        return _counted(self.given[self.flagged], self.suggested[self.flagged], len(self.labels))

    @cached_property
    def support(self) -> np.ndarray:
        """Rows of each given label: int64[labels]."""
        return np.bincount(self.given, minlength=len(self.labels))

    @cached_property
    def expected(self) -> np.ndarray:
        """How many rows of each label are wrong by estimate: float64[labels].

        The share of a label's confident rows that are confidently another one, times all its rows: the off-diagonal
        of the calibrated joint (Northcutt 2021, equation 3).
        """
        sure = self.joint.sum(axis=1)
        return _expected(self.support, sure, sure - np.diagonal(self.joint))

    @property
    def total(self) -> float:
        """How many rows are wrong by estimate."""
        return float(self.expected.sum())

    @cached_property
    def _drawn(self) -> np.ndarray:
        """`expected` on rows drawn again with replacement: float64[draws, labels]."""
        size, rows = len(self.labels), len(self.given)
        # Three kinds of rows a label: confidently itself, confidently another, neither.
        kind = np.where(self.confident == NONE, 2, np.where(self.off_diagonal, 1, 0))
        counts = np.bincount(self.given * 3 + kind, minlength=size * 3)
        random = np.random.default_rng(0)
        drawn = random.multinomial(rows, counts / max(rows, 1), size=DRAWS).reshape(DRAWS, size, 3)
        return _expected(drawn.sum(axis=2), drawn[:, :, 0] + drawn[:, :, 1], drawn[:, :, 1])

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of `total`: what other rows of the same kind would give, with the same models."""
        low, high = np.quantile(self._drawn.sum(axis=1), [0.025, 0.975])
        return float(low), float(high)

    def order(self, by: IssueOrder) -> np.ndarray:
        """The flagged rows, the likeliest to be wrong first: int64, places among the rows."""
        rows = np.flatnonzero(self.flagged)
        worst_first = -self.doubt if by == "doubt" else getattr(self, by)
        return rows[np.argsort(worst_first[rows], kind="stable")]

    def health(self) -> pd.DataFrame:
        """One line a label that has rows: label, rows, flagged, expected, share with low and high, gained.

        `share` is expected / rows with its 95 % interval; `gained` counts the flagged rows of other labels for which
        this label is suggested.
        """
        low, high = np.quantile(self._drawn, [0.025, 0.975], axis=0)
        rows = np.maximum(self.support, 1)
        size = len(self.labels)
        table = pd.DataFrame(
            {
                "label": self.labels,
                "rows": self.support,
                "flagged": np.bincount(self.given[self.flagged], minlength=size),
                "expected": self.expected,
                "share": self.expected / rows,
                "share_low": np.minimum(low / rows, 1.0),
                "share_high": np.minimum(high / rows, 1.0),
                "gained": np.bincount(self.suggested[self.flagged], minlength=size),
            }
        )
        table = table[table["rows"] > 0]
        return table.sort_values(["share", "rows"], ascending=False, kind="stable").reset_index(drop=True)


def _expected(support: np.ndarray, sure: np.ndarray, other: np.ndarray) -> np.ndarray:
    shares = np.divide(other, sure, out=np.zeros(np.shape(sure), dtype=np.float64), where=sure > 0)
    return support * shares


def find_issues(given: Sequence[str] | Any, probabilities: np.ndarray, labels: Sequence[str]) -> LabelIssues:
    """The issues among rows with the labels `given`, from `probabilities`: float[rows, labels], of unseen rows.

    Raises ValueError for other shapes, a label that is not among `labels`, or a probability that is no number.
    """
    place = {label: number for number, label in enumerate(labels)}
    chances = np.asarray(probabilities, dtype=np.float64)
    unknown = sorted({str(label) for label in given} - set(place))
    if unknown:
        raise ValueError(f"not among the labels: {unknown[:5]}")
    rows = np.array([place[str(label)] for label in given], dtype=np.int64)
    if chances.shape != (len(rows), len(place)) or not np.isfinite(chances).all():
        raise ValueError(f"probabilities must be finite and {len(rows)} × {len(place)}, not {chances.shape}")
    every = np.arange(len(rows))
    own = chances[every, rows]
    support = np.bincount(rows, minlength=len(place))
    sums = np.bincount(rows, weights=own, minlength=len(place))
    thresholds = np.divide(sums, support, out=np.full(len(place), np.inf), where=support > 0)
    sure = np.where(chances >= thresholds - _TOLERANCE, chances, -1.0)
    confident = sure.argmax(axis=1) if len(place) else np.zeros(len(rows), dtype=np.int64)
    confident = np.where(sure.max(axis=1, initial=-1.0) >= 0, confident, NONE)
    others = chances.copy()
    others[every, rows] = -np.inf
    rival = others.max(axis=1, initial=-np.inf) if len(place) > 1 else np.zeros(len(rows))
    found = confident != NONE
    joint = _counted(rows[found], confident[found], len(place))
    weighed = chances * _given_of_true(joint, support)[rows]
    whole = weighed.sum(axis=1)
    doubt = 1.0 - np.divide(weighed[every, rows], whole, out=np.ones(len(rows)), where=whole > 0)
    weighed[every, rows] = -1.0
    other = weighed.argmax(axis=1) if len(place) else np.zeros(len(rows), dtype=np.int64)
    suggested = np.where(found & (confident != rows), confident, other)
    return LabelIssues(
        tuple(labels),
        rows,
        thresholds,
        confident,
        joint,
        suggested,
        chances[every, suggested],
        own,
        own - rival,
        doubt,
    )


def _counted(given: np.ndarray, other: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(given * size + other, minlength=size * size).reshape(size, size)


def _given_of_true(joint: np.ndarray, support: np.ndarray) -> np.ndarray:
    """P(given label j | true label k) by the calibrated joint: float64[j, k]."""
    size = len(support)
    sure = joint.sum(axis=1, keepdims=True)
    calibrated = np.divide(joint, sure, out=np.eye(size), where=sure > 0) * support[:, None]
    of_true = calibrated.sum(axis=0, keepdims=True)
    return np.divide(calibrated, of_true, out=np.eye(size), where=of_true > 0)
