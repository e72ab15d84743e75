"""The views of the Evaluate page, by the shape of what the run predicts."""

import streamlit as st

from lib.analysis.confusion import ConfusionMatrix
from lib.charts.chart import Chart
from lib.charts.confusion import confusion
from lib.runs.folder import RunFolder
from lib.ui.charts import current_theme
from lib.ui.distilled_view import show_distillation
from lib.ui.evaluate_answer import show_answer
from lib.ui.evaluate_data import evaluation, splits_of
from lib.ui.evaluate_panels import PANELS
from lib.ui.frame import section
from lib.ui.panels import choose_panel
from lib.ui.review_selection import forget_row
from lib.ui.words import term

_SPLIT = "evaluate split"


def choose_split(run: RunFolder) -> str | None:
    """Test rows, or validation rows to compare; None when the run has judged none at all."""
    splits = splits_of(run)
    if not splits:
        return None
    asked = st.query_params.get("split")
    now = asked if asked in splits else splits[0]
    if len(splits) == 1:
        return now
    st.session_state[_SPLIT] = now
    st.segmented_control(
        "Rows",
        splits,
        format_func=lambda split: f"{split.capitalize()} rows",
        key=_SPLIT,
        required=True,
        on_change=_take_split,
        label_visibility="collapsed",
        help=term("split"),
    )
    return now


def _take_split() -> None:
    st.query_params["split"] = st.session_state[_SPLIT]
    forget_row()


def show_evaluation(run: RunFolder, split: str) -> None:
    """The answer, then the evidence."""
    found = evaluation(run, split)
    show_answer(found)
    show_distillation(found)
    section("Look closer")
    panel = choose_panel(PANELS, found)
    if panel is not None:
        panel.show(found)


def example_chart() -> Chart:
    """What the page shows, for somebody who has no run yet."""
    counts = [[46, 3, 1], [4, 38, 2], [2, 9, 31]]
    matrix = ConfusionMatrix.from_counts(("bug", "question", "wish"), counts)
    return confusion(matrix, theme=current_theme(), title="Which labels does the model confuse?")
