"""Where the model is wrong, label by label: the confusion matrix, the labels, and the pairs most often mistaken.

Whatever is clicked becomes the selection, whose rows the list shows.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from lib.analysis.confusion import ConfusionMatrix, Order
from lib.charts.confusion import Colour, brushed, clicked, confusion
from lib.charts.matrix_layout import DETAIL_UP_TO, Cell
from lib.charts.per_class import MEASURE_TITLES, Measure, per_class
from lib.ui.charts import current_theme, dragged_box, picked, picked_data, show_chart
from lib.ui.downloads import csv_bytes
from lib.ui.evaluate_data import Evaluation, label_order, label_table
from lib.ui.frame import guarded_callback
from lib.ui.numbers import count
from lib.ui.review_list import ROWS_ANCHOR
from lib.ui.review_selection import GATHERED_TO, READABLE, Selection, select
from lib.ui.words import escape_markdown, shorten, term

VIEWS = {"matrix": "Matrix", "labels": "Labels", "pairs": "Pairs"}
COLOURS: dict[Colour, str] = {
    "row": "Share of the true label",
    "column": "Share of the predicted label",
    "count": "Rows",
}
ORDERS: dict[Order, str] = {
    "alphabetical": "Alphabetical",
    "support": "Most rows first",
    "f1": "Hardest first (lowest F1)",
    "clustered": "Mistaken for each other side by side",
}
# Side by side with the list, a matrix of more labels could not be read.
NARROW_UP_TO = 12


def shown_matrices(matrix: ConfusionMatrix) -> tuple[ConfusionMatrix, ...]:
    """The matrix, and with too many labels to read the one that gathers the rest."""
    return (matrix,) if len(matrix) <= READABLE else (matrix, matrix.reduced(GATHERED_TO))


def show_labels(found: Evaluation, matrices: tuple[ConfusionMatrix, ...], selection: Selection) -> None:
    """The view that is chosen, with what can be chosen in it."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        view = st.segmented_control(
            "View",
            list(VIEWS),
            format_func=VIEWS.__getitem__,
            key="review view",
            default="matrix",
            required=True,
            label_visibility="collapsed",
            persist_state="page",
        )
        options = st.popover("Options", icon=":material/tune:", type="tertiary", width="content")
    match view:
        case "labels":
            _labels(found, matrices[0], options)
        case "pairs":
            _pairs(found, matrices[0], options)
        case _:
            _matrix(found, matrices, selection, options)


def _matrix(
    found: Evaluation, matrices: tuple[ConfusionMatrix, ...], selection: Selection, options: Any
) -> None:
    gathered = True
    with options:
        colour: Colour = st.selectbox(
            "Colour",
            list(COLOURS),
            format_func=COLOURS.__getitem__,
            key="review colour",
            persist_state="page",
            help="Share of the true label: how much of each label was found. Share of the predicted label: how far "
            "to trust each answer. Rows: where most of the mistakes are.",
        )
        order: Order = st.selectbox(
            "Order", list(ORDERS), format_func=ORDERS.__getitem__, key="review order", persist_state="page"
        )
        hide = st.toggle(
            "Hide the right answers",
            key="review diagonal",
            persist_state="page",
            help="Leaves the diagonal blank, so that rare mistakes show.",
        )
        if len(matrices) > 1:
            gathered = st.toggle(
                f"Only the {GATHERED_TO} most mistaken labels",
                value=True,
                key="review gathered",
                persist_state="page",
            )
    matrix = matrices[-1] if gathered else matrices[0]
    if len(matrices) > 1:
        words = (
            f"The {GATHERED_TO} labels with most mistakes; the other {len(matrices[0]) - GATHERED_TO:,} are gathered "
            "in “(other)”."
            if gathered
            else f"All {len(matrix):,} labels. Marks are pairs that are mistaken; point at one to see what it is."
        )
        st.caption(words)
    brush = len(matrix) > DETAIL_UP_TO and _is_brushed()
    _hint(found, matrices, selection)
    places = label_order(found, matrix, order)
    chart = confusion(
        matrix,
        order=places,
        colour=colour,
        hide_diagonal=hide,
        selected=_place(matrix, selection),
        box=selection.box if matrix is matrices[0] else None,
        brush=brush,
        theme=current_theme(),
        split=found.split,
    )
    show_chart(
        chart,
        "confusion matrix",
        on_select=_on_cell(found, matrix, places, selection),
        selection_mode=("box",) if brush else ("points",),
    )


def _is_brushed() -> bool:
    """Whether dragging picks many cells at once, where a single one is hard to hit."""
    ways = {"click": "Click a mark", "drag": "Drag a box"}
    chosen = st.segmented_control(
        "How to pick",
        list(ways),
        format_func=ways.__getitem__,
        key="review way",
        default="click",
        required=True,
        label_visibility="collapsed",
        persist_state="page",
    )
    return chosen == "drag"


