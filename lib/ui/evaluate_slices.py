"""Slices on the Evaluate page: on which parts of the rows the model is worse than on the rest, and their rows."""

import pandas as pd
import streamlit as st

from lib.analysis.slice_candidates import FEWEST
from lib.analysis.slices import FALSE_DISCOVERIES
from lib.charts.error_tree import error_tree as tree_chart
from lib.charts.slices import slices as slices_chart
from lib.tasks.outputs import TokenLabels
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.chosen_rows import show_chosen
from lib.ui.downloads import csv_bytes
from lib.ui.entity_slices import show_entity_slices
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded, guarded_callback
from lib.ui.numbers import count, share, significant
from lib.ui.review_selection import forget_row
from lib.ui.slice_data import Sliced, sliced
from lib.ui.words import escape_markdown, shorten

_SLICE = "slice"
# Those drawn, and those in the table; the file has them all.
DRAWN, LISTED = 12, 200
CAPTION = (
    "Each slice is compared with all other rows. Looking at many slices finds some that are worse by chance: q says "
    f"which share of those up to there would be so, and above {FALSE_DISCOVERIES:g} a slice is called within noise. "
    "Slices overlap, and none of them says why the model is wrong there."
)
TREE_CAPTION = (
    "The tree was looked for in these very rows, so its parts look more different than they are: choose the other rows "
    "at the top of the page to see whether it finds the same questions there. Click a part to read its rows."
)


@st.fragment
@guarded
def show_slices(found: Evaluation) -> None:
    """The panel; only this part runs again after a click."""
    if isinstance(found.output, TokenLabels):
        st.markdown("**Which entities are missed more often?**")
        show_entity_slices(found)
        st.markdown("**On which texts is the model worse?**")
    _show_rows(found)


def _show_rows(found: Evaluation) -> None:
    parts = sliced(found)
    table = parts.table
    for note in parts.notes:
        st.caption(note)
    if table.empty:
        rows = count(parts.rows, f"{found.split} row")
        few = parts.rows < 2 * FEWEST
        st.markdown(
            f"{rows} are too few to slice: a slice and the rest need {FEWEST} rows each."
            if few
            else f"There is nothing to slice {rows} by: they have one length, and no common word or column parts them."
        )
        return
    st.markdown(escape_markdown(_summary(found, parts)))
    selected = st.query_params.get(_SLICE)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        _dots(found, parts)
    with right:
        _tree(found, parts, selected)
        st.caption(TREE_CAPTION)
    _table(found, parts, selected)
    st.caption(CAPTION)
    _rows(found, parts, selected)


def _summary(found: Evaluation, parts: Sliced) -> str:
    table = parts.table
    worse = table[~table["within_noise"] & (table["difference"] > 0)]
    looked = f"{count(len(table), 'slice')} of {count(parts.rows, f'{found.split} row')} were looked at"
    if worse.empty:
        return f"{looked}: on none of them is the model worse than on the rest, beyond noise."
    first = worse.iloc[0]
    return (
        f"{looked}; on {count(len(worse), 'slice')} the model is worse than on the rest beyond noise. Worst: "
        f"{shorten(first['title'], 60)}, {parts.bad.title} {_value(float(first['score']), parts)} on "
        f"{count(int(first['rows']), 'row')}, against {_value(parts.overall, parts)} on all."
    )


def _value(value: float, parts: Sliced) -> str:
    if parts.bad.is_share:
        return share(value, 1)
    return f"{significant(value, 3)}{' ' + shorten(parts.bad.unit, 20) if parts.bad.unit else ''}"


def _dots(found: Evaluation, parts: Sliced) -> None:
    shown = parts.table.head(DRAWN)

    @guarded_callback
    def on_dot() -> None:
        if (place := _picked_place("slices")) is not None:
            _select(str(shown["id"].iloc[place]), found.split)

    chart = slices_chart(
        shown,
        measure=parts.bad.title,
        is_share=parts.bad.is_share,
        overall=parts.overall,
        rows=parts.rows,
        split=found.split,
        theme=current_theme(),
    )
    show_chart(chart, "slices", on_select=on_dot)


def _tree(found: Evaluation, parts: Sliced, selected: str | None) -> None:
    @guarded_callback
    def on_part() -> None:
        if (place := _picked_place("error tree")) is not None:
            _select(f"tree:{parts.nodes[place].path}", found.split)

    chart = tree_chart(
        parts.nodes,
        measure=parts.bad.title,
        is_share=parts.bad.is_share,
        selected=selected.removeprefix("tree:") if selected and selected.startswith("tree:") else None,
        split=found.split,
        theme=current_theme(),
    )
    show_chart(chart, "error tree", on_select=on_part)


