"""The evidence on labelled spans: a chart and a table of the labels, the texts that went wrong, and one in full."""

import json
from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.entities import OUTCOMES, entity_outcomes, entity_table, match_spans
from lib.charts.colours import label_colours
from lib.charts.entities import entity_outcomes as outcomes_chart
from lib.ui.charts import current_theme, show_chart
from lib.ui.downloads import csv_bytes
from lib.ui.entity_text import show_marked
from lib.ui.evaluate_data import Evaluation
from lib.ui.explain_link import explain_link
from lib.ui.frame import guarded_callback
from lib.ui.numbers import count, significant
from lib.ui.review_row import show_steps
from lib.ui.review_selection import forget_row, open_row, row_in_address
from lib.ui.words import escape_markdown, shorten, term

ROWS_PER_PAGE = 50
_EVERY = "any"
# What the picker of errors offers, beside the outcomes but "right".
_KINDS = {
    _EVERY: "Any mistake",
    "missed": "Missed",
    "extra": "Extra",
    "wrong type": "Wrong type",
    "wrong borders": "Wrong borders",
    "right": "Right",
}
_ORDERS = {"loss": "Highest loss", "mistakes": "Most mistakes", "row": "As in the file"}
_HOUR = 3600


@st.cache_data(max_entries=6, ttl=_HOUR, show_spinner="Comparing the spans")
def _outcomes(path: str, changed: int, split: str, _found: Evaluation) -> pd.DataFrame:
    return entity_outcomes(_found.frame["gold"].tolist(), _found.frame["predicted"].tolist())


def show_labels(found: Evaluation, labels: tuple[str, ...]) -> None:
    """What becomes of the true entities of each label, and the scores of each label with their intervals."""
    table = entity_table(_outcomes(*found.key, found), labels)
    left, right = st.columns([4, 5], gap="medium")
    with left:
        if table["support"].sum():
            show_chart(outcomes_chart(table, split=found.split, theme=current_theme()), "entities chart")
        else:
            st.markdown("No row has a true entity.")
    with right:
        _label_table(found, table)


