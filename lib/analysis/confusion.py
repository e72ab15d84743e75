"""How often each true label was predicted as each label, and which rows stand behind every cell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

Share = Literal["row", "column", "all"]
Order = Literal["given", "alphabetical", "support", "f1", "clustered"]
ORDERS: tuple[Order, ...] = get_args(Order)

# Optimal leaf ordering grows with the cube of the labels: 0.3 s at 300 labels, minutes at 2,000.
OPTIMAL_LEAVES_UP_TO = 500


@dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """Counts of rows by true label (matrix row, y axis) and predicted label (matrix column, x axis).

    Only the cells that hold rows are stored, as three parallel arrays: `true` and `predicted` are
    int64[cells], positions in `labels`; `rows` is int64[cells], all above zero. They are sorted by
    `true`, then `predicted`. There are at most as many cells as rows, so thousands of labels are fine.

    `members[i]` are the labels that position i stands for: just `labels[i]`, but in a `reduced` matrix
    the last position gathers many.
    """

    labels: tuple[str, ...]
    true: np.ndarray
    predicted: np.ndarray
    rows: np.ndarray
    members: tuple[tuple[str, ...], ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.members:
            object.__setattr__(self, "members", tuple((label,) for label in self.labels))

    @classmethod
    def of(cls, gold: Any, predicted: Any, *, labels: Sequence[str] | None = None) -> "ConfusionMatrix":
        """Count the label names in two arrays of one length.

        `labels` fixes the order, usually that of the model's output; labels that only occur in the rows
        follow behind them in alphabetical order. Without it: all that occur, in alphabetical order.
        Anything that is not text is taken by its name (3 as "3").
        Raises ValueError when the lengths differ, a label is missing or `labels` names one twice.
        """
        gold_codes, gold_names = _names(gold, "gold")
        predicted_codes, predicted_names = _names(predicted, "predicted")
        if len(gold_codes) != len(predicted_codes):
            raise ValueError(f"{len(gold_codes)} gold labels but {len(predicted_codes)} predicted labels")
        given = [str(label) for label in labels] if labels is not None else []
        if len(set(given)) < len(given):
            raise ValueError("labels names the same label twice")
        names = (*given, *sorted({*gold_names, *predicted_names} - set(given)))
        place = {name: position for position, name in enumerate(names)}
        true = _places(gold_names, place)[gold_codes]
        guess = _places(predicted_names, place)[predicted_codes]
        return cls._counted(names, true, guess, np.ones(len(true), dtype=np.int64))

    @classmethod
    def from_counts(cls, labels: Sequence[str], counts: Any) -> "ConfusionMatrix":
        """The matrix with these counts: int[labels, labels], true labels down, predicted across."""
        table = np.asarray(counts, dtype=np.int64)
        if table.shape != (len(labels), len(labels)) or (table < 0).any():
            raise ValueError(f"counts must be {len(labels)} × {len(labels)} and none below zero")
        true, predicted = np.nonzero(table)
        return cls(tuple(labels), true, predicted, table[true, predicted])

    @classmethod
    def _counted(
        cls,
        labels: tuple[str, ...],
        true: np.ndarray,
        predicted: np.ndarray,
        rows: np.ndarray,
        members: tuple[tuple[str, ...], ...] = (),
    ) -> "ConfusionMatrix":
        size = max(len(labels), 1)
        cells, which = np.unique(true * size + predicted, return_inverse=True)
        total = np.zeros(len(cells), dtype=np.int64)
        np.add.at(total, which, rows)
        return cls(labels, cells // size, cells % size, total, members)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def total(self) -> int:
        """All rows counted."""
        return int(self.rows.sum())

    @property
    def is_reduced(self) -> bool:
        """Whether a position stands for several labels, so that scores can no longer be computed."""
        return any(len(names) != 1 for names in self.members)

    @cached_property
    def support(self) -> np.ndarray:
        """Rows that truly have each label: int64[labels]."""
        return self._sum_by(self.true, self.rows)

    @cached_property
    def predicted_rows(self) -> np.ndarray:
        """Rows predicted to have each label: int64[labels]."""
        return self._sum_by(self.predicted, self.rows)

    @cached_property
    def correct(self) -> np.ndarray:
        """Rows of each label that were predicted right: int64[labels]."""
        right = self.true == self.predicted
        return self._sum_by(self.true[right], self.rows[right])

    @cached_property
    def f1(self) -> np.ndarray:
        """F1 of each label, 0 for one neither true nor predicted anywhere: float64[labels] in [0, 1]."""
        both = self.support + self.predicted_rows
        return np.divide(2.0 * self.correct, both, out=np.zeros(len(self)), where=both > 0)

    @cached_property
    def counts(self) -> np.ndarray:
        """All cells, empty ones too: int64[labels, labels], true labels down, predicted across."""
        table = np.zeros((len(self), len(self)), dtype=np.int64)
        table[self.true, self.predicted] = self.rows
        return table

    def shares(self, by: Share) -> np.ndarray:
        """Counts as shares in [0, 1]: float64[labels, labels].

        By row: of the rows with that true label (recall on the diagonal); by column: of the rows with that
        prediction (precision on the diagonal); all: of all rows. Nothing out of nothing is 0.
        """
        table = np.zeros((len(self), len(self)))
        table[self.true, self.predicted] = self.cell_shares(by)
        return table

    def cell_shares(self, by: Share) -> np.ndarray:
        """The shares of the stored cells only: float64[cells], never 0."""
        if by == "row":
            return self.rows / self.support[self.true]
        if by == "column":
            return self.rows / self.predicted_rows[self.predicted]
        if by == "all":
            return self.rows / max(self.total, 1)
        raise ValueError(f"shares are by row, column or all, not {by!r}")

    def order(self, kind: Order) -> np.ndarray:
        """In which order to show the labels: int64[labels], the label positions from first to last.

        given: as in `labels` · alphabetical: by name, ignoring case · support: most rows first ·
        f1: worst first, as that is where to look · clustered: labels mistaken for each other stand together
        (average linkage on D = 1 − (R + Rᵀ)/2 for the row shares R; up to 500 labels with the leaves put in
        the best order, Bar-Joseph et al. 2001). Labels that tie stay in the given order.
        """
        if kind == "given":
            return np.arange(len(self))
        if kind == "alphabetical":
            names = [(label.casefold(), label) for label in self.labels]
            return np.array(sorted(range(len(self)), key=names.__getitem__), dtype=np.int64)
        if kind == "support":
            return np.argsort(-self.support, kind="stable")
        if kind == "f1":
            return np.argsort(self.f1, kind="stable")
        if kind == "clustered":
            return self._clustered()
        raise ValueError(f"an order is one of {', '.join(ORDERS)}, not {kind!r}")

    def top_confusions(self, n: int = 20) -> pd.DataFrame:
        """The pairs of labels most often mistaken: columns gold, predicted, rows, share_of_gold.

        Most rows first; of equal ones, those that are a larger share of their true label first.
        """
        wrong = np.flatnonzero(self.true != self.predicted)
        share = self.cell_shares("row")
        best = wrong[np.lexsort((-share[wrong], -self.rows[wrong]))][:n]
        names = np.array(self.labels, dtype=object)
        return pd.DataFrame(
            {
                "gold": names[self.true[best]],
                "predicted": names[self.predicted[best]],
                "rows": self.rows[best],
                "share_of_gold": share[best],
            }
        )

    def reduced(self, n: int = 30, *, other: str = "(other)") -> "ConfusionMatrix":
        """The n labels with most mistakes (missed or wrongly given), all the rest gathered in one last label.

        The number of rows stays the same. The cell where the gathered label meets itself also holds mistakes
        among the labels gathered. A matrix with no more than n + 1 labels is returned as it is.
        """
        if len(self) <= n + 1:
            return self
        mistakes = self.support + self.predicted_rows - 2 * self.correct
        return self.gathered(np.sort(np.argsort(-mistakes, kind="stable")[:n]), other=other)

    def gathered(self, kept: np.ndarray, *, other: str = "(other)") -> "ConfusionMatrix":
        """The labels at the positions `kept`: int64[n], in that order, and all the rest in one last label."""
        while other in self.labels:
            other = f"({other})"
        n = len(kept)
        place = np.full(len(self), n)
        place[kept] = np.arange(n)
        rest = tuple(name for i in np.flatnonzero(place == n) for name in self.members[i])
        return ConfusionMatrix._counted(
            (*(self.labels[i] for i in kept), other),
            place[self.true],
            place[self.predicted],
            self.rows,
            (*(self.members[i] for i in kept), rest),
        )

    def rows_of(
        self, frame: pd.DataFrame, *, true: int | str | None = None, predicted: int | str | None = None
    ) -> pd.DataFrame:
        """The rows of a predictions frame (columns gold, predicted) that stand behind a part of the matrix.

        Both given: one cell. Only `true`: a whole matrix row, all that truly have the label. Only
        `predicted`: a whole matrix column. Neither: every row. A label is given by name or by position in
        `labels`; index and order of the frame are kept. Raises KeyError for a label not in the matrix.
        """
        keep = np.ones(len(frame), dtype=bool)
        for column, label in (("gold", true), ("predicted", predicted)):
            if label is not None:
                codes, names = _names(frame[column], column)
                wanted = set(self.members[self.position(label)])
                keep &= np.array([name in wanted for name in names], dtype=bool)[codes]
        return frame[keep]

    def rows_in(self, *, true: int | str | None = None, predicted: int | str | None = None) -> int:
        """How many rows `rows_of` selects, without looking at them."""
        keep = np.ones(len(self.rows), dtype=bool)
        if true is not None:
            keep &= self.true == self.position(true)
        if predicted is not None:
            keep &= self.predicted == self.position(predicted)
        return int(self.rows[keep].sum())

    def position(self, label: int | str) -> int:
        """Where a label stands in `labels`. Raises KeyError for one that does not."""
        if isinstance(label, str):
            if label not in self.labels:
                raise KeyError(label)
            return self.labels.index(label)
        if not 0 <= label < len(self):
            raise KeyError(label)
        return int(label)

    def describe(self, *, true: int | str | None = None, predicted: int | str | None = None) -> str:
        """A selection in words: "12 rows: truly joy, predicted anger"."""
        count = self.rows_in(true=true, predicted=predicted)
        parts = []
        if true is not None:
            parts.append(f"truly {self.labels[self.position(true)]}")
        if predicted is not None:
            parts.append(f"predicted {self.labels[self.position(predicted)]}")
        rows = f"{count:,} row{'' if count == 1 else 's'}"
        return f"{rows}: {', '.join(parts)}" if parts else f"all {rows}"

    def _sum_by(self, positions: np.ndarray, rows: np.ndarray) -> np.ndarray:
        sums = np.zeros(len(self), dtype=np.int64)
        np.add.at(sums, positions, rows)
        return sums

    def _clustered(self) -> np.ndarray:
        if len(self) < 3:
            return np.arange(len(self))
        from scipy.cluster.hierarchy import leaves_list, linkage  # 0.4 s to import

        shares = self.shares("row")
        upper = np.triu_indices(len(self), k=1)
        distance = np.clip(1 - (shares + shares.T)[upper] / 2, 0, 1)
        tree = linkage(distance, method="average", optimal_ordering=len(self) <= OPTIMAL_LEAVES_UP_TO)
        return np.asarray(leaves_list(tree), dtype=np.int64)


def _names(values: Any, what: str) -> tuple[np.ndarray, list[str]]:
    """Which of the distinct names each value has: int64[rows], and those names. Missing ones raise."""
    codes, distinct = pd.factorize(np.asarray(values, dtype=object))
    if (codes < 0).any():
        raise ValueError(f"{int((codes < 0).sum())} of the {what} labels are missing")
    return codes, [str(value) for value in distinct]


def _places(names: list[str], place: dict[str, int]) -> np.ndarray:
    return np.array([place[name] for name in names], dtype=np.int64)
