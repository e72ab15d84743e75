"""The texts behind a choice of labelled spans, page by page, and one of them in full."""

import json
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.entities import match_spans
from lib.analysis.entity_matrix import EntityMatrix
from lib.charts.colours import label_colours
from lib.ui.downloads import csv_bytes
from lib.ui.entity_data import pairs_of, word_starts
from lib.ui.entity_lanes import show_lanes
from lib.ui.entity_selection import KINDS, WRONG, Chosen, choose
from lib.ui.evaluate_data import Evaluation
from lib.ui.explain_link import explain_link
from lib.ui.frame import guarded_callback
from lib.ui.judged_rows import show_steps
from lib.ui.numbers import count, significant
from lib.ui.review_list import ROWS_ANCHOR
from lib.ui.review_selection import Selection, forget_row, open_row, row_in_address
from lib.ui.words import escape_markdown, shorten, term

ROWS_PER_PAGE = 50
_EVERY = "(any)"
_ORDERS = {"loss": "Highest loss", "mistakes": "Most mistakes", "row": "As in the file"}


def show_list(found: Evaluation, matrix: EntityMatrix, chosen: Chosen) -> tuple[pd.DataFrame, int] | None:
    """The texts with what is chosen; returns them and the place of the open one."""
    heading = st.container(gap=None)
    order, find = _controls(found, matrix, chosen)
    pairs = pairs_of(found)
    lines = chosen.lines(pairs, matrix)
    rows = rows_to_show(found.frame, pairs, lines, order=order, find=find)
    with heading:
        st.html(f'<div id="{ROWS_ANCHOR}"></div>')
        _heading(found, matrix, chosen, rows)
    if rows.empty:
        st.caption("No such text. Choose another cell, or another kind of mistake.")
        return None
    number = row_in_address()
    # Only the open row is looked for; without one, or when it is not in the list, the first is open.
    place = int((rows["row"] == (-1 if number is None else number)).to_numpy().argmax())
    start = place // ROWS_PER_PAGE * ROWS_PER_PAGE
    _table(found, rows.iloc[start : start + ROWS_PER_PAGE], place - start, chosen)
    _below(found, rows, start)
    return rows, place


def rows_to_show(
    frame: pd.DataFrame, pairs: pd.DataFrame, lines: pd.DataFrame, *, order: str, find: str
) -> pd.DataFrame:
    """The judged rows of those `lines` of all `pairs`, in the order asked for.

    With two more columns: `mistakes`, how many of the row's lines are not right; `chosen`, how many are meant.
    """
    wrong = pairs.loc[pairs["outcome"] != "right", "place"].value_counts()
    meant = lines["place"].value_counts()
    everywhere = range(len(frame))
    rows = frame.assign(
        mistakes=wrong.reindex(everywhere, fill_value=0).to_numpy(),
        chosen=meant.reindex(everywhere, fill_value=0).to_numpy(),
    )
    rows = rows[rows["chosen"] > 0]
    if find.strip():
        rows = rows[rows["text"].str.contains(find.strip(), case=False, regex=False, na=False)]
    return rows.sort_values(order, ascending=order == "row", kind="stable")


def _heading(found: Evaluation, matrix: EntityMatrix, chosen: Chosen, rows: pd.DataFrame) -> None:
    spans, among = int(rows["chosen"].sum()), f"among {count(len(found.frame), f'{found.split} row')}"
    if chosen.is_empty:
        st.markdown(f"**{count(spans, 'mistake')}** in **{count(len(rows), 'text')}** {among}")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"**{count(spans, 'entity', 'entities')}** in **{count(len(rows), 'text')}** {among}",
            width="content",
        )
        st.button(
            escape_markdown(shorten(chosen.words(matrix), 80)),
            icon=":material/close:",
            icon_position="right",
            key="clear selection",
            help="Clear this selection and show all mistakes",
            on_click=choose,
            args=(Selection(), None),
            kwargs={"split": found.split},
        )


def _controls(found: Evaluation, matrix: EntityMatrix, chosen: Chosen) -> tuple[str, str]:
    """Order and search, and the choice as three pickers: the way to it without a mouse."""
    labels = sorted({name for gathered in matrix.members for name in gathered} | {*matrix.labels})
    with st.container(key="review-pickers", gap="small"):
        places = st.columns(5, gap="small")
    sides = (
        ("true", "True type", chosen.cell.true, "(spurious)"),
        ("predicted", "Predicted type", chosen.cell.predicted, "(missed)"),
    )
    for place, (side, title, name, nothing) in zip(places, sides, strict=False):
        st.session_state[f"entities {side}"] = _EVERY if name is None else name
        place.selectbox(
            title,
            [_EVERY, *labels, matrix.nothing],
            format_func=partial(_said, {_EVERY: "Any", matrix.nothing: nothing}),
            key=f"entities {side}",
            on_change=_pick,
            args=(found.split,),
        )
    st.session_state["entities error"] = chosen.kind
    places[2].selectbox(
        "What happened",
        list(KINDS),
        format_func=KINDS.__getitem__,
        key="entities error",
        on_change=_pick,
        args=(found.split, True),
        help="Missed: true, and nothing predicted answers it. Spurious: predicted, and nothing true is answered. Wrong "
        "type: the same borders with another type. Wrong borders: the same type, overlapping.",
    )
    order = places[3].selectbox(
        "First",
        list(_ORDERS),
        format_func=_ORDERS.__getitem__,
        key="entities order",
        persist_state="page",
        on_change=forget_row,
        help=term("loss"),
    )
    find = places[4].text_input(
        "Text contains", key="entities find", type="search", persist_state="page", on_change=forget_row
    )
    return order, find or ""


