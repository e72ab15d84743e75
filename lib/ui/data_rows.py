"""The Rows view of the Data page: the rows as they were read, a page at a time, and those that hold some words."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from lib.data.search import matching_in, matching_rows
from lib.ui.numbers import count
from lib.ui.pictures import PICTURE_ROW, picture_columns, with_thumbnails
from lib.ui.subject import Choice, Subject
from lib.ui.words import escape_markdown, shorten

ROWS_A_PAGE = 50
_FIND = "find"


def show_rows(subject: Subject, choice: Choice) -> None:
    """A search, a page of the table, and the way to the other pages."""
    words = _asked(subject)
    found = _found(subject.key, words, subject) if words else None
    total = subject.profile().rows if found is None else len(found)
    if found is not None:
        st.caption(
            f"{count(total, 'row')} of {count(subject.profile().rows)} hold “{escape_markdown(shorten(words, 40))}”."
            if total
            else f"No row holds “{escape_markdown(shorten(words, 40))}”."
        )
        if not total:
            return
    pages = max(1, -(-total // ROWS_A_PAGE))
    # The pages come after the table on screen but decide what is in it.
    table = st.container()
    number = 1
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center", key="row-pages"):
            number = st.pagination(pages, key=f"rows page {subject.key} {words}", max_visible_pages=5)
            first = (number - 1) * ROWS_A_PAGE
            st.caption(f"Rows {first + 1:,}–{min(first + ROWS_A_PAGE, total):,} of {total:,}")
    start = (number - 1) * ROWS_A_PAGE
    if found is None:
        frame = subject.rows(start, ROWS_A_PAGE)
        frame.index = pd.RangeIndex(start + 1, start + 1 + len(frame))
    else:
        frame = subject.take(found[start : start + ROWS_A_PAGE])
        frame.index = pd.Index(found[start : start + ROWS_A_PAGE] + 1)
    frame = with_thumbnails(subject, choice, frame)
    wide: dict[str, Any] = {
        column: st.column_config.TextColumn(width="large")
        for role, column in choice.columns.items()
        if "text" in role
    }
    wide |= {column: st.column_config.ImageColumn(width="small") for column in picture_columns(choice)}
    used = list(choice.columns.values())
    order = [*used, *(name for name in frame.columns if name not in used)]
    table.dataframe(
        frame,
        height=430,
        row_height=PICTURE_ROW if picture_columns(choice) else None,
        column_order=order,
        column_config=wide,
        key=f"rows {subject.key} {number} {words}",
        alt=f"{count(len(frame), 'row')} of the table, from {start + 1} on",
    )


def _asked(subject: Subject) -> str:
    """The words to look for, kept in the address."""
    key = f"find rows {subject.key}"
    st.session_state[key] = st.query_params.get(_FIND, "")

    def take() -> None:
        words = str(st.session_state[key]).strip()
        if words:
            st.query_params[_FIND] = words
        else:
            st.query_params.pop(_FIND, None)

    st.text_input(
        "Find rows",
        type="search",
        key=key,
        max_chars=200,
        placeholder="Words, in any column",
        on_change=take,
        label_visibility="collapsed",
    )
    return str(st.query_params.get(_FIND, "")).strip()


@st.cache_data(max_entries=10, ttl=900, show_spinner="Looking through the rows")
def _found(key: str, words: str, _subject: Subject) -> np.ndarray:
    if _subject.stored is not None:
        return matching_rows(_subject.stored, words)
    return matching_in(_subject.table().frame, words)