def _picked_place(key: str) -> int | None:
    data = picked_data(key)
    return int(data[0]) if data else None


def _table(found: Evaluation, parts: Sliced, selected: str | None) -> None:
    listed = parts.table.head(LISTED)
    factor = 100 if parts.bad.is_share else 1
    shown = pd.DataFrame(
        {
            "slice": listed["title"].map(lambda text: shorten(text, 80)),
            "rows": listed["rows"],
            "score": factor * listed["score"],
            "interval": [
                f"{_value(low, parts)} – {_value(high, parts)}"
                for low, high in zip(listed["low"], listed["high"], strict=True)
            ],
            "difference": factor * listed["difference"],
            "p": listed["p"].map(lambda value: significant(value)),
            "q": listed["q"].map(lambda value: significant(value)),
            "verdict": [
                "within noise" if noise else "worse" if difference > 0 else "better"
                for noise, difference in zip(listed["within_noise"], listed["difference"], strict=True)
            ],
        }
    )
    key = f"slices table {found.key[2]}"

    @guarded_callback
    def on_line() -> None:
        chosen = st.session_state[key]["selection"]["rows"]
        if chosen:
            _select(str(listed["id"].iloc[chosen[0]]), found.split)

    places = [place for place, name in enumerate(listed["id"]) if name == selected]
    st.session_state[key] = {"selection": {"rows": places, "columns": [], "cells": []}}
    number = "%.1f %%" if parts.bad.is_share else "%.3g"
    st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select=on_line,
        selection_mode="single-row",
        height=min(36 * len(shown) + 40, 330),
        column_config={
            "slice": st.column_config.TextColumn("Rows", width=230),
            "rows": st.column_config.NumberColumn("n", width=60),
            "score": st.column_config.NumberColumn(parts.bad.title.capitalize(), format=number, width=110),
            "interval": st.column_config.TextColumn("95 % interval", width=110),
            "difference": st.column_config.NumberColumn(
                "Against the rest", format="%+.1f pp" if parts.bad.is_share else "%+.3g", width=110
            ),
            "p": st.column_config.TextColumn(
                "p",
                width=70,
                help="How often chance alone makes as large a difference: Fisher’s exact test for shares, else a "
                "permutation test of the mean.",
            ),
            "q": st.column_config.TextColumn(
                "q",
                width=70,
                help="p after Benjamini and Hochberg’s correction for looking at all these slices.",
            ),
            "verdict": st.column_config.TextColumn("", width=90),
        },
        alt=f"{count(len(listed), 'slice')} of the {found.split} rows, worst first",
    )
    st.download_button(
        f"{count(len(parts.table), 'slice')} (CSV)",
        lambda: csv_bytes(parts.table.drop(columns="place")),
        f"{found.run.id}-{found.split}-slices.csv",
        "text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        key="download slices",
    )


def _rows(found: Evaluation, parts: Sliced, selected: str | None) -> None:
    if selected is None:
        return
    part = parts.part(selected)
    if part is None:
        words = escape_markdown(shorten(selected, 60))
        st.caption(f"The address asks for the slice “{words}”, which these rows do not have.")
        return
    words, mask = part
    rows = found.frame[mask].assign(badness=parts.bad.values[mask])
    rows = rows.sort_values(["badness", "loss"], ascending=False, kind="stable").drop(columns="badness")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        score = _value(float(parts.bad.values[mask].mean()), parts) if len(rows) else "–"
        st.markdown(
            f"**{count(len(rows), 'row')}**, {parts.bad.title} {escape_markdown(score)}", width="content"
        )
        st.button(
            escape_markdown(shorten(words, 80)),
            icon=":material/close:",
            icon_position="right",
            key="clear slice",
            help="Clear this selection",
            on_click=_clear,
        )
    if rows.empty:
        st.caption("No row lies there.")
        return
    show_chosen(found, rows, key="slice", alt=f"Rows {words}, worst first")


def _select(name: str, split: str) -> None:
    st.query_params[_SLICE] = name
    st.query_params["split"] = split
    forget_row()


def _clear() -> None:
    st.query_params.pop(_SLICE, None)
    forget_row()
