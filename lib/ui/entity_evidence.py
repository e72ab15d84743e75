"""The evidence on labelled spans: which types are confused, what goes wrong, how well each type is found."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.entities import entity_table
from lib.analysis.entity_matrix import EntityMatrix
from lib.analysis.entity_modes import MEANINGS
from lib.charts.confusion import Colour, clicked
from lib.charts.entities import entity_outcomes
from lib.charts.entity_matrix import entity_matrix
from lib.charts.matrix_layout import Cell
from lib.ui.address_choice import choose_in_address
from lib.ui.charts import current_theme, picked, picked_data, show_chart
from lib.ui.downloads import csv_bytes
from lib.ui.entity_data import modes_of, pairs_of
from lib.ui.entity_selection import Chosen, choose
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded_callback
from lib.ui.numbers import count
from lib.ui.review_list import ROWS_ANCHOR
from lib.ui.review_selection import Selection
from lib.ui.words import escape_markdown, shorten

VIEWS = {"matrix": "Matrix", "errors": "Errors", "types": "Types"}
COLOURS: dict[Colour, str] = {
    "row": "Share of the true type",
    "column": "Share of the predicted type",
    "count": "Entities",
}


def show_evidence(found: Evaluation, matrix: EntityMatrix, chosen: Chosen) -> None:
    """The view that the address names; each of them chooses texts for the list below."""
    view = choose_in_address("evidence", "View", list(VIEWS), format_func=VIEWS.__getitem__)
    match view:
        case "errors":
            _errors(found)
        case "types":
            _types(found)
        case _:
            _matrix(found, matrix, chosen)


def _matrix(found: Evaluation, matrix: EntityMatrix, chosen: Chosen) -> None:
    if not len(matrix):
        st.markdown("No row has an entity, true or predicted.")
        return
    colour: Colour = st.session_state.get("entities colour", "row")
    if chosen.is_empty:
        st.caption("Click a cell to read its texts, or a total for all of a type.")
    else:
        words = escape_markdown(shorten(chosen.words(matrix), 80))
        st.caption(f"Selected: {words}. [Read the texts below](#{ROWS_ANCHOR})")

    @guarded_callback
    def on_cell() -> None:
        # Nothing picked is a redraw or a second click on the same cell: what was picked stays (✕ clears it).
        point = picked("entity matrix")
        cell = clicked(point["customdata"]) if point and "customdata" in point else None
        if cell is not None:
            true, predicted = (matrix.names[place] if place is not None else None for place in cell)
            choose(Selection(true, predicted), None, split=found.split)

    chart = entity_matrix(
        matrix, colour=colour, selected=_place(matrix, chosen), theme=current_theme(), split=found.split
    )
    show_chart(chart, "entity matrix", on_select=on_cell)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(
            "Spans with the same borders are paired first, then those that overlap most; what is left is missed or "
            "spurious. Exactly right are the first numbers on the diagonal; +n have other borders."
        )
        with st.popover("Options", icon=":material/tune:", type="tertiary", width="content"):
            st.selectbox(
                "Colour",
                list(COLOURS),
                format_func=COLOURS.__getitem__,
                key="entities colour",
                persist_state="page",
                help="Share of the true type: how much of each type was found. Share of the predicted type: how far to "
                "trust each answer. Entities: where most of the mistakes are.",
            )


def _place(matrix: EntityMatrix, chosen: Chosen) -> Cell | None:
    """Where the choice stands in the matrix; None when nothing is chosen or it is not shown."""
    names = (chosen.cell.true, chosen.cell.predicted)
    if chosen.cell.is_empty or any(name is not None and name not in matrix.names for name in names):
        return None
    true, predicted = (None if name is None else matrix.names.index(name) for name in names)
    return true, predicted


def _errors(found: Evaluation) -> None:
    assert hasattr(found.output, "labels")
    table = entity_table(pairs_of(found), found.output.labels)
    if not (table["support"] + table["predicted"]).sum():
        st.markdown("No row has an entity, true or predicted.")
        return

    @guarded_callback
    def on_part() -> None:
        if data := picked_data("entities chart"):
            place, outcome = data[:2]
            label = str(table["label"].iloc[int(place)])
            cell = Selection(predicted=label) if outcome == "spurious" else Selection(true=label)
            choose(cell, str(outcome), split=found.split)

    left, right = st.columns([1, 1], gap="medium")
    with left:
        chart = entity_outcomes(table, split=found.split, theme=current_theme())
        show_chart(chart, "entities chart", on_select=on_part)
        st.caption("Click a part of a bar to read its texts.")
    with right:
        _modes(found)


def _modes(found: Evaluation) -> None:
    lines = []
    for mode in modes_of(found):
        line: dict[str, Any] = {"Counts as found": mode.mode.capitalize()}
        for name, title in (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1")):
            line[title] = with_ends(mode.scores[name], *mode.intervals[name])
        line |= {"Correct": mode.correct, "Incorrect": mode.incorrect, "Partial": mode.partial}
        lines.append(line | {"Missed": mode.missed, "Spurious": mode.spurious})
    table = pd.DataFrame(lines)
    st.markdown("**How strict is the score?**")
    rows = count(len(found.frame), f"{found.split} row")
    st.dataframe(table, hide_index=True, alt=f"Precision, recall and F1 on {rows}, from strict to lenient")
    st.caption(" ".join(f"{mode.capitalize()}: {meaning}" for mode, meaning in MEANINGS.items()))
    st.caption(
        f"On {rows}, with 95 % intervals over texts. Defined as by SemEval 2013 and the package nervaluate, which "
        "pairs spans in the order of the text: where one span overlaps several, its partial and type counts can "
        "differ a little from these."
    )
    keep_table(found, table, "modes")


def _types(found: Evaluation) -> None:
    assert hasattr(found.output, "labels")
    table = entity_table(pairs_of(found), found.output.labels)
    shown = pd.DataFrame({"Type": [shorten(label, 60) for label in table["label"]]})
    for name, title in (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1")):
        ends = zip(table[name], table[f"{name}_low"], table[f"{name}_high"], strict=True)
        shown[title] = [with_ends(*values) for values in ends]
    shown["True"], shown["Predicted"], shown["Right"] = table["support"], table["predicted"], table["correct"]

    @guarded_callback
    def on_row() -> None:
        chosen = st.session_state["entities table"]["selection"]["rows"]
        if chosen:
            choose(Selection(true=str(table["label"].iloc[chosen[0]])), None, split=found.split)

    st.caption(
        f"Each score on {count(len(found.frame), f'{found.split} row')} with its 95 % interval; only the same borders "
        "and the same type count. Click a line’s box to read the texts with that type."
    )
    st.dataframe(
        shown,
        hide_index=True,
        key="entities table",
        on_select=on_row,
        selection_mode="single-row",
        height=min(36 * len(shown) + 40, 440),
        column_config={
            "Precision": st.column_config.TextColumn(
                help="Of the spans given this type, the share that is right."
            ),
            "Recall": st.column_config.TextColumn(
                help="Of the spans that have this type, the share that is found."
            ),
            "True": st.column_config.NumberColumn(help="Spans that truly have the type."),
            "Predicted": st.column_config.NumberColumn(help="Spans that were given the type."),
        },
        alt=f"Precision, recall and F1 of {count(len(table), 'type')} on {found.split} rows",
    )
    keep_table(found, table, "types")


def with_ends(value: float, low: float, high: float) -> str:
    """A score with the ends of its interval: "0.71 (0.66–0.75)"."""
    return f"{value:.2f} ({low:.2f}–{high:.2f})"


def keep_table(found: Evaluation, table: pd.DataFrame, name: str) -> None:
    """A button that keeps the table as a file."""
    st.download_button(
        f"{name.capitalize()} with intervals (CSV)",
        lambda: csv_bytes(table),
        f"{found.run.id}-{found.split}-{name}.csv",
        "text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        key=f"keep {name}",
    )
