"""Which rows are being looked at: a true label, a predicted label, both, or a box of cells; kept in the address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

import pandas as pd
import streamlit as st

from lib.analysis.confusion import ConfusionMatrix

# Above so many labels the matrix shows the most mistaken ones and gathers the rest in one more: 30 in all,
# which is the most that has room for numbers in its cells.
READABLE, GATHERED_TO = 300, 29


@dataclass(frozen=True)
class Selection:
    """A part of the confusion matrix by label names: one cell, a matrix row, a matrix column, or nothing.

    Or a box that was dragged over many cells: the places of its true and of its predicted labels among all labels.
    """

    true: str | None = None
    predicted: str | None = None
    box: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is selected."""
        return self.true is None and self.predicted is None and self.box is None

    def words(self) -> str:
        """The selection as words that follow "12 rows": "truly joy, predicted anger"; not escaped."""
        if self.box is not None:
            true, predicted = (f"one of {len(side):,} label{'s' * (len(side) != 1)}" for side in self.box)
            return f"truly {true}, predicted {predicted}"
        parts = [f"truly {self.true}"] if self.true is not None else []
        parts += [f"predicted {self.predicted}"] if self.predicted is not None else []
        return ", ".join(parts)


@dataclass(frozen=True)
class Names:
    """Every name a selection may use and the labels behind it: each label, and the gathered "(other)"."""

    members: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, *matrices: ConfusionMatrix) -> "Names":
        """The names of the matrices, the first one's first."""
        members: dict[str, tuple[str, ...]] = {}
        for matrix in matrices:
            for label, behind in zip(matrix.labels, matrix.members, strict=True):
                members.setdefault(label, behind)
        return cls(members)

    def rows(self, frame: pd.DataFrame, selection: Selection) -> pd.DataFrame:
        """The rows of a predictions frame behind a selection, in their order."""
        if selection.box is not None:
            labels = list(self.members)
            for column, places in zip(("gold", "predicted"), selection.box, strict=True):
                frame = frame[frame[column].isin([labels[place] for place in places])]
            return frame
        for column, name in (("gold", selection.true), ("predicted", selection.predicted)):
            if name is not None:
                frame = frame[frame[column].isin(self.members[name])]
        return frame


def selection_in_address(names: Names) -> tuple[Selection, list[str]]:
    """What the address selects, and the labels it names that this run does not have."""
    asked = {name: st.query_params.get(name) for name in ("true", "predicted")}
    unknown = [label for label in asked.values() if label is not None and label not in names.members]
    known = {name: label if label in names.members else None for name, label in asked.items()}
    cell = Selection(known["true"], known["predicted"])
    if not cell.is_empty or unknown:
        return cell, unknown
    sides = [places_in(side, len(names.members)) for side in st.query_params.get("box", "").split("~")]
    return Selection(box=(sides[0], sides[1])) if len(sides) == 2 and all(sides) else cell, unknown


def select(selection: Selection, *, split: str) -> None:
    """Put a selection in the address, where the next run of the page finds it. For callbacks."""
    for name, value in (("true", selection.true), ("predicted", selection.predicted)):
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value
    if selection.box is None:
        st.query_params.pop("box", None)
    else:
        st.query_params["box"] = "~".join(as_ranges(side) for side in selection.box)
    st.query_params["split"] = split
    forget_row()


def as_ranges(places: Iterable[int]) -> str:
    """Places in few letters: (1, 2, 3, 7) is "1-3.7"."""
    runs = groupby(enumerate(sorted(set(places))), key=lambda pair: pair[1] - pair[0])
    ends = [[place for _, place in run] for _, run in runs]
    return ".".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in ends)


def places_in(text: str, labels: int) -> tuple[int, ...]:
    """The places that `as_ranges` wrote, below `labels`; none when it is not readable."""
    found: set[int] = set()
    for part in text.split("."):
        ends = part.split("-")
        if len(ends) > 2 or not all(end.isascii() and end.isdigit() and len(end) < 8 for end in ends):
            return ()
        found.update(range(int(ends[0]), min(int(ends[-1]), labels - 1) + 1))
    return tuple(sorted(found))


def row_in_address() -> int | None:
    """The row (its number in the data set) that is open, if the address names one."""
    text = st.query_params.get("row", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else None


def open_row(number: int) -> None:
    """Open a row. For callbacks."""
    st.query_params["row"] = str(number)


def forget_row() -> None:
    """Open no row in particular: the first of the list."""
    st.query_params.pop("row", None)
