"""The table of all runs: filter it, and open one."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zlib import crc32

import pandas as pd
import streamlit as st

from lib.data.store import open_rows
from lib.errors import UserError
from lib.runs.folder import open_run
from lib.ui import hand as hands
from lib.ui.frame import guarded_callback, section
from lib.ui.numbers import count, duration, score_with_interval
from lib.ui.run_words import LOOKS, list_state, look, main_score, matches, model_title
from lib.ui.runs_compare import choose, chosen_ids
from lib.ui.runs_list import RunLine, line_of

# Below this many runs a filter would be more to read than the list.
_FEW = 10
_CLICK = "open run"


def show_table(lines: Sequence[RunLine], *, in_hand: str | None) -> None:
    """All runs, newest first, each with a button that opens it above."""
    section("All runs")
    shown = _filtered(lines) if len(lines) > _FEW else list(lines)
    if not shown:
        st.caption("No run has these words and this state.")
        return
    ids = tuple(line.id for line in shown)
    ticked = set(chosen_ids())
    # Ticks belong to places, so another list is another table.
    key = f"all runs {crc32(' '.join(ids).encode())}"
    st.session_state[key] = {
        "selection": {"rows": [n for n, run in enumerate(ids) if run in ticked], "columns": [], "cells": []}
    }
    st.dataframe(
        runs_table(shown, in_hand=in_hand),
        hide_index=True,
        on_select=_tick(key, ids),
        selection_mode="multi-row",
        height=min(36 * len(shown) + 38, 460),
        column_config={
            "Open": st.column_config.ButtonColumn(
                " ",
                key=_CLICK,
                on_click=_open_clicked,
                args=(ids,),
                type="tertiary",
                pinned=True,
                width="small",
            ),
            "Name": st.column_config.TextColumn(width="medium"),
            "Started": st.column_config.DatetimeColumn(format="D MMM, HH:mm", timezone=st.context.timezone),
        },
        placeholder="–",
        key=key,
        alt="All runs with state, data set, model, test score, duration and start",
    )
    if len(shown) < len(lines):
        st.caption(f"{count(len(shown))} of {count(len(lines), 'run')}.")


def _tick(key: str, ids: tuple[str, ...]) -> Callable[[], None]:
    """Put the ticked runs into the address, beside those ticked that the list does not show just now."""

    @guarded_callback
    def tick() -> None:
        ticked = [ids[place] for place in st.session_state[key]["selection"]["rows"] if place < len(ids)]
        before = chosen_ids()
        kept = [run for run in before if run not in ids or run in ticked]
        choose([*kept, *(run for run in ticked if run not in before)])

    return tick


def runs_table(lines: Sequence[RunLine], *, in_hand: str | None) -> pd.DataFrame:
    """One row per run, in their order; times are in UTC and shown in the browser's zone."""
    return pd.DataFrame(
        [
            {
                "Open": "Shown" if line.id == in_hand else "Open",
                "Name": line.name,
                "State": list_state(line),
                "Data set": line.spec.data.dataset or "–" if line.spec else "–",
                "Model": model_title(line.spec.model) if line.spec else "–",
                "Test score": _score(line),
                "Duration": duration(line.seconds),
                "Started": datetime.fromtimestamp(line.began, UTC) if line.began else None,
            }
            for line in lines
        ]
    )


def _score(line: RunLine) -> str:
    main = main_score(line)
    value = line.score("test", main.name) if main else None
    if main is None or value is None or not line.has_result:
        return "–"
    return f"{main.title} {score_with_interval(value, line.interval('test', main.name))}"


def _filtered(lines: Sequence[RunLine]) -> list[RunLine]:
    there = [standing for standing in LOOKS if any(line.standing == standing for line in lines)]
    with st.container(horizontal=True, vertical_alignment="bottom", key="runs-filter"):
        wanted = st.text_input(
            "Find a run", type="search", key="find run", placeholder="Name, data set or model", width=320
        )
        standings = st.pills(
            "State",
            there,
            selection_mode="multi",
            format_func=lambda standing: look(standing).word,
            key="run states",
        )
    return [line for line in lines if matches(line, wanted or "", standings or ())]


@guarded_callback
def _open_clicked(ids: tuple[str, ...]) -> None:
    click = st.session_state.get(_CLICK)
    if click is not None and 0 <= click["row"] < len(ids):
        take_run(ids[click["row"]])


def take_run(identity: str) -> None:
    """Take a run in hand, with the data set it was trained on if that is still there."""
    line = line_of(open_run(identity))
    hands.take(data=_stored(line), run=line.id)


def whole_hand(line: RunLine, hand: hands.Hand) -> bool:
    """Whether the run in hand goes with the data set in hand, as far as that is still there."""
    return hand.run == line.id and _stored(line) in (None, hand.data)


def _stored(line: RunLine) -> str | None:
    data = line.spec.data if line.spec else None
    try:
        return open_rows(data.dataset, data.fingerprint).ref if data and data.dataset else None
    except UserError:
        return None


def run_to_show(lines: Sequence[RunLine], data: str | None) -> RunLine | None:
    """The run to show when none is in hand: what is going on, else the newest on the data in hand, else the newest."""
    working = [line for line in lines if line.active]
    on_data = [line for line in lines if data and line.spec and line.spec.data.dataset == data]
    readable = [line for line in lines if line.spec]
    return next(iter([*working, *on_data, *readable, *lines]), None)