def _label_table(found: Evaluation, table: pd.DataFrame) -> None:
    shown = pd.DataFrame({"Label": [shorten(label, 60) for label in table["label"]]})
    for name, title in (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1")):
        ends = zip(table[name], table[f"{name}_low"], table[f"{name}_high"], strict=True)
        shown[title] = [f"{value:.2f} ({low:.2f}–{high:.2f})" for value, low, high in ends]
    shown["True"], shown["Predicted"] = table["support"], table["predicted"]

    @guarded_callback
    def on_row() -> None:
        chosen = st.session_state["entities table"]["selection"]["rows"]
        if chosen:
            _take("label", str(table["label"].iloc[chosen[0]]))

    st.caption("Each score with its 95 % interval. Click a line’s box to read the texts with that label.")
    st.dataframe(
        shown,
        hide_index=True,
        key="entities table",
        on_select=on_row,
        selection_mode="single-row",
        column_config={
            "Precision": st.column_config.TextColumn(
                help="Of the spans given this label, the share that is right."
            ),
            "Recall": st.column_config.TextColumn(
                help="Of the spans that have this label, the share that is found."
            ),
            "True": st.column_config.NumberColumn(help="Spans that truly have the label."),
            "Predicted": st.column_config.NumberColumn(help="Spans that were given the label."),
        },
        alt=f"Precision, recall and F1 of {count(len(table), 'label')} on {found.split} rows",
    )
    st.download_button(
        "Labels with intervals (CSV)",
        lambda: csv_bytes(table),
        f"{found.run.id}-{found.split}-labels.csv",
        "text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def show_list(found: Evaluation, labels: tuple[str, ...]) -> tuple[pd.DataFrame, int] | None:
    """The texts with the label and the kind of error asked for; returns them and the place of the open one."""
    heading = st.container()
    names = sorted({*labels, *_outcomes(*found.key, found)["label"]})
    label, kind, order, find = _controls(names)
    rows = rows_to_show(
        found.frame, _outcomes(*found.key, found), label=label, kind=kind, order=order, find=find
    )
    with heading:
        among = f"among {count(len(found.frame), f'{found.split} row')}"
        what = "" if label == _EVERY else f" with **{escape_markdown(shorten(label, 60))}**"
        st.markdown(f"**{count(len(rows), 'text')}**{what}, {_KINDS[kind].lower()}, {among}")
    if rows.empty:
        st.caption("No such text. Choose another label or another kind of mistake.")
        return None
    number = row_in_address()
    # Only the open row is looked for; without one, or when it is not in the list, the first is open.
    place = int((rows["row"] == (-1 if number is None else number)).to_numpy().argmax())
    start = place // ROWS_PER_PAGE * ROWS_PER_PAGE
    _table(found, rows.iloc[start : start + ROWS_PER_PAGE], place - start)
    _below(found, rows, start)
    return rows, place


def rows_to_show(
    frame: pd.DataFrame, outcomes: pd.DataFrame, *, label: str, kind: str, order: str, find: str
) -> pd.DataFrame:
    """The judged rows with a span of that label and outcome ("any": with a mistake), in the order asked for.

    With one more column, `mistakes`: how many true spans are missed or wrong, and how many predicted ones are extra.
    """
    wrong = outcomes[outcomes["outcome"] != "right"]
    chosen = wrong if kind == _EVERY else outcomes[outcomes["outcome"] == kind]
    if label != _EVERY:
        chosen = chosen[chosen["label"] == label]
    places = sorted(set(chosen["place"]))
    # A span that is wrong on both sides is one mistake.
    counted = wrong[(wrong["side"] == "gold") | (wrong["outcome"] == "extra")]
    mistakes = counted["place"].value_counts().reindex(range(len(frame)), fill_value=0)
    rows = frame.assign(mistakes=mistakes.to_numpy()).iloc[places]
    if find.strip():
        rows = rows[rows["text"].str.contains(find.strip(), case=False, regex=False, na=False)]
    return rows.sort_values(order, ascending=order == "row", kind="stable")


def _controls(labels: list[str]) -> tuple[str, str, str, str]:
    """Label and kind of error, which are in the address, order and search."""
    for name, known in (("label", labels), ("error", list(_KINDS))):
        asked = st.query_params.get(name)
        st.session_state[f"entities {name}"] = asked if asked in known else _EVERY
    with st.container(key="review-pickers", gap="small"):
        first, second, third, fourth = st.columns(4, gap="small")
    first.selectbox(
        "Label",
        [_EVERY, *labels],
        format_func=lambda label: "Any" if label == _EVERY else shorten(label, 60),
        key="entities label",
        on_change=_pick,
    )
    second.selectbox(
        "What happened",
        list(_KINDS),
        format_func=_KINDS.__getitem__,
        key="entities error",
        on_change=_pick,
        help="Missed: true, and nothing was predicted there. Extra: predicted, and nothing is true there. Wrong type: "
        "the same span under another label. Wrong borders: it overlaps a true span.",
    )
    order = third.selectbox(
        "First",
        list(_ORDERS),
        format_func=_ORDERS.__getitem__,
        key="entities order",
        persist_state="page",
        on_change=forget_row,
        help=term("loss"),
    )
    find = fourth.text_input(
        "Text contains", key="entities find", type="search", persist_state="page", on_change=forget_row
    )
    return st.session_state["entities label"], st.session_state["entities error"], order, find or ""


@guarded_callback
def _pick() -> None:
    for name in ("label", "error"):
        _take(name, st.session_state[f"entities {name}"])


def _take(name: str, value: str) -> None:
    if value == _EVERY:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value
    forget_row()


def _table(found: Evaluation, rows: pd.DataFrame, place: int) -> None:
    shown = pd.DataFrame(
        {
            "Text": [shorten(text, 240) for text in rows["text"]],
            "Mistakes": rows["mistakes"].tolist(),
            "Right": rows["tp"].tolist(),
            "Loss": rows["loss"].tolist(),
        }
    )
    numbers = rows["row"].tolist()
    key = f"entity rows {found.key[2]} {numbers[0]} {numbers[-1]} {len(numbers)}"

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
        height=min(36 * len(shown) + 40, 330),
        column_config={
            "Text": st.column_config.TextColumn(width="large"),
            "Mistakes": st.column_config.NumberColumn(
                help="Spans that are missed, extra or wrong.", width=90
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


def show_entities(found: Evaluation, labels: tuple[str, ...], rows: pd.DataFrame, place: int) -> None:
    """One text in full: its true and its predicted spans, those that differ with what is wrong."""
    row: pd.Series[Any] = rows.iloc[place]
    gold, predicted = json.loads(row["gold"]), json.loads(row["predicted"])
    true, guessed = match_spans(gold, predicted)
    colours = label_colours(labels)
    with st.container(border=True, key="review-row"):
        show_steps(rows, place)
        explain_link(found.run, found.split, int(row["row"]))
        for title, spans, outcomes in (("True", gold, true), ("Predicted", predicted, guessed)):
            notes = ["" if outcome == OUTCOMES[0] else outcome for outcome in outcomes]
            said = f"{title}: {count(len(spans), 'entity', 'entities')}"
            show_marked(str(row["text"]), spans, colours, notes=notes, title=said)
        facts = [
            f"{count(int(row['tp']), 'entity', 'entities')} right",
            f"loss {significant(float(row['loss']))}" if pd.notna(row["loss"]) else "",
            count(float(row["tokens"]), "token") if "tokens" in row else "",
            "a word was longer than the model reads, and its end was cut" if row.get("truncated") else "",
        ]
        st.caption(" · ".join(fact for fact in facts if fact))
