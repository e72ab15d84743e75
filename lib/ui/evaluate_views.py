"""The views of the Evaluate page, by the shape of what the run predicts."""

import streamlit as st

from lib.analysis.confusion import ConfusionMatrix
from lib.charts.chart import Chart
from lib.charts.confusion import confusion
from lib.runs.folder import RunFolder
from lib.tasks.outputs import LabelScores
from lib.ui.charts import current_theme
from lib.ui.evaluate_answer import show_answer
from lib.ui.evaluate_data import Evaluation, confusion_matrix, evaluation, splits_of
from lib.ui.frame import guarded, section
from lib.ui.review_labels import NARROW_UP_TO, show_labels, shown_matrices
from lib.ui.review_list import show_list
from lib.ui.review_row import show_row
from lib.ui.review_selection import Names, forget_row, selection_in_address
from lib.ui.words import escape_markdown, shorten, term

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
    section("Where it is wrong")
    match found.output:
        case LabelScores(labels=labels):
            _review(found, labels)


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


def example_chart() -> Chart:
    """What the page shows, for somebody who has no run yet."""
    counts = [[46, 3, 1], [4, 38, 2], [2, 9, 31]]
    matrix = ConfusionMatrix.from_counts(("bug", "question", "wish"), counts)
    return confusion(matrix, theme=current_theme(), title="Which labels does the model confuse?")
