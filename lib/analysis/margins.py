"""The sums of a confusion matrix that every score is made of: rows right, true and predicted, by label."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lib.analysis.confusion import ConfusionMatrix
from lib.errors import UserError

# Numbers held at once while resampling; 4 million of 8 bytes are 32 MB.
CHUNK = 4_000_000


@dataclass(frozen=True)
class Margins:
    """Rows right, true and predicted, by label; each int64[..., labels].

    Leading axes (the draws of a bootstrap) are kept by every property.
    """

    correct: np.ndarray
    support: np.ndarray
    predicted: np.ndarray

    @classmethod
    def of(cls, matrix: ConfusionMatrix) -> "Margins":
        """The margins of one matrix. Raises UserError when it holds no rows, ValueError when it is reduced."""
        if matrix.is_reduced:
            raise ValueError("a reduced matrix no longer knows which rows are right")
        if not matrix.total:
            raise UserError("There are no rows to score.")
        return cls(matrix.correct, matrix.support, matrix.predicted_rows)

    @property
    def total(self) -> np.ndarray:
        """All rows: int64[...]."""
        return self.support.sum(axis=-1)

    @property
    def precision(self) -> np.ndarray:
        """Right among the predicted, by label: float64[..., labels] in [0, 1]."""
        return _share(self.correct, self.predicted)

    @property
    def recall(self) -> np.ndarray:
        """Right among the true, by label: float64[..., labels] in [0, 1]."""
        return _share(self.correct, self.support)

    @property
    def f1(self) -> np.ndarray:
        """Harmonic mean of precision and recall, by label: float64[..., labels] in [0, 1]."""
        return _share(2 * self.correct, self.support + self.predicted)

    def macro(self, by_label: np.ndarray) -> np.ndarray:
        """The plain mean over the labels that are true or predicted somewhere: float64[...]."""
        occurs = (self.support + self.predicted) > 0
        return np.where(occurs, by_label, 0).sum(axis=-1) / occurs.sum(axis=-1)


def resampled(
    true: np.ndarray,
    predictions: tuple[np.ndarray, ...],
    rows: np.ndarray,
    labels: int,
    *,
    draws: int,
    seed: int,
) -> Iterator[tuple[Margins, ...]]:
    """Margins of data sets drawn with replacement, in chunks of draws: one Margins[chunk, labels] per prediction.

    `true` and each of `predictions` are int64[cells], label positions below `labels`; `rows` is int64[cells],
    the rows in each combination. Drawing all N rows with replacement and counting the combinations is the
    same as drawing the counts from Multinomial(N, rows/N), so this has the distribution of the row-by-row
    bootstrap at the cost of the filled cells only. Several predictions of the same rows stay paired.
    """
    random = np.random.default_rng(seed)
    total = int(rows.sum())
    chunk = max(1, CHUNK // max(len(rows), labels))
    by_true = _Sums(true, labels)
    by_prediction = [_Sums(positions, labels) for positions in predictions]
    for start in range(0, draws, chunk):
        counts = random.multinomial(total, rows / total, size=min(chunk, draws - start))
        support = by_true(counts)
        yield tuple(
            Margins(sums(counts * (true == positions)), support, sums(counts))
            for sums, positions in zip(by_prediction, predictions, strict=True)
        )


class _Sums:
    """Adds up the last axis by label: int64[draws, cells] → int64[draws, labels]."""

    def __init__(self, positions: np.ndarray, labels: int) -> None:
        self.order = np.argsort(positions, kind="stable")
        self.filled, self.starts = np.unique(positions[self.order], return_index=True)
        self.labels = labels

    def __call__(self, counts: np.ndarray) -> np.ndarray:
        sums = np.zeros((len(counts), self.labels), dtype=np.int64)
        sums[:, self.filled] = np.add.reduceat(counts[:, self.order], self.starts, axis=1)
        return sums


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole > 0)
