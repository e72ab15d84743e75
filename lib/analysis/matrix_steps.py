"""The confusion matrices of one run at each of its validations: which confusions grew and which shrank in training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.matrix_change import MatrixChange


@dataclass(frozen=True, eq=False)
class MatrixSteps:
    """Matrices over the same labels and the same rows, by the step after which they were counted, rising."""

    steps: tuple[int, ...]
    matrices: tuple[ConfusionMatrix, ...]

    @classmethod
    def of(cls, labels: Sequence[str], records: Sequence[dict[str, Any]]) -> "MatrixSteps":
        """From the records of a run's folder: {"step", "true", "predicted", "rows"}, lists of one length.

        Records that do not fit the labels or count other numbers of rows than the last one are left out.
        """
        found: list[tuple[int, ConfusionMatrix]] = []
        for record in records:
            try:
                true, predicted, rows = (
                    np.asarray(record[name], dtype=np.int64) for name in ("true", "predicted", "rows")
                )
            except (KeyError, TypeError, ValueError, OverflowError):
                continue
            if true.ndim != 1 or not true.shape == predicted.shape == rows.shape or not len(true):
                continue
            cells = np.concatenate([true, predicted])
            if cells.min() >= 0 and cells.max() < len(labels) and rows.min() > 0:
                found.append((int(record["step"]), ConfusionMatrix(tuple(labels), true, predicted, rows)))
        kept = [(step, matrix) for step, matrix in found if matrix.total == found[-1][1].total]
        return cls(tuple(step for step, _ in kept), tuple(matrix for _, matrix in kept))

    def __len__(self) -> int:
        return len(self.steps)

    def change(self, step: int) -> MatrixChange:
        """The matrix at a step minus that of the first validation."""
        return MatrixChange(self.matrices[0], self.matrices[self.steps.index(step)])

    def confusions(self, most: int = 8) -> pd.DataFrame:
        """The mistaken pairs whose rows moved furthest between their fewest and their most: true, predicted, rows.

        `rows` is an int64[steps] for each pair; furthest first, then by most rows at the end.
        """
        size = max(len(self.matrices[0].labels), 1)
        codes = [matrix.true * size + matrix.predicted for matrix in self.matrices]
        cells = np.unique(np.concatenate(codes))
        cells = cells[cells // size != cells % size]
        rows = np.zeros((len(self), len(cells)), dtype=np.int64)
        for place, (code, matrix) in enumerate(zip(codes, self.matrices, strict=True)):
            wrong = matrix.true != matrix.predicted
            rows[place, np.searchsorted(cells, code[wrong])] = matrix.rows[wrong]
        moved = np.ptp(rows, axis=0) if len(cells) else np.zeros(0, dtype=np.int64)
        best = np.lexsort((-rows[-1], -moved))[:most]
        best = best[moved[best] > 0]
        names = np.array(self.matrices[0].labels, dtype=object)
        return pd.DataFrame(
            {
                "true": names[cells[best] // size],
                "predicted": names[cells[best] % size],
                "rows": [rows[:, place] for place in best],
            }
        )
