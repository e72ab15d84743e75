"""Which types of entities are taken for which, with those that nobody found and those that are not there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

# Types shown one by one; with more, those with fewest mistakes are gathered in one.
SHOWN = 25


@dataclass(frozen=True, eq=False)
class EntityMatrix:
    """Pairs of true and predicted spans by their types; the last place of each axis stands for no span.

    `pairs` is int64[types + 1, types + 1], true types down, predicted ones across: the last column holds the missed
    spans, the last row the spurious ones, their corner nothing. `same_borders` counts those pairs whose borders agree.
    `members[i]` are the labels behind `labels[i]`: itself, or of a last "(other)" many.
    """

    labels: tuple[str, ...]
    pairs: np.ndarray
    same_borders: np.ndarray
    members: tuple[tuple[str, ...], ...]
    nothing: str = "(nothing)"
    right: int = 0

    @classmethod
    def of(cls, pairs: pd.DataFrame, labels: Sequence[str], *, shown: int = SHOWN) -> "EntityMatrix":
        """Count the lines of `entity_pairs`; labels that occur but are not given follow in alphabetical order."""
        true, predicted = pairs["true"], pairs["predicted"]
        names = [*labels, *sorted({*true.dropna(), *predicted.dropna()} - set(labels))]
        members = _members(pairs, names, shown)
        size = len(members)
        place = {name: number for number, gathered in enumerate(members) for name in gathered}
        down, across = (
            column.map(place).fillna(size).to_numpy(dtype=np.int64) for column in (true, predicted)
        )
        same = pairs["outcome"].isin(["right", "wrong type"]).to_numpy()
        table = np.zeros((2, size + 1, size + 1), dtype=np.int64)
        np.add.at(table[0], (down, across), 1)
        np.add.at(table[1], (down[same], across[same]), 1)
        shown_names = tuple(
            gathered[0] if len(gathered) == 1 else _unused("(other)", names) for gathered in members
        )
        right = int((pairs["outcome"] == "right").sum())
        return cls(shown_names, table[0], table[1], members, _unused("(nothing)", names), right)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def support(self) -> np.ndarray:
        """True spans of each type, then the spurious spans: int64[types + 1]."""
        return self.pairs.sum(axis=1)

    @property
    def predicted(self) -> np.ndarray:
        """Predicted spans of each type, then the missed spans: int64[types + 1]."""
        return self.pairs.sum(axis=0)

    @property
    def names(self) -> tuple[str, ...]:
        """What each place is called in an address, the last one included."""
        return (*self.labels, self.nothing)

    def chosen(
        self, pairs: pd.DataFrame, *, true: str | None = None, predicted: str | None = None
    ) -> pd.DataFrame:
        """The lines of `entity_pairs` behind a cell, a row (`true` alone) or a column; by names, in their order.

        `nothing` as `true` stands for the spurious spans, as `predicted` for the missed ones. Raises KeyError for a
        name that is none of `names` and none of the labels gathered.
        """
        for column, name in (("true", true), ("predicted", predicted)):
            if name is not None:
                wanted = self._behind(name)
                pairs = pairs[pairs[column].isin(wanted) if wanted else pairs[column].isna()]
        return pairs

    def _behind(self, name: str) -> tuple[str, ...]:
        if name == self.nothing:
            return ()
        if name in self.labels:
            return self.members[self.labels.index(name)]
        if any(name in gathered for gathered in self.members):
            return (name,)
        raise KeyError(name)


def _members(pairs: pd.DataFrame, names: Sequence[str], shown: int) -> tuple[tuple[str, ...], ...]:
    """Each name for itself, or the `shown` names with most mistakes and one group of all others."""
    if len(names) <= shown + 1:
        return tuple((name,) for name in names)
    wrong = pairs[pairs["outcome"] != "right"]
    mistakes = wrong["true"].value_counts().add(wrong["predicted"].value_counts(), fill_value=0)
    worst = set(
        mistakes.reindex(list(names), fill_value=0).sort_values(ascending=False, kind="stable")[:shown].index
    )
    return (
        *((name,) for name in names if name in worst),
        tuple(name for name in names if name not in worst),
    )


def _unused(name: str, names: Sequence[str]) -> str:
    """The name in so many brackets that no label has it."""
    while name in names:
        name = f"({name})"
    return name
