"""The difference of two runs' confusion matrices: whatever cell is clicked becomes the rows to read."""

from collections.abc import Callable
from typing import get_args

import streamlit as st

from lib.analysis.matrix_change import MatrixChange, Scale
from lib.charts.confusion import clicked
from lib.charts.matrix_change import SCALES, matrix_change
from lib.charts.matrix_layout import Cell
from lib.runs.folder import RunFolder
from lib.ui.address_choice import choose_in_address
from lib.ui.charts import current_theme, picked, show_chart
from lib.ui.compare_data import Compared, change_order, names_of, shown_changes
from lib.ui.compare_rows import OUTCOME, ROWS_ANCHOR
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded_callback
from lib.ui.review_labels import NARROW_UP_TO
from lib.ui.review_selection import GATHERED_TO, Selection, select, selection_in_address
from lib.ui.words import escape_markdown, shorten

ORDERS = {
    "alphabetical": "Alphabetical",
    "support": "Most rows first",
    "clustered": "Mistaken for each other side by side",
}


def show_change(found: Evaluation, other: RunFolder, both: Compared) -> None:
    """The matrix with what can be chosen in it."""
    assert both.change is not None
    changes = shown_changes(both.change)
    selection, unknown = selection_in_address(names_of(both.change))
    for label in unknown:
        words = escape_markdown(shorten(label, 60))
        st.caption(f"The address asks for the label “{words}”, which neither run has.")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        scale: Scale = choose_in_address(
            "change", "Change in", get_args(Scale), format_func=lambda name: SCALES[name].capitalize()
        )
        with st.popover("Options", icon=":material/tune:", type="tertiary", width="content"):
            order = st.selectbox(
                "Order",
                list(ORDERS),
                format_func=ORDERS.__getitem__,
                key="compare order",
                persist_state="page",
            )
            gathered = len(changes) == 1 or st.toggle(
                f"Only the {GATHERED_TO} labels that changed most",
                value=True,
                key="compare gathered",
                persist_state="page",
            )
    shown = changes[-1] if gathered else changes[0]
    key = repr((found.key, other.id, len(both.frame)))
    chart = matrix_change(
        shown,
        order=change_order(key, order, len(shown), shown),
        scale=scale,
        selected=_place(shown, selection),
        theme=current_theme(),
        split=found.split,
    )
    show_chart(chart, "matrix change", on_select=_on_cell(found, shown, selection))
    if not selection.is_empty and len(both.change) > NARROW_UP_TO:
        words = escape_markdown(shorten(selection.words(), 80))
        st.caption(f"Selected: {words}. [Read the rows below](#{ROWS_ANCHOR})")
    st.caption(
        "Blue on the diagonal is better; blue beside it is a confusion that grew. A cell’s number is rows that moved "
        "in minus rows that moved out: click it to read both. Few rows in a cell say little of its label."
    )


def _place(change: MatrixChange, selection: Selection) -> Cell | None:
    names = (selection.true, selection.predicted)
    if names == (None, None) or any(name is not None and name not in change.labels for name in names):
        return None
    true, predicted = (change.this.position(name) if name is not None else None for name in names)
    return true, predicted


def _on_cell(found: Evaluation, change: MatrixChange, before: Selection) -> Callable[[], None]:
    @guarded_callback
    def on_cell() -> None:
        # Nothing picked is a redraw or a second click on the same cell: what was picked stays (✕ clears it).
        point = picked("matrix change")
        cell = clicked(point["customdata"]) if point and "customdata" in point else None
        if cell is not None:
            true, predicted = (change.labels[place] if place is not None else None for place in cell)
            if (new := Selection(true, predicted)) != before:
                st.query_params.pop(OUTCOME, None)
                select(new, split=found.split)

    return on_cell
