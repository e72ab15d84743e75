"""The stored data sets: open, rename, delete."""

from itertools import groupby

import streamlit as st

from lib.data.store import StoredDataset, delete, list_datasets, rename
from lib.tasks import TASKS
from lib.ui import hand as hands
from lib.ui.frame import guarded, guarded_callback, section
from lib.ui.numbers import count
from lib.ui.words import escape_markdown, shorten

_SHOWN = 12


def show_shelf() -> None:
    """The list of stored data sets, the newest first, each name once with its newest version."""
    stored = list_datasets()
    if not stored:
        return
    section("Stored data sets")
    newest = newest_versions(stored)
    searched = newest
    if len(newest) > _SHOWN:
        wanted = st.text_input("Find a data set", type="search", key="find data set").casefold()
        searched = [versions for versions in newest if wanted in versions[0].name.casefold()]
    for versions in searched[:_SHOWN]:
        _row(versions)
    if len(searched) > _SHOWN:
        st.caption(
            f"And {count(len(searched) - _SHOWN, 'more', 'more')}: type a part of the name to find them."
        )


def newest_versions(stored: list[StoredDataset]) -> list[list[StoredDataset]]:
    """The versions of each data set, newest first, in the order of the newest version of each."""
    by_folder = sorted(stored, key=lambda item: str(item.folder.parent))
    groups = [
        sorted(group, key=lambda item: -item.version)
        for _, group in groupby(by_folder, key=lambda item: str(item.folder.parent))
    ]
    return sorted(groups, key=lambda versions: versions[0].created, reverse=True)


def describe(stored: StoredDataset) -> str:
    """A data set in one line of plain text: rows, task, versions."""
    task = next((task.title for task in TASKS if task.slug == stored.task), None)
    return " · ".join([count(stored.rows, "row"), *([task] if task else [])])


def _row(versions: list[StoredDataset]) -> None:
    newest = versions[0]
    key = f"{newest.folder.parent.name}"
    with st.container(horizontal=True, vertical_alignment="center", key=f"shelf-{key}"):
        with st.container(width="stretch", gap=None):
            more = f" · {count(len(versions), 'version')}" if len(versions) > 1 else ""
            st.markdown(f"**{escape_markdown(shorten(newest.name, 60))}**")
            st.caption(
                escape_markdown(describe(newest)) + more
                if newest.usable
                else "Damaged: it can only be deleted."
            )
        st.button("Open", key=f"open {key}", on_click=_open, args=(newest.ref,), disabled=not newest.usable)
        with st.popover("More", type="tertiary", key=f"more {key}"):
            if newest.usable:
                st.text_input("New name", newest.name, key=f"name {key}", max_chars=80)
                st.button("Rename", key=f"rename {key}", on_click=_rename, args=(newest.ref, f"name {key}"))
            if st.button("Delete …", key=f"delete {key}", icon=":material/delete:"):
                _confirm(newest, len(versions))


@st.dialog("Delete this data set?")
@guarded
def _confirm(stored: StoredDataset, versions: int) -> None:
    what = f"all {versions} versions of " if versions > 1 else ""
    st.markdown(
        f"This deletes {what}**{escape_markdown(stored.name)}** from this machine for good. Runs that were trained on "
        "it keep their models and scores, but cannot be resumed or repeated."
    )
    with st.container(horizontal=True):
        st.button(
            "Delete",
            type="primary",
            icon=":material/delete:",
            key="delete now",
            on_click=_delete,
            args=(stored,),
        )
        if st.button("Keep it", key="keep it"):
            st.rerun()


@guarded_callback
def _delete(newest: StoredDataset) -> None:
    for version in range(newest.version, 0, -1):
        hands.put_away(data=f"{newest.name}@{version}")
    delete(newest.name if newest.usable else newest.ref)
    st.rerun()  # closes the dialog


@guarded_callback
def _open(ref: str) -> None:
    st.query_params.pop("upload", None)
    hands.take(data=ref)


@guarded_callback
def _rename(ref: str, key: str) -> None:
    renamed = rename(ref, str(st.session_state[key]))
    if hands.in_hand().data == ref:
        hands.take(data=renamed.ref)
