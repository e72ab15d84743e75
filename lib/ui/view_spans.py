"""An answer cut out of a text: marked in its passage, beside the accepted answers, the worst questions first."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.data.cells import as_list
from lib.ui.downloads import csv_bytes
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.explain_link import explain_link
from lib.ui.frame import guarded, guarded_callback
from lib.ui.judged_rows import show_steps
from lib.ui.marked_answers import Mark, show_answers
from lib.ui.numbers import count, share, significant
from lib.ui.review_row import show_text
from lib.ui.review_selection import forget_row, open_row, row_in_address
from lib.ui.view import View
from lib.ui.words import escape_markdown, shorten, term

ROWS_PER_PAGE = 50
NO_ANSWER = "No answer in this text"
FILTERS = {"all": "All", "wrong": "Wrong", "right": "Right", "unanswerable": "Without an answer"}
_PARAMETER, _CHOSEN = "answers", "review answers"


class SpanView(View):
    """Views of `Spans`."""

    def show_prediction(self, output: Any, row: "pd.Series[Any]", *, key: str, note: str = "") -> None:
        """The answer, how sure the model is, and the text with the answer marked."""
        st.metric(
            "Answer",
            escape_markdown(shorten(_said(row["predicted"]), 120)),
            help="The piece of the text that scores best as the answer.",
        )
        words = f"confidence {100 * float(row['confidence']):.1f} %"
        st.caption(escape_markdown(f"{words} · {note}" if note else words), help=term("confidence"))
        if isinstance(row.get("text"), str):
            show_answers(row["text"], [Mark(int(row["start"]), int(row["end"]), "chosen")])

    def tried(self, output: Any, row: "pd.Series[Any]") -> dict[str, Any]:
        """The answer and its probability."""
        return {"predicted": _said(row["predicted"]), "confidence": float(row["confidence"])}

    def in_words(self, output: Any, row: "pd.Series[Any]", name: str) -> str:
        """The accepted answers, or the one that was given."""
        return _accepted(row[name]) if name == "gold" else _said(row[name])

    def counts(self, output: Any, table: pd.DataFrame) -> "pd.Series[Any] | None":
        """How many questions got an answer, if any got none."""
        answers = table["predicted"].dropna()
        empty = answers == ""
        return empty.map({True: "no answer", False: "an answer"}) if empty.any() else None

    def review(self, found: Evaluation) -> None:
        """The questions, worst first, and one of them in full."""
        _review(found)


def answers_to_show(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The judged rows of one of FILTERS, worst first: not matched, least F1, highest loss."""
    right = frame["correct"].astype(bool)
    kept = {"all": right | ~right, "wrong": ~right, "right": right, "unanswerable": frame["gold"] == "[]"}[
        kind
    ]
    order = ["exact_match", "answer_f1", "loss"]
    return frame[kept].sort_values(order, ascending=[True, True, False], kind="stable")


def _said(answer: object) -> str:
    return str(answer) or NO_ANSWER


def _accepted(cell: object) -> str:
    """The accepted answers of a judged row, as one line."""
    return " · ".join(map(str, as_list(str(cell)) or [])) or NO_ANSWER


@st.fragment
@guarded
def _review(found: Evaluation) -> None:
    """The list and one of its rows; only this part runs again after a click."""
    rows = answers_to_show(found.frame, _choose_filter(found.frame))
    total = count(len(found.frame), f"{found.split} question")
    st.markdown(
        f"**{count(len(rows), 'question')}** among {total} ({share(len(rows), len(found.frame))}), worst first"
    )
    if rows.empty:
        st.caption("There is no such question.")
        return
    place = _place_of(rows)
    start = place // ROWS_PER_PAGE * ROWS_PER_PAGE
    _table(found, rows.iloc[start : start + ROWS_PER_PAGE], place - start)
    _below(found, rows, start)
    _show_row(found, rows, place)


def _choose_filter(frame: pd.DataFrame) -> str:
    """Which questions to list; in the address, so that a link reopens them."""
    options = [kind for kind in FILTERS if kind != "unanswerable" or (frame["gold"] == "[]").any()]
    asked = st.query_params.get(_PARAMETER)
    usual = "all" if frame["correct"].all() else "wrong"
    now = asked if asked in options else usual
    st.session_state[_CHOSEN] = now
    st.segmented_control(
        "Which questions",
        options,
        format_func=FILTERS.__getitem__,
        key=_CHOSEN,
        required=True,
        on_change=_take_filter,
        label_visibility="collapsed",
    )
    return now


@guarded_callback
def _take_filter() -> None:
    st.query_params[_PARAMETER] = st.session_state[_CHOSEN]
    forget_row()


