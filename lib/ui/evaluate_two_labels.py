"""Two labels on the Evaluate page: how probable the model found one of them, and the rows behind a bar."""

import pandas as pd
import streamlit as st

from lib.analysis.class_probabilities import bar_of, class_probabilities, probability_of
from lib.charts.class_probabilities import class_probabilities as chart_of
from lib.tasks.outputs import LabelScores
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded, guarded_callback
from lib.ui.judged_rows import show_rows
from lib.ui.numbers import count
from lib.ui.review_row import show_row
from lib.ui.review_selection import forget_row
from lib.ui.words import escape_markdown, shorten, term


def has_two_labels(found: Evaluation) -> bool:
    """Whether a row is one of two labels, both of which the rows know."""
    return (
        isinstance(found.output, LabelScores)
        and len(found.output.labels) == 2
        and "confidence" in found.frame
        and bool(len(found.frame))
    )


@st.fragment
@guarded
def show_two_labels(found: Evaluation) -> None:
    """The histogram, the rows of a bar and one of them; only this part runs again after a click."""
    assert isinstance(found.output, LabelScores)
    labels, frame = found.output.labels, found.frame
    table = class_probabilities(frame, labels)
    if not table[[f"rows {label}" for label in labels]].to_numpy().sum():
        st.caption("No row truly has one of the two labels.")
        return
    chosen = _chosen(len(table))

    @guarded_callback
    def on_bar() -> None:
        if data := picked_data("two labels"):
            bar, side = data[:2]
            st.query_params["part"] = f"{int(bar)}-{int(side)}"
            forget_row()

    chart = chart_of(table, labels, selected=chosen, split=found.split, theme=current_theme())
    show_chart(chart, "two labels", on_select=on_bar)
    st.caption(
        "Rows far on the wrong side are mistakes the model is sure of. It does not show whether a probability can be "
        "taken at its word. Click a bar to read its rows."
    )
    if chosen is None:
        return
    bar, side = chosen
    here = (bar_of(probability_of(frame, labels[0])) == bar) & (frame["gold"] == labels[side]).to_numpy(
        dtype=bool
    )
    rows = frame[here].sort_values("loss", ascending=False, kind="stable")
    low, high = (100 * table[name].iloc[bar] for name in ("from", "to"))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{count(len(rows), f'{found.split} row')}**", width="content")
        st.button(
            escape_markdown(
                f"truly {shorten(labels[side], 40)}, {low:.0f}–{high:.0f} % {shorten(labels[0], 40)}"
            ),
            icon=":material/close:",
            icon_position="right",
            key="clear part",
            help="Clear this selection",
            on_click=_clear,
        )
    if rows.empty:
        st.caption("No row is in this bar.")
        return
    place = show_rows(
        found,
        rows,
        cells=lambda part: {"predicted": part["predicted"], "confidence": 100 * part["confidence"]},
        columns={
            "predicted": st.column_config.TextColumn("Predicted", width=120),
            "confidence": st.column_config.NumberColumn(
                "Confidence", format="%.1f %%", help=term("confidence"), width=90
            ),
        },
        key="two labels",
        alt=f"{count(len(rows), 'row')} of the bar, highest loss first",
        text_width=700,
    )
    show_row(found, pd.DataFrame(rows), place)


def _chosen(bars: int) -> tuple[int, int] | None:
    """The bar and the side that the address names."""
    bar, _, side = st.query_params.get("part", "").partition("-")
    if bar.isascii() and bar.isdigit() and len(bar) < 4 and int(bar) < bars and side in ("0", "1"):
        return int(bar), int(side)
    return None


def _clear() -> None:
    st.query_params.pop("part", None)
    forget_row()
