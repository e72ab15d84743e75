"""The confusion matrices of two runs on the same rows, one minus the other: which confusions grew and which shrank."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from lib.analysis.confusion import ConfusionMatrix

Scale = Literal["count", "row"]


@dataclass(frozen=True, eq=False)
class MatrixChange:
    """`this` minus `other`: two matrices over the same labels in the same order, counted on the same rows.

    As the rows are the same, so are the rows of each true label: every matrix row of the change sums to 0.
    """

    other: ConfusionMatrix
    this: ConfusionMatrix

    @classmethod
    def of(cls, gold: Any, other: Any, this: Any, *, labels: tuple[str, ...] = ()) -> "MatrixChange":
        """Count two predictions of the same rows; `labels` come first, others that occur behind them."""
        there = {
            str(name)
            for values in (gold, other, this)
            for name in pd.unique(np.asarray(values, dtype=object))
        }
        names = (*labels, *sorted(there - set(labels)))
        return cls(*(ConfusionMatrix.of(gold, values, labels=names) for values in (other, this)))

    def __len__(self) -> int:
        return len(self.this)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of both matrices."""
        return self.this.labels

    @cached_property
    def cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The cells that differ: positions of the true and the predicted label and the rows gained, int64[cells] each.

        Sorted by true, then predicted label.
        """
        size = max(len(self), 1)
        places = [matrix.true * size + matrix.predicted for matrix in (self.this, self.other)]
        found, which = np.unique(np.concatenate(places), return_inverse=True)
        change = np.zeros(len(found), dtype=np.int64)
        np.add.at(change, which, np.concatenate([self.this.rows, -self.other.rows]))
        found, change = found[change != 0], change[change != 0]
        return found // size, found % size, change

    @cached_property
    def counts(self) -> np.ndarray:
        """Rows gained by every cell: int64[labels, labels], true labels down, predicted across."""
        table = np.zeros((len(self), len(self)), dtype=np.int64)
        true, predicted, change = self.cells
        table[true, predicted] = change
        return table

    def values(self, scale: Scale) -> np.ndarray:
        """The change of the cells that differ: float64[cells], in rows or as a share of the true label's rows."""
        true, _, change = self.cells
        return change / self.this.support[true] if scale == "row" else change.astype(float)

    @property
    def net_right(self) -> int:
        """How many rows more this run gets right."""
        return int(self.this.correct.sum() - self.other.correct.sum())

    def reduced(self, n: int) -> "MatrixChange":
        """The n labels whose cells changed most, all the rest gathered in one last label, in both matrices alike."""
        if len(self) <= n + 1:
            return self
        true, predicted, change = self.cells
        moved = np.zeros(len(self), dtype=np.int64)
        np.add.at(moved, true, np.abs(change))
        np.add.at(moved, predicted, np.abs(change))
        kept = np.sort(np.argsort(-moved, kind="stable")[:n])
        return MatrixChange(self.other.gathered(kept), self.this.gathered(kept))

    def table(self) -> pd.DataFrame:
        """The cells that differ: true, predicted, other, this, change, change_of_true (share of the true label)."""
        true, predicted, change = self.cells
        names = np.array(self.labels, dtype=object)
        return pd.DataFrame(
            {
                "true": names[true],
                "predicted": names[predicted],
                "other": self.other.counts[true, predicted],
                "this": self.this.counts[true, predicted],
                "change": change,
                "change_of_true": self.values("row"),
            }
        )


def moved(frame: pd.DataFrame, *, true: set[str] | None, predicted: set[str] | None) -> "pd.Series[Any]":
    """Which rows a part of the change is made of, and which way: a text for each row, "" where it did not move.

    `frame` has gold, predicted (this run's) and other (the other run's answer). With `predicted`, "in" is a row that
    only this run gives one of these labels and "out" one that only the other does, so that in − out is the change.
    Without it, "changed" are the rows with other answers. Only rows that truly are one of `true`, if given.
    """
    kept = frame["gold"].isin(true) if true is not None else pd.Series(True, index=frame.index)
    if predicted is None:
        ways = np.where(frame["predicted"] != frame["other"], "changed", "")
    else:
        here, there = frame["predicted"].isin(predicted), frame["other"].isin(predicted)
        ways = np.select([here & ~there, there & ~here], ["in", "out"], "")
    return pd.Series(np.where(kept, ways, ""), index=frame.index, dtype="str")