def _place_of(rows: pd.DataFrame) -> int:
    """Where the open row stands in the list: the one in the address, else the first."""
    places = (rows["row"] == row_in_address()).to_numpy().nonzero()[0]
    return int(places[0]) if len(places) else 0


def _question_columns(found: Evaluation) -> list[str]:
    """The columns that were read beside the text itself; all of them if that cannot be told."""
    context = f"{INPUT}{found.run.spec.data.columns.get('context', '')}"
    return [name for name in found.texts if name != context] or found.texts


def _table(found: Evaluation, rows: pd.DataFrame, place: int) -> None:
    questions = _question_columns(found)
    shown = pd.DataFrame(
        {
            **{name: rows[name].map(lambda text: shorten(text, 160)) for name in questions},
            "accepted": rows["gold"].map(lambda cell: shorten(_accepted(cell), 120)),
            "predicted": rows["predicted"].map(lambda text: shorten(_said(text), 120)),
            "exact_match": rows["correct"].map({True: "yes", False: "no"}),
            "answer_f1": rows["answer_f1"],
            "confidence": 100 * rows["confidence"],
            "loss": rows["loss"],
        }
    )
    numbers = rows["row"].tolist()
    key = f"{_CHOSEN} {found.key[2]} {numbers[0]} {numbers[-1]} {len(numbers)}"

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
        height=min(36 * len(shown) + 40, 360),
        column_config={
            **{
                name: st.column_config.TextColumn(shorten(name.removeprefix(INPUT), 30), width=270)
                for name in questions
            },
            "accepted": st.column_config.TextColumn("Accepted answers", width=210),
            "predicted": st.column_config.TextColumn("Predicted", width=210),
            "exact_match": st.column_config.TextColumn("Exact", width=60),
            "answer_f1": st.column_config.NumberColumn("F1", format="%.2f", width=55),
            "confidence": st.column_config.NumberColumn(
                "Confidence", format="%.1f %%", help=term("confidence"), width=90
            ),
            "loss": st.column_config.NumberColumn("Loss", format="%.2f", help=term("loss"), width=60),
        },
        alt=f"{count(len(shown), 'question')} with accepted and predicted answers, worst first",
    )


def _below(found: Evaluation, rows: pd.DataFrame, start: int) -> None:
    pages = -(-len(rows) // ROWS_PER_PAGE)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if pages > 1:
            numbers = rows["row"].iloc[::ROWS_PER_PAGE].tolist()
            now = start // ROWS_PER_PAGE + 1
            # A key of its own for every page, so that Previous and Next can turn it too.
            key = f"answers page {now} of {pages}"

            @guarded_callback
            def on_page() -> None:
                open_row(numbers[int(st.session_state[key]) - 1])

            st.pagination(pages, default=now, key=key, on_change=on_page, max_visible_pages=5)
        st.download_button(
            f"{count(len(rows), 'question')} (CSV)",
            lambda: csv_bytes(rows.drop(columns=["position", "text"], errors="ignore")),
            f"{found.run.id}-{found.split}-answers.csv",
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key="download answers",
        )


def _show_row(found: Evaluation, rows: pd.DataFrame, place: int) -> None:
    row = rows.iloc[place]
    with st.container(border=True, key="review-row"):
        show_steps(rows, place)
        explain_link(found.run, found.split, int(row["row"]))
        told, read = st.columns([2, 3], gap="large")
        with told:
            for name in _question_columns(found):
                show_text(row[name], title=shorten(name.removeprefix(INPUT), 60))
            verdict = "Right" if row["correct"] else "Wrong"
            st.markdown(f"{verdict}: predicted **{escape_markdown(shorten(_said(row['predicted']), 200))}**")
            st.markdown(f"Accepted: **{escape_markdown(shorten(_accepted(row['gold']), 300))}**")
            st.caption(escape_markdown(" · ".join(_facts(row))))
        with read:
            chosen = Mark(int(row["start"]), int(row["end"]), "chosen")
            show_answers(
                str(row["text"]), [chosen, Mark(int(row["gold_start"]), int(row["gold_end"]), "true")]
            )


def _facts(row: "pd.Series[Any]") -> list[str]:
    facts = [f"F1 {float(row['answer_f1']):.2f}"]
    if pd.notna(row["confidence"]):
        facts.append(f"confidence {100 * float(row['confidence']):.1f} %")
    if pd.notna(row["loss"]):
        facts.append(f"loss {significant(float(row['loss']))}")
    if row.get("truncated"):
        facts.append("the question was cut")
    return facts
