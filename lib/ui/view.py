"""How predictions of one shape look: the base of the views, which shows any shape plainly."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.numbers import count
from lib.ui.words import escape_markdown

ROWS_SHOWN = 500


class View:
    """One instance per shape of output, in `lib.ui.views`. What a shape has no better way for is shown as here."""

    def show_prediction(self, output: Any, row: "pd.Series[Any]", *, key: str, note: str = "") -> None:
        """A prediction in full: `row` is one row of `Predictions.frame`; `note` is plain text below it."""
        st.markdown(escape_markdown(str(row.get("predicted", ""))))
        if note:
            st.caption(escape_markdown(note))

    def tried(self, output: Any, row: "pd.Series[Any]") -> dict[str, Any]:
        """One try as columns of the history."""
        return {"predicted": row["predicted"]}

    def in_words(self, output: Any, row: "pd.Series[Any]", name: str) -> str:
        """The true or the predicted answer of a judged row in one line; `name` is "gold" or "predicted"."""
        return str(row[name])

    def example(self, output: Any, row: dict[str, Any], cell: str) -> str:
        """What to try the model with, from a judged row and its input cell: usually the cell itself."""
        return cell

    def counts(self, output: Any, table: pd.DataFrame) -> "pd.Series[Any] | None":
        """What to count over many predictions: one value per predicted row; None when counting says nothing."""
        return None

    def review(self, found: Evaluation) -> None:
        """The evidence on the Evaluate page: where the model is wrong."""
        frame = found.frame.sort_values("loss", ascending=False, kind="stable")
        names = [*found.texts, "gold", "predicted", "loss"]
        shown = frame[names].head(ROWS_SHOWN).rename(columns=lambda name: str(name).removeprefix(INPUT))
        st.caption(f"{count(len(frame), f'{found.split} row')}, highest loss first.")
        st.dataframe(shown, hide_index=True, alt="Judged rows, highest loss first")
