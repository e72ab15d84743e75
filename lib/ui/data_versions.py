"""The Versions view of the Data page: which versions there are, and what differs between two of them."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.data.store import StoredDataset, list_datasets
from lib.plan.versions import KINDS, Difference, difference
from lib.ui import hand as hands
from lib.ui.downloads import csv_bytes
from lib.ui.frame import guarded_callback, redraw_page
from lib.ui.numbers import count
from lib.ui.words import escape_markdown, shorten

_WITH = "version"
_MOST = 500
_WORDS = {"added": "added", "gone": "gone", "relabelled": "answered differently", "moved": "in another part"}


def show_versions(stored: StoredDataset | None) -> None:
    """All versions of a stored data set, and the one it is compared with row by row."""
    if stored is None:
        st.caption("Once the data set is saved, its versions can be compared here.")
        return
    others = [
        other for other in list_datasets() if other.folder.parent == stored.folder.parent and other.usable
    ]
    others = sorted(
        (other for other in others if other.version != stored.version), key=lambda one: -one.version
    )
    if not others:
        st.caption(
            "This is the only version. A fix of a check, corrected labels or other columns make another one; runs stay "
            "with the version that they learned from."
        )
        return
    _choose(stored, others)


def _choose(stored: StoredDataset, others: list[StoredDataset]) -> None:
    numbers = [other.version for other in others]
    asked = st.query_params.get(_WITH, "")
    made_from = stored.parent.rpartition("@")[2]
    usual = int(made_from) if made_from.isdigit() and int(made_from) in numbers else numbers[0]
    key = f"compare {stored.ref}"
    st.session_state[key] = int(asked) if asked.isdigit() and int(asked) in numbers else usual
    named = {other.version: other for other in others}
    with st.container(horizontal=True, vertical_alignment="bottom", key="version-choice"):
        chosen = st.selectbox(
            f"Compare version {stored.version} with",
            numbers,
            format_func=lambda number: f"Version {number} · {count(named[number].rows, 'row')}",
            key=key,
            on_change=_take,
            args=(key,),
            width=320,
        )
        st.button("Open it", key="open version", type="tertiary", on_click=_open, args=(named[chosen].ref,))
    earlier, later = sorted((stored, named[chosen]), key=lambda one: one.version)
    if later.task != earlier.task:
        st.caption("The two versions are for different tasks, so only one of them can be read as the other.")
        return
    with st.spinner("Comparing the rows"):
        _show(_difference(earlier.ref, later.ref, earlier, later), earlier, later)


@st.cache_resource(max_entries=4, ttl=900, show_spinner=False)
def _difference(one: str, other: str, _before: StoredDataset, _after: StoredDataset) -> Difference:
    return difference(_before, _after)


def _show(found: Difference, before: StoredDataset, after: StoredDataset) -> None:
    parts = [f"**{found.count(kind):,}** {_WORDS[kind]}" for kind in KINDS if found.count(kind)]
    if not parts:
        st.markdown(
            f"From version {before.version} to {after.version} **no row differs** in what is read, its "
            "answer or its part."
        )
        return
    st.markdown(
        f"From version {before.version} to {after.version}: {', '.join(parts)}; {count(found.same, 'row')} "
        f"{'is' if found.same == 1 else 'are'} the same."
    )
    places = ["row_before", "row_after"]
    table = found.table.assign(**{name: found.table[name] + 1 for name in places})
    # What is nowhere to be said (of rows that are only gone, where they are now) needs no column.
    shown = table.head(_MOST).dropna(axis="columns", how="all")
    numbers = {name: shown[name].map(_number) for name in places if name in shown}
    words = {
        name: shown[name].fillna("") for name in map(str, shown) if name.startswith(("part_", "answer_"))
    }
    if len(table) > _MOST:
        st.caption(f"The first {_MOST:,} of {count(len(table), 'line')}.")
    st.dataframe(
        shown.assign(
            change=shown["change"].map(_WORDS),
            text=shown["text"].map(lambda text: shorten(text, 300)),
            **numbers,
            **words,
        ),
        column_order=["change", *numbers, "text", *words],
        hide_index=True,
        height=min(36 * len(shown) + 40, 400),
        column_config={
            "change": "Change",
            "row_before": f"Row in v{before.version}",
            "row_after": f"Row in v{after.version}",
            "part_before": "Part before",
            "part_after": "Part after",
            "answer_before": "Answer before",
            "answer_after": "Answer after",
            "text": st.column_config.TextColumn("What is read", width="large"),
        },
        key=f"difference {before.ref} {after.version}",
        alt=f"Rows that differ between version {before.version} and {after.version}",
    )
    st.download_button(
        "All differences (CSV)",
        lambda: csv_bytes(table),
        "differences.csv",
        "text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        key="download differences",
    )
    st.caption(
        f"{escape_markdown(after.ref)} was made from {escape_markdown(after.parent)}."
    ) if after.parent else None


def _number(row: Any) -> str:
    return "" if pd.isna(row) else f"{int(row):,}"


@guarded_callback
def _take(key: str) -> None:
    st.query_params[_WITH] = str(st.session_state[key])


@guarded_callback
def _open(ref: str) -> None:
    st.query_params.pop(_WITH, None)
    hands.take(data=ref)
    redraw_page()
