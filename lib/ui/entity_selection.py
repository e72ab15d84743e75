"""Which entities are looked at: a part of the matrix and a kind of error, both in the address."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from lib.analysis.entities import OUTCOMES
from lib.analysis.entity_matrix import EntityMatrix
from lib.ui.review_selection import Selection, forget_row, select
from lib.ui.words import escape_markdown, shorten

EVERY, WRONG = "all", "wrong"
KINDS: dict[str, str] = {
    WRONG: "Any mistake",
    EVERY: "Anything",
    **{str(outcome): outcome.capitalize() for outcome in OUTCOMES[1:]},
    OUTCOMES[0]: "Right",
}


@dataclass(frozen=True)
class Chosen:
    """A part of the matrix by names, and a kind of `KINDS`."""

    cell: Selection
    kind: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing is chosen, so that all mistakes are meant."""
        return self.cell.is_empty and self.kind == WRONG

    def lines(self, pairs: pd.DataFrame, matrix: EntityMatrix) -> pd.DataFrame:
        """The lines of `entity_pairs` that are meant."""
        found = matrix.chosen(pairs, true=self.cell.true, predicted=self.cell.predicted)
        if self.kind == EVERY:
            return found
        is_kind = found["outcome"] != OUTCOMES[0] if self.kind == WRONG else found["outcome"] == self.kind
        return found[is_kind]

    def words(self, matrix: EntityMatrix) -> str:
        """The choice as words that follow "12 entities": "truly LOC, missed"; not escaped."""
        true, predicted = self.cell.true, self.cell.predicted
        parts = []
        if true is not None:
            parts.append("spurious" if true == matrix.nothing else f"truly {true}")
        if predicted is not None:
            parts.append("missed" if predicted == matrix.nothing else f"predicted {predicted}")
        default = WRONG if self.cell.is_empty else EVERY
        return ", ".join(parts + ([KINDS[self.kind].lower()] if self.kind != default else []))


def chosen_in_address(matrix: EntityMatrix) -> Chosen:
    """What the address chooses; a label that this run does not have is said, and passed over."""
    known = {*matrix.names, *(name for gathered in matrix.members for name in gathered)}
    asked = {side: st.query_params.get(side) for side in ("true", "predicted")}
    for label in asked.values():
        if label is not None and label not in known:
            shown = escape_markdown(shorten(label, 60))
            st.caption(f"The address asks for the label “{shown}”, which this run does not have.")
    sides = {side: label if label in known else None for side, label in asked.items()}
    cell = Selection(sides["true"], sides["predicted"])
    kind = st.query_params.get("error", "")
    return Chosen(cell, kind if kind in KINDS else WRONG if cell.is_empty else EVERY)


def choose(cell: Selection, kind: str | None, *, split: str) -> None:
    """Put a choice in the address; without a kind the one that goes without saying. For callbacks."""
    select(cell, split=split)
    if kind is None or kind == (WRONG if cell.is_empty else EVERY):
        st.query_params.pop("error", None)
    else:
        st.query_params["error"] = kind
    forget_row()
