"""Reviewing mistakes together: a status and a note for the open row, who said so, and how far the team is."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.mistakes import wrong
from lib.data.reviews import MOST_NOTE, Review, Status
from lib.tasks.outputs import LabelScores
from lib.ui.downloads import csv_bytes
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded_callback
from lib.ui.label_check_data import settled_rows
from lib.ui.numbers import ago, count
from lib.ui.review_report import report_page, reviewed_table
from lib.ui.reviewer import decide, reviewed_subject, reviews_of, show_reviewer
from lib.ui.words import escape_markdown, shorten

TITLES: dict[Status, str] = {
    "accepted": "Label is right",
    "relabel": "Other label",
    "exclude": "Leave out",
    "needs review": "Needs review",
}


def show_row_review(found: Evaluation, row: "pd.Series[Any]") -> None:
    """The status and the note of an open row; nothing for answers that are not one label."""
    subject = reviewed_subject(found.run.spec, found.run.id)
    if subject is None or not isinstance(found.output, LabelScores):
        return
    number = int(row["row"])
    reviews = reviews_of(subject)
    now = reviews.get(number)
    with st.container(key="row-review", gap="small"):
        keys = [f"review {part} {number}" for part in ("status", "label", "note")]
        others = [label for label in found.output.labels if label != str(row["gold"])]
        _fill(keys, now, others, str(row["predicted"]))
        arguments = (subject, number, keys)
        st.pills(
            "Review",
            list(TITLES),
            format_func=TITLES.__getitem__,
            key=keys[0],
            on_change=_keep,
            args=arguments,
            help="What a person says of the true label. Nothing chosen: not reviewed. The same decisions stand in the "
            "Labels view, where a new version of the data is made of them.",
        )
        if st.session_state[keys[0]] == "relabel":
            st.selectbox(
                "Label it should have",
                others,
                format_func=lambda label: shorten(label, 60),
                key=keys[1],
                on_change=_keep,
                args=arguments,
            )
        st.text_input("Note", key=keys[2], max_chars=MOST_NOTE, on_change=_keep, args=arguments)
        mistakes = wrong(found.frame)["row"].tolist()
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            done = settled_rows(reviews, mistakes)
            who = (
                f"{escape_markdown(shorten(now.author, 40)) or 'Somebody'}, {ago(now.time)} · " if now else ""
            )
            st.caption(f"{who}reviewed {count(done)} of {count(len(mistakes), f'{found.split} mistake')}")
            show_reviewer()
            _export(found, reviews)


def _fill(keys: list[str], now: Review | None, others: list[str], predicted: str) -> None:
    """What is kept, on the widgets, every time: another tab may have decided meanwhile."""
    status, label, note = keys
    st.session_state[status] = now.status if now and now.status in TITLES else None
    wanted = (now.label if now else None) or predicted
    st.session_state[label] = wanted if wanted in others else next(iter(others), None)
    st.session_state[note] = now.note if now else ""


@guarded_callback
def _keep(subject: str, number: int, keys: list[str]) -> None:
    status, label, note = (st.session_state.get(key) for key in keys)
    decide(
        subject,
        [Review(number, status or "unreviewed", label if status == "relabel" else None, str(note or ""))],
    )


def _export(found: Evaluation, reviews: Any) -> None:
    """The review as a table and as one page that works offline."""
    with st.popover("Keep the review", icon=":material/download:", type="tertiary", key="keep review"):
        name = f"{found.run.id}-{found.split}-review"
        base = str(st.context.url or "").split("?")[0]
        st.download_button(
            "Table (CSV)",
            lambda: csv_bytes(reviewed_table(found, reviews, base)),
            f"{name}.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/table:",
            key="review csv",
        )
        st.download_button(
            "Report (HTML)",
            lambda: report_page(found, reviews, base),
            f"{name}.html",
            "text/html",
            on_click="ignore",
            icon=":material/article:",
            key="review html",
        )
