"""One label a row: its probability beside those of the others, the confusion matrix and the rows behind it."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.colours import label_colours
from lib.charts.probabilities import probabilities
from lib.tasks.outputs import LabelScores
from lib.ui.charts import current_theme, show_chart
from lib.ui.evaluate_data import Evaluation, confusion_matrix
from lib.ui.frame import guarded
from lib.ui.review_labels import NARROW_UP_TO, show_labels, shown_matrices
from lib.ui.review_list import show_list
from lib.ui.review_row import show_row
from lib.ui.review_selection import Names, selection_in_address
from lib.ui.view import View
from lib.ui.words import escape_markdown, shorten, term


class LabelView(View):
    """Views of `LabelScores`."""

    def show_prediction(self, output: Any, row: "pd.Series[Any]", *, key: str, note: str = "") -> None:
        """The label, how sure the model is, and the probability of every label."""
        labels = output.labels
        st.metric(
            "Predicted label",
            escape_markdown(shorten(row["predicted"], 60)),
            help=f"The label with the highest probability. {term('confidence')}",
        )
        words = f"confidence {100 * float(row['confidence']):.1f} %"
        st.caption(escape_markdown(f"{words} · {note}" if note else words))
        chart = probabilities(
            labels,
            list(row["scores"]),
            colours=label_colours(labels),
            theme=current_theme(),
            title="How likely is each label?",
        )
        show_chart(chart, key)

    def tried(self, output: Any, row: "pd.Series[Any]") -> dict[str, Any]:
        """The label and its probability."""
        return {"predicted": row["predicted"], "confidence": float(row["confidence"])}

    def counts(self, output: Any, table: pd.DataFrame) -> "pd.Series[Any] | None":
        """How often each label was predicted."""
        return table["predicted"].dropna()

    def review(self, found: Evaluation) -> None:
        """The labels that are confused, and the rows behind them."""
        assert isinstance(found.output, LabelScores)
        _review(found, found.output.labels)


@st.fragment
@guarded
def _review(found: Evaluation, labels: tuple[str, ...]) -> None:
    """Labels, the rows behind them, and one of these rows; only this part runs again after a click."""
    matrix = confusion_matrix(found, labels)
    matrices = shown_matrices(matrix)
    names = Names.of(*matrices)
    selection, unknown = selection_in_address(names)
    for label in unknown:
        st.caption(
            f"The address asks for the label “{escape_markdown(shorten(label, 60))}”, which this run does not have."
        )
    narrow = len(matrix) <= NARROW_UP_TO
    if narrow:
        left, right = st.columns([1, 1], gap="medium")
    else:
        left, right = st.container(), st.container()
    with left:
        show_labels(found, matrices, selection)
    with right:
        listed = show_list(found, names, selection, narrow=narrow)
    if listed is not None:
        show_row(found, *listed)