def _hint(found: Evaluation, matrices: tuple[ConfusionMatrix, ...], selection: Selection) -> None:
    """One line, always there so that nothing jumps: what a click does, or where the rows of the last one are."""
    if selection.is_empty:
        st.caption("Click a cell to read its rows, or a total for all rows of a label.")
    elif len(matrices[0]) <= NARROW_UP_TO:
        st.caption("The rows of the outlined part are in the list; ✕ there clears it.")
    else:
        words = escape_markdown(shorten(selection.words(), 80))
        st.caption(f"Selected: {words}. [Read the rows below](#{ROWS_ANCHOR})")


def _place(matrix: ConfusionMatrix, selection: Selection) -> Cell | None:
    """Where the selection stands in the matrix; None when nothing is selected or it is not shown."""
    names = (selection.true, selection.predicted)
    if names == (None, None) or any(name is not None and name not in matrix.labels for name in names):
        return None
    true, predicted = (matrix.position(name) if name is not None else None for name in names)
    return true, predicted


def _on_cell(
    found: Evaluation, matrix: ConfusionMatrix, places: np.ndarray, before: Selection
) -> Callable[[], None]:
    @guarded_callback
    def on_cell() -> None:
        if (box := dragged_box("confusion matrix")) is not None:
            true_side, predicted_side = (tuple(sorted(side)) for side in brushed(box, places))
            if true_side and predicted_side:
                select(Selection(box=(true_side, predicted_side)), split=found.split)
            return
        # Nothing picked is a redraw or a second click on the same cell: what was picked stays (✕ clears it).
        point = picked("confusion matrix")
        cell = clicked(point["customdata"]) if point and "customdata" in point else None
        if cell is not None:
            true, predicted = (matrix.labels[place] if place is not None else None for place in cell)
            if (new := Selection(true, predicted)) != before:
                select(new, split=found.split)

    return on_cell


def _labels(found: Evaluation, matrix: ConfusionMatrix, options: Any) -> None:
    table = label_table(found, matrix)
    table = table[(table["support"] + table["predicted"]) > 0].reset_index(drop=True)
    with options:
        measure: Measure = st.selectbox(
            "Measure",
            list(MEASURE_TITLES),
            format_func=lambda name: MEASURE_TITLES[name].capitalize(),
            key="review measure",
            persist_state="page",
        )
    chart = per_class(table, measure=measure, split=found.split, theme=current_theme())

    @guarded_callback
    def on_dot() -> None:
        if data := picked_data("labels chart"):
            select(Selection(true=str(table["label"].iloc[int(data[0])])), split=found.split)

    show_chart(chart, "labels chart", on_select=on_dot)
    _clickable(
        table[["label", "precision", "recall", "f1", "support", "predicted"]],
        "labels table",
        lambda row: Selection(true=str(row["label"])),
        found,
        {
            "label": "Label",
            "precision": st.column_config.NumberColumn("Precision", format="%.2f", help=term("precision")),
            "recall": st.column_config.NumberColumn("Recall", format="%.2f", help=term("recall")),
            "f1": st.column_config.NumberColumn("F1", format="%.2f"),
            "support": st.column_config.NumberColumn("Rows", help="Rows that truly have the label."),
            "predicted": st.column_config.NumberColumn("Predicted", help="Rows that were given the label."),
        },
        alt=f"Precision, recall and F1 of {count(len(table), 'label')} on {found.split} rows",
    )
    st.download_button(
        "Labels with intervals (CSV)",
        lambda: csv_bytes(table),
        f"{found.run.id}-{found.split}-labels.csv",
        "text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def _pairs(found: Evaluation, matrix: ConfusionMatrix, options: Any) -> None:
    with options:
        most = st.select_slider(
            "Pairs", [20, 50, 100, 200], value=50, key="review pairs", persist_state="page"
        )
    pairs = matrix.top_confusions(most)
    if pairs.empty:
        st.markdown("No label is mistaken for another one.")
        return
    _clickable(
        pairs,
        "pairs table",
        lambda row: Selection(str(row["gold"]), str(row["predicted"])),
        found,
        {
            "gold": "True",
            "predicted": "Predicted",
            "rows": "Rows",
            "share_of_gold": st.column_config.NumberColumn(
                "Share of the true", format="percent", help="Of the rows that truly have the label."
            ),
        },
        alt=f"The {count(len(pairs), 'pair')} of labels most often mistaken on {found.split} rows",
    )


def _clickable(
    table: pd.DataFrame,
    key: str,
    selection_of: Callable[[Any], Selection],
    found: Evaluation,
    columns: dict[str, Any],
    *,
    alt: str,
) -> None:
    """A table that can be sorted, and whose rows select what they stand for."""

    @guarded_callback
    def on_row() -> None:
        chosen = st.session_state[key]["selection"]["rows"]
        if chosen:
            select(selection_of(table.iloc[chosen[0]]), split=found.split)

    # `predicted` is a label among the pairs, and a number of rows among the labels.
    texts = [str(name) for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    shown = table.assign(**{name: table[name].map(lambda text: shorten(text, 80)) for name in texts})
    st.caption("Click a line’s box to read its rows; click a heading to sort.")
    st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select=on_row,
        selection_mode="single-row",
        column_config=columns,
        alt=alt,
    )
