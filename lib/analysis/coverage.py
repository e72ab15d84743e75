"""A model that answers only when it is sure: how many rows it then answers, and how often it is wrong on those."""

from dataclasses import dataclass

import numpy as np

from lib.analysis.intervals import Interval, wilson

_DRAWS = 100


@dataclass(frozen=True, eq=False)
class Coverage:
    """The surest rows first: `risk` is float64[rows], the error among the surest 1, 2, … rows.

    Rows of equal confidence share their errors, as nothing says which of them would be answered. `confidence` is
    float64[rows], falling; `errors` float64[rows], the errors up to there.
    """

    confidence: np.ndarray
    errors: np.ndarray
    aurc: float
    interval: Interval

    @classmethod
    def of(cls, confidence: np.ndarray, correct: np.ndarray, *, seed: int = 0) -> "Coverage":
        """From the confidence, float[rows], and whether the answer is right, bool[rows].

        `aurc` is the mean of the risk over all coverages (Geifman & El-Yaniv 2017), its interval ± 1.96 standard
        deviations over 100 bootstrap draws. Raises ValueError for no rows.
        """
        if not len(confidence):
            raise ValueError("there are no rows")
        order = np.argsort(-np.asarray(confidence, dtype=np.float64), kind="stable")
        sure = np.asarray(confidence, dtype=np.float64)[order]
        wrong = _shared(sure, (~np.asarray(correct, dtype=bool))[order].astype(np.float64))
        random = np.random.default_rng(seed)
        rows, drawn = len(sure), []
        for _ in range(_DRAWS):
            counts = np.bincount(random.integers(rows, size=rows), minlength=rows)
            answered = np.cumsum(counts)
            risk = np.cumsum(counts * wrong) / np.maximum(answered, 1)
            drawn.append((risk * counts).sum() / rows)
        errors = np.cumsum(wrong)
        aurc = float((errors / np.arange(1, rows + 1)).mean())
        half = 1.96 * float(np.std(drawn, ddof=1))
        return cls(sure, errors, aurc, (max(0.0, aurc - half), min(1.0, aurc + half)))

    def __len__(self) -> int:
        return len(self.confidence)

    @property
    def risk(self) -> np.ndarray:
        """The share that is wrong among the surest 1, 2, … rows: float64[rows]."""
        return self.errors / np.arange(1, len(self) + 1)

    @property
    def error(self) -> float:
        """The share that is wrong among all rows."""
        return float(self.errors[-1] / len(self))

    def at(self, share: float) -> tuple[int, float, Interval, float]:
        """When the surest `share` of the rows are answered: how many, their error, its Wilson interval, and from which
        confidence on. At least one row is answered."""
        rows = min(max(round(share * len(self)), 1), len(self))
        errors = float(self.errors[rows - 1])
        low, high = wilson(round(errors), rows)
        return rows, errors / rows, (float(low), float(high)), float(self.confidence[rows - 1])


def _shared(sure: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Errors spread evenly over rows of equal confidence."""
    _, group, sizes = np.unique(-sure, return_inverse=True, return_counts=True)
    return (np.bincount(group, wrong) / sizes)[group]