def _said(names: dict[str, str], label: str) -> str:
    return names.get(label, shorten(label, 60))


@guarded_callback
def _pick(split: str, keeps_kind: bool = False) -> None:
    true, predicted = (st.session_state[f"entities {side}"] for side in ("true", "predicted"))
    cell = Selection(None if true == _EVERY else true, None if predicted == _EVERY else predicted)
    kind = st.session_state["entities error"]
    # “Any mistake” goes without saying while no type is chosen, and would hide the right ones of a type.
    choose(cell, kind if keeps_kind or kind != WRONG else None, split=split)


def _table(found: Evaluation, rows: pd.DataFrame, place: int, chosen: Chosen) -> None:
    shown = pd.DataFrame(
        {
            "Text": [shorten(text, 240) for text in rows["text"]],
            "Chosen": rows["chosen"].tolist(),
            "Mistakes": rows["mistakes"].tolist(),
            "Right": rows["tp"].tolist(),
            "Loss": rows["loss"].tolist(),
        }
    )
    if chosen.is_empty:  # the same as all mistakes
        shown = shown.drop(columns="Chosen")
    numbers = rows["row"].tolist()
    key = f"entity rows {found.key[2]} {numbers[0]} {numbers[-1]} {len(numbers)}"

    @guarded_callback
    def on_row() -> None:
        picked = st.session_state[key]["selection"]["rows"]
        if picked:
            open_row(numbers[picked[0]])

    st.session_state[key] = {"selection": {"rows": [place], "columns": [], "cells": []}}
    st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select=on_row,
        selection_mode="single-row",
        height=min(36 * len(shown) + 40, 330),
        column_config={
            "Text": st.column_config.TextColumn(width="large"),
            "Chosen": st.column_config.NumberColumn(help="Spans of the kind that is chosen.", width=80),
            "Mistakes": st.column_config.NumberColumn(
                help="Spans that are missed, spurious or wrong.", width=90
            ),
            "Right": st.column_config.NumberColumn(help="Spans right in border and label.", width=80),
            "Loss": st.column_config.NumberColumn(format="%.2f", help=term("loss"), width=80),
        },
        alt=f"{count(len(shown), 'text')} with the number of their mistakes",
    )


def _below(found: Evaluation, rows: pd.DataFrame, start: int) -> None:
    pages = -(-len(rows) // ROWS_PER_PAGE)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if pages > 1:
            numbers = rows["row"].iloc[::ROWS_PER_PAGE].tolist()
            now = start // ROWS_PER_PAGE + 1
            # A key of its own for every page, so that Previous and Next can turn it too.
            key = f"entities page {now} of {pages}"

            @guarded_callback
            def on_page() -> None:
                open_row(numbers[int(st.session_state[key]) - 1])

            st.pagination(pages, default=now, key=key, on_change=on_page, max_visible_pages=5)
        names = [
            "row",
            "row_id",
            "split",
            "text",
            "gold",
            "predicted",
            "tp",
            "fp",
            "fn",
            "confidence",
            "loss",
        ]
        st.download_button(
            f"{count(len(rows), 'text')} (CSV)",
            lambda: csv_bytes(rows[names]),
            f"{found.run.id}-{found.split}-texts.csv",
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key="download texts",
        )


def show_entities(
    found: Evaluation, labels: tuple[str, ...], rows: pd.DataFrame, place: int, lines: pd.DataFrame
) -> None:
    """One text in full with its true and its predicted spans; those of `lines` are outlined."""
    row: pd.Series[Any] = rows.iloc[place]
    gold, predicted = json.loads(row["gold"]), json.loads(row["predicted"])
    text = str(row["text"])
    matches = match_spans(gold, predicted, lambda: word_starts(text, int(row["words"])))
    where = (found.frame["row"] == row["row"]).to_numpy().argmax()
    meant = lines[lines["place"] == where]
    chosen = set(zip(meant["true_at"], meant["predicted_at"], strict=True))
    with st.container(border=True, key="review-row"):
        show_steps(rows, place)
        explain_link(found.run, found.split, int(row["row"]))
        show_lanes(text, gold, predicted, matches, label_colours(labels), chosen=chosen)
        st.caption(
            f"Filled: {count(len(gold), 'true entity', 'true entities')}. Framed, beneath: "
            f"{count(len(predicted), 'predicted entity', 'predicted entities')}. Dashed: the borders differ. Point at "
            "one for its confidence."
        )
        facts = [
            f"{count(int(row['tp']), 'entity', 'entities')} right",
            f"loss {significant(float(row['loss']))}" if pd.notna(row["loss"]) else "",
            count(float(row["tokens"]), "token") if "tokens" in row else "",
            "a word was longer than the model reads, and its end was cut" if row.get("truncated") else "",
        ]
        st.caption(" · ".join(fact for fact in facts if fact))
