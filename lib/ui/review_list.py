"""The list of rows behind a selection, or of the mistakes when nothing is selected; page by page, to keep as a file."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.mistakes import ORDER_TITLES, MistakeOrder, filtered, ordered, wrong
from lib.ui.downloads import csv_bytes
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.frame import guarded_callback
from lib.ui.label_pickers import label_pickers, picked_labels
from lib.ui.numbers import count, share
from lib.ui.pictures import PICTURE_ROW, pictures_folder, thumbnails_in
from lib.ui.review_selection import Names, Selection, forget_row, open_row, row_in_address, select
from lib.ui.words import escape_markdown, shorten, term

ROWS_PER_PAGE = 50
# Where a link from the matrix leads.
ROWS_ANCHOR = "review-rows"
_CHARACTERS_IN_A_CELL = 240


def rows_to_show(
    frame: pd.DataFrame,
    names: Names,
    selection: Selection,
    *,
    order: MistakeOrder,
    find: str,
    texts: list[str],
) -> pd.DataFrame:
    """The rows behind the selection, else the mistakes, in the order asked for; none is lost to the order."""
    rows = wrong(frame) if selection.is_empty else names.rows(frame, selection)
    rows = filtered(rows, contains=find.strip(), columns=tuple(texts))
    if order == "confidence":
        # `ordered` would leave the right ones out, and a cell of right rows would look empty.
        return rows.sort_values(["correct", "confidence"], ascending=[True, False], kind="stable")
    return ordered(rows, order)


def show_list(
    found: Evaluation, names: Names, selection: Selection, *, narrow: bool
) -> tuple[pd.DataFrame, int] | None:
    """Show the list; returns the rows and the place in them of the one that is open, None when there are none.

    `narrow` when it stands in half of the page's width.
    """
    heading = st.container(gap=None)
    order, find = _controls(found, names, selection, narrow=narrow)
    rows = rows_to_show(found.frame, names, selection, order=order, find=find, texts=found.texts)
    with heading:
        st.html(f'<div id="{ROWS_ANCHOR}"></div>')
        _heading(found, selection, len(rows), find)
    if rows.empty:
        st.caption("No such row. Choose another cell, or clear what you look for.")
        return None
    place = _place_of(rows)
    start = place // ROWS_PER_PAGE * ROWS_PER_PAGE
    _table(found, rows.iloc[start : start + ROWS_PER_PAGE], place - start, selection, narrow=narrow)
    _below(found, rows, start, selection)
    return rows, place


def _heading(found: Evaluation, selection: Selection, rows: int, find: str) -> None:
    looked_for = f" with “{escape_markdown(shorten(find.strip(), 30))}”" if find.strip() else ""
    if selection.is_empty:
        total = len(found.frame)
        among = f"among {count(total, f'{found.split} row')} ({share(rows, total)})"
        st.markdown(f"**{count(rows, 'mistake')}**{looked_for} {among}")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{count(rows, 'row')}**{looked_for}", width="content")
        st.button(
            escape_markdown(shorten(selection.words(), 80)),
            icon=":material/close:",
            icon_position="right",
            key="clear selection",
            help="Clear this selection and show all mistakes",
            on_click=select,
            args=(Selection(),),
            kwargs={"split": found.split},
        )


def _controls(
    found: Evaluation, names: Names, selection: Selection, *, narrow: bool
) -> tuple[MistakeOrder, str]:
    """Order and search, and the selection as two pickers: the way to it without a mouse."""
    places = _grid(narrow)
    pickers = {
        "true": ("True label", selection.true),
        "predicted": ("Predicted label", selection.predicted),
    }
    label_pickers(places, "review", pickers, names.members, on_change=_pick, args=(found.split,))
    order: MistakeOrder = places[2].selectbox(
        "First",
        list(ORDER_TITLES),
        format_func=lambda order: ORDER_TITLES[order].split(":")[0],
        key="review sort",
        persist_state="page",
        on_change=forget_row,
        help=" · ".join(ORDER_TITLES.values()),
    )
    if found.texts == found.pictures:  # no words to look for
        return order, ""
    find = places[3].text_input(
        "Text contains", key="review find", type="search", persist_state="page", on_change=forget_row
    )
    return order, find or ""


def _grid(narrow: bool) -> list[Any]:
    """Four places in a line, or two and two; they stay side by side on a phone."""
    with st.container(key="review-pickers", gap="small"):
        if not narrow:
            return list(st.columns(4, gap="small"))
        return [*st.columns(2, gap="small", wrap=False), *st.columns(2, gap="small", wrap=False)]


@guarded_callback
def _pick(split: str) -> None:
    true, predicted = picked_labels("review", "true", "predicted")
    select(Selection(true, predicted), split=split)


def _place_of(rows: pd.DataFrame) -> int:
    """Where the open row stands in the list: the one in the address, else the first of the page."""
    number = row_in_address()
    if number is not None:
        places = (rows["row"] == number).to_numpy().nonzero()[0]
        if len(places):
            return int(places[0])
    return 0


def _table(found: Evaluation, rows: pd.DataFrame, place: int, selection: Selection, *, narrow: bool) -> None:
    pictures = found.pictures
    files = pictures_folder(found.run.spec.data.dataset) if pictures else None
    texts = {
        name: thumbnails_in(files, rows[name])
        if name in pictures
        else rows[name].astype("str").map(lambda text: shorten(text, _CHARACTERS_IN_A_CELL))
        for name in found.texts
    }
    # A label that is the same in every row says nothing; its room goes to the text.
    fixed = {"gold": selection.true, "predicted": selection.predicted}
    varying = [name for name in fixed if fixed[name] is None or rows[name].nunique() > 1]
    labels = {name: rows[name].map(lambda label: shorten(label, 60)) for name in varying}
    room = (460 if narrow else 985) - 170 - 85 * len(varying)
    shown = pd.DataFrame({**texts, **labels, "confidence": 100 * rows["confidence"], "loss": rows["loss"]})
    numbers = rows["row"].tolist()
    key = f"review rows {found.key[2]} {numbers[0]} {numbers[-1]} {len(numbers)}"

    @guarded_callback
    def on_row() -> None:
        chosen = st.session_state[key]["selection"]["rows"]
        if chosen:
            open_row(numbers[chosen[0]])

    st.session_state[key] = {"selection": {"rows": [place], "columns": [], "cells": []}}
    st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select=on_row,
        selection_mode="single-row",
        height=min((PICTURE_ROW if pictures else 36) * len(shown) + 40, 330 if narrow else 440),
        row_height=PICTURE_ROW if pictures else None,
        column_config={
            **{
                name: (st.column_config.ImageColumn if name in pictures else st.column_config.TextColumn)(
                    shorten(name.removeprefix(INPUT), 30), width=min(room // len(texts), widest)
                )
                for name, widest in ((name, 110 if name in pictures else room) for name in texts)
            },
            "gold": st.column_config.TextColumn("True", width=85),
            "predicted": st.column_config.TextColumn("Predicted", width=85),
            "confidence": st.column_config.NumberColumn(
                "Confidence", format="%.1f %%", help=term("confidence"), width=90
            ),
            "loss": st.column_config.NumberColumn("Loss", format="%.2f", help=term("loss"), width=60),
        },
        alt=f"{count(len(shown), 'row')} with their true and predicted labels",
    )


def _below(found: Evaluation, rows: pd.DataFrame, start: int, selection: Selection) -> None:
    pages = -(-len(rows) // ROWS_PER_PAGE)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if pages > 1:
            numbers = rows["row"].iloc[::ROWS_PER_PAGE].tolist()
            now = start // ROWS_PER_PAGE + 1
            # A key of its own for every page, so that Previous and Next can turn it too.
            key = f"review page {now} of {pages}"

            @guarded_callback
            def on_page() -> None:
                open_row(numbers[int(st.session_state[key]) - 1])

            st.pagination(pages, default=now, key=key, on_change=on_page, max_visible_pages=5)
        st.download_button(
            f"{count(len(rows), 'row')} (CSV)",
            lambda: csv_bytes(rows_as_table(rows, found.texts)),
            f"{found.run.id}-{found.split}-{'rows' if not selection.is_empty else 'mistakes'}.csv",
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key="download rows",
        )


def rows_as_table(rows: pd.DataFrame, texts: list[str]) -> pd.DataFrame:
    """The rows as a file of their own: where they come from, the texts, and what the model made of them."""
    about = ["row", "row_id", "split"]
    judged = [
        "gold",
        "predicted",
        "correct",
        "confidence",
        "margin",
        "entropy",
        "loss",
        "tokens",
        "truncated",
    ]
    return rows[[*about, *texts, *(name for name in judged if name in rows)]]
