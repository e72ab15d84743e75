"""Giving a label from some probability on: what each threshold finds, misses and wrongly gives, and what that costs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lib.analysis.intervals import Interval


@dataclass(frozen=True)
class Counts:
    """Rows by what was decided: rightly given, wrongly given (false alarm), missed, rightly not given."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def rows(self) -> int:
        """All rows."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def precision(self) -> float:
        """Right among the given; 1 when none was given, as in scikit-learn’s curve."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 1.0

    @property
    def recall(self) -> float:
        """Given among the true; 0 when none is true."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0

    @property
    def false_positive_rate(self) -> float:
        """Given among those that are not true; 0 when all are."""
        return self.fp / (self.fp + self.tn) if self.fp + self.tn else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 when the label is neither true nor given anywhere."""
        both = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / both if both else 0.0

    def cost(self, false_alarm: float, miss: float) -> float:
        """The mean cost of a row, when a false alarm and a miss cost so much and all else nothing."""
        return (false_alarm * self.fp + miss * self.fn) / max(self.rows, 1)

    def cost_interval(self, false_alarm: float, miss: float) -> Interval:
        """The 95 % interval of the mean cost: normal, as costs of single rows are bounded; not below 0."""
        mean, rows = self.cost(false_alarm, miss), max(self.rows, 1)
        squares = (false_alarm**2 * self.fp + miss**2 * self.fn) / rows
        half = 1.96 * float(np.sqrt(max(squares - mean**2, 0.0) / rows))
        return max(0.0, mean - half), mean + half


@dataclass(frozen=True, eq=False)
class Curve:
    """Every threshold that decides anything differently, from the highest down.

    `thresholds` is float64[points], the first one infinite (nothing is given), then every distinct probability. `tp`
    and `fp` are int64[points]: rows given at probability >= threshold that truly have the label, and that do not.
    """

    thresholds: np.ndarray
    tp: np.ndarray
    fp: np.ndarray
    positives: int
    negatives: int

    @classmethod
    def of(cls, probability: np.ndarray, truth: np.ndarray) -> "Curve":
        """From the probability of one label, float[rows], and whether it is true, bool[rows]."""
        values, true = np.asarray(probability, dtype=np.float64), np.asarray(truth, dtype=bool)
        if values.shape != true.shape:
            raise ValueError(f"{len(values)} probabilities but {len(true)} truths")
        order = np.argsort(-values, kind="stable")
        ranked = values[order]
        found = np.cumsum(true[order])
        last = np.flatnonzero(np.append(ranked[:-1] > ranked[1:], True)) if len(ranked) else np.zeros(0, int)
        tp = np.concatenate([[0], found[last]]).astype(np.int64)
        given = np.concatenate([[0], last + 1]).astype(np.int64)
        positives = int(true.sum())
        return cls(np.concatenate([[np.inf], ranked[last]]), tp, given - tp, positives, len(true) - positives)

    def __len__(self) -> int:
        return len(self.thresholds)

    @cached_property
    def precision(self) -> np.ndarray:
        """Right among the given, 1 where none is: float64[points]."""
        given = self.tp + self.fp
        return np.divide(self.tp, given, out=np.ones(len(self)), where=given > 0)

    @cached_property
    def recall(self) -> np.ndarray:
        """Given among the true: float64[points]."""
        return self.tp / max(self.positives, 1)

    @cached_property
    def false_positive_rate(self) -> np.ndarray:
        """Given among those that are not true: float64[points]."""
        return self.fp / max(self.negatives, 1)

    @property
    def average_precision(self) -> float:
        """Σ (recall gained) · precision, without interpolation, as scikit-learn has it; missing without true rows."""
        if not self.positives:
            return float("nan")
        return float((np.diff(self.recall) * self.precision[1:]).sum())

    @property
    def roc_auc(self) -> float:
        """The chance that a true row has a higher probability than another one; missing without both kinds."""
        if not self.positives or not self.negatives:
            return float("nan")
        return float(np.trapezoid(self.recall, self.false_positive_rate))

    def at(self, threshold: float) -> Counts:
        """The counts when the label is given at probability >= threshold, without looking at the rows again."""
        # Thresholds fall from left to right; the last one that is still >= `threshold`.
        place = int(np.searchsorted(-self.thresholds, -threshold, side="right")) - 1
        tp, fp = int(self.tp[max(place, 0)]), int(self.fp[max(place, 0)])
        return Counts(tp, fp, self.positives - tp, self.negatives - fp)

    def costs(self, false_alarm: float, miss: float) -> np.ndarray:
        """The mean cost of a row at each threshold: float64[points]."""
        rows = max(self.positives + self.negatives, 1)
        return (false_alarm * self.fp + miss * (self.positives - self.tp)) / rows

    def cheapest(self, false_alarm: float, miss: float) -> float:
        """The threshold in [0, 1] with the least mean cost on these rows.

        It lies half way between the neighbouring probabilities, where other rows are served best; 0 gives the label
        always, 1 (nearly) never. Of equally cheap ones the highest, which gives the fewest.
        """
        best = int(self.costs(false_alarm, miss).argmin())
        if best + 1 == len(self):
            return 0.0
        return (min(float(self.thresholds[best]), 1.0) + float(self.thresholds[best + 1])) / 2

    def thinned(self, most: int = 400) -> np.ndarray:
        """Places of at most so many points, first and last among them, evenly spaced by how many rows are given."""
        if len(self) <= most:
            return np.arange(len(self))
        given = self.tp + self.fp
        wanted = np.linspace(0, given[-1], most)
        return np.unique(np.append(np.searchsorted(given, wanted).clip(0, len(self) - 1), len(self) - 1))


def calibrated_threshold(false_alarm: float, miss: float) -> float:
    """The cheapest threshold for probabilities that are perfectly calibrated (Elkan 2001): c_fa / (c_fa + c_miss)."""
    both = false_alarm + miss
    return false_alarm / both if both else 0.5
