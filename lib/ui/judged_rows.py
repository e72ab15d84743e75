"""A list of judged rows, page by page, one of which is open: what the views of several shapes share."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from lib.ui.downloads import csv_bytes
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.frame import guarded_callback
from lib.ui.numbers import count
from lib.ui.pictures import PICTURE_ROW, pictures_folder, thumbnails_in
from lib.ui.review_selection import open_row, row_in_address
from lib.ui.words import shorten

ROWS_PER_PAGE = 50
_CHARACTERS_IN_A_CELL = 240


def open_place(rows: pd.DataFrame) -> int:
    """Where the open row stands in the list: the one in the address, else the first."""
    places = (rows["row"] == row_in_address()).to_numpy().nonzero()[0]
    return int(places[0]) if len(places) else 0


def show_rows(
    found: Evaluation,
    rows: pd.DataFrame,
    *,
    cells: Callable[[pd.DataFrame], dict[str, Any]],
    columns: dict[str, Any],
    key: str,
    alt: str,
    text_width: int = 330,
) -> int:
    """The page of the list on which the open row stands, and a file of all; returns the open row's place in `rows`.

    `cells` gives for some rows what stands beside their texts, `columns` how Streamlit shows it. `rows` is not empty.
    """
    place = open_place(rows)
    start = place // ROWS_PER_PAGE * ROWS_PER_PAGE
    part = rows.iloc[start : start + ROWS_PER_PAGE]
    pictures = found.pictures
    files = pictures_folder(found.run.spec.data.dataset) if pictures else None
    texts = {
        name: thumbnails_in(files, part[name])
        if name in pictures
        else part[name].astype("str").map(lambda text: shorten(text, _CHARACTERS_IN_A_CELL))
        for name in found.texts
    }
    shown = pd.DataFrame({**texts, **cells(part)})
    numbers = part["row"].tolist()
    table = f"{key} rows {found.key[2]} {numbers[0]} {numbers[-1]} {len(numbers)}"

    @guarded_callback
    def on_row() -> None:
        chosen = st.session_state[table]["selection"]["rows"]
        if chosen:
            open_row(numbers[chosen[0]])

    st.session_state[table] = {"selection": {"rows": [place - start], "columns": [], "cells": []}}
    st.dataframe(
        shown,
        hide_index=True,
        key=table,
        on_select=on_row,
        selection_mode="single-row",
        height=min((PICTURE_ROW if pictures else 36) * len(shown) + 40, 400),
        row_height=PICTURE_ROW if pictures else None,
        column_config={
            **{
                name: (st.column_config.ImageColumn if name in pictures else st.column_config.TextColumn)(
                    shorten(name.removeprefix(INPUT), 30),
                    width=110 if name in pictures else text_width // len(texts),
                )
                for name in texts
            },
            **columns,
        },
        alt=alt,
    )
    _below(found, rows, start, key)
    return place


def _below(found: Evaluation, rows: pd.DataFrame, start: int, key: str) -> None:
    pages = -(-len(rows) // ROWS_PER_PAGE)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if pages > 1:
            first = rows["row"].iloc[::ROWS_PER_PAGE].tolist()
            now = start // ROWS_PER_PAGE + 1
            turned = f"{key} page {now} of {pages}"

            @guarded_callback
            def on_page() -> None:
                open_row(first[int(st.session_state[turned]) - 1])

            st.pagination(pages, default=now, key=turned, on_change=on_page, max_visible_pages=5)
        st.download_button(
            f"{count(len(rows), 'row')} (CSV)",
            lambda: csv_bytes(rows.drop(columns=["position", "text"], errors="ignore")),
            f"{found.run.id}-{found.split}-rows.csv",
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key=f"download {key}",
        )


def show_steps(rows: pd.DataFrame, place: int) -> None:
    """The way from the open row to the one before and the one after it."""
    numbers = rows["row"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for title, step, icon in (("Previous", -1, "arrow_back"), ("Next", 1, "arrow_forward")):
            there = 0 <= place + step < len(rows)
            st.button(
                title,
                icon=f":material/{icon}:",
                icon_position="left" if step < 0 else "right",
                key=f"{title.lower()} row",
                disabled=not there,
                on_click=open_row,
                args=(int(numbers.iloc[place + step]) if there else None,),
            )
        st.caption(
            f"{place + 1:,} of {count(len(rows), 'row')} · row {int(numbers.iloc[place]) + 1:,} of the data"
        )
