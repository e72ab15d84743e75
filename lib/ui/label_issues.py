"""The labels that look wrong: which are mixed up, the rows behind a cell, one row in full, and what to do with it."""

from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from lib.analysis.label_issues import ORDER_TITLES, IssueOrder
from lib.charts.label_health import label_health
from lib.charts.label_joint import label_joint
from lib.data.reviews import Review
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.downloads import csv_bytes
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.frame import guarded_callback
from lib.ui.label_check_data import LabelCheck
from lib.ui.label_decisions import decision_words, show_accept, show_issue
from lib.ui.label_pickers import label_pickers, picked_labels
from lib.ui.numbers import count
from lib.ui.pictures import PICTURE_ROW, pictures_folder, thumbnails_in
from lib.ui.reviewer import reviewed_subject, reviews_of
from lib.ui.words import shorten

ROWS_PER_PAGE = 50
_VIEWS = {"mixed": "Mixed up", "health": "Label by label"}
_SHOWN = {"all": "All flagged rows", "open": "Not decided yet", "decided": "Decided"}
_CHARACTERS_IN_A_CELL = 200


def show_issues(found: Evaluation, check: LabelCheck) -> None:
    """Charts beside the ranked list, the open row below."""
    subject = reviewed_subject(found.run.spec, found.run.id)
    assert subject is not None
    reviews = reviews_of(subject)
    given, suggested = (_asked(check, name) for name in ("given", "suggested"))
    left, right = st.columns([1, 1], gap="medium")
    with left:
        _charts(check, given, suggested)
    with right:
        rows, order = _listed(check, reviews, given, suggested)
        place = _table(found, check, rows, reviews) if len(rows) else None
        if place is None:
            st.caption("No such row. Choose another cell, or show all flagged rows.")
    if place is not None:
        show_issue(found, check, rows, place, subject, reviews)
    show_accept(rows, subject, reviews, order)


def _asked(check: LabelCheck, name: str) -> str | None:
    asked = st.query_params.get(name)
    return asked if asked in check.issues.labels else None


def _select(given: str | None, suggested: str | None) -> None:
    for name, value in (("given", given), ("suggested", suggested), ("issue", None)):
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value


def _charts(check: LabelCheck, given: str | None, suggested: str | None) -> None:
    view = st.segmented_control(
        "View",
        list(_VIEWS),
        format_func=_VIEWS.__getitem__,
        key="label issues view",
        default="mixed",
        required=True,
        label_visibility="collapsed",
        persist_state="page",
    )
    issues, labels = check.issues, check.issues.labels
    if view == "health":
        table = issues.health()
        st.caption("Click a dot to read the flagged rows of its label.")

        @guarded_callback
        def on_dot() -> None:
            if data := picked_data("label health"):
                _select(str(table["label"].iloc[int(data[0])]), None)

        show_chart(label_health(table, theme=current_theme()), "label health", on_select=on_dot)
        return
    st.caption("Click a cell to read its rows.")
    cell = None
    if given is not None and suggested is not None:
        cell = labels.index(given), labels.index(suggested)

    @guarded_callback
    def on_cell() -> None:
        if data := picked_data("label joint"):
            given, suggested = data[:2]
            _select(labels[int(given)], labels[int(suggested)])

    show_chart(label_joint(issues, selected=cell, theme=current_theme()), "label joint", on_select=on_cell)


def _listed(
    check: LabelCheck, reviews: Mapping[int, Review], given: str | None, suggested: str | None
) -> tuple[pd.DataFrame, IssueOrder]:
    """The rows to show, and the pickers that say which: the way to them without a mouse."""
    heading = st.container(gap=None)
    with st.container(key="issue-pickers", gap="small"):
        places = [*st.columns(2, gap="small", wrap=False), *st.columns(2, gap="small", wrap=False)]
    pickers = {"given": ("Given label", given), "suggested": ("Suggested label", suggested)}
    label_pickers(places, "issues", pickers, check.issues.labels, on_change=_take_pickers)
    order: IssueOrder = places[2].selectbox(
        "First",
        list(ORDER_TITLES),
        format_func=lambda by: ORDER_TITLES[by].split(":")[0],
        key="issues order",
        persist_state="page",
        on_change=_forget_row,
        help=" · ".join(ORDER_TITLES.values()),
    )
    shown = places[3].selectbox(
        "Show",
        list(_SHOWN),
        format_func=_SHOWN.__getitem__,
        key="issues shown",
        persist_state="page",
        on_change=_forget_row,
    )
    rows = check.listed(order, given=given, suggested=suggested)
    decided = rows["row"].isin([row for row, review in reviews.items() if review.status != "needs review"])
    done, among = int(decided.sum()), len(rows)
    if shown != "all":
        rows = rows[decided if shown == "decided" else ~decided]
    with heading:
        st.markdown(f"**{count(len(rows), 'flagged row')}** · decided {count(done)} of {count(among)}")
    return rows, order


@guarded_callback
def _take_pickers() -> None:
    _select(*picked_labels("issues", "given", "suggested"))


def _forget_row() -> None:
    st.query_params.pop("issue", None)


def _table(found: Evaluation, check: LabelCheck, rows: pd.DataFrame, reviews: Mapping[int, Review]) -> int:
    """The page of the list on which the open row stands; returns that row's place in `rows`."""
    asked = st.query_params.get("issue", "")
    places = (rows["row"].astype("str") == asked).to_numpy().nonzero()[0]
    place = int(places[0]) if len(places) else 0
    start = place // ROWS_PER_PAGE * ROWS_PER_PAGE
    part = rows.iloc[start : start + ROWS_PER_PAGE]
    pictures = check.pictures
    folder = pictures_folder(found.run.spec.data.dataset) if pictures else None
    texts = {
        name: thumbnails_in(folder, part[name])
        if name in pictures
        else part[name].astype("str").map(lambda text: shorten(text, _CHARACTERS_IN_A_CELL))
        for name in check.texts
    }
    shown = pd.DataFrame(
        {
            **texts,
            "given": part["given"].map(lambda label: shorten(label, 40)),
            "suggested": part["suggested"].map(lambda label: shorten(label, 40)),
            "decision": [decision_words(reviews.get(int(row))) for row in part["row"]],
            "own": 100 * part["own"],
            "likely": 100 * part["likely"],
            "split": part["split"],
        }
    )
    numbers = part["row"].tolist()
    key = f"issue rows {check.run.id} {numbers[0]} {numbers[-1]} {len(numbers)}"
    st.session_state[key] = {"selection": {"rows": [place - start], "columns": [], "cells": []}}
    st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select=_on_row(key, numbers),
        selection_mode="single-row",
        height=min((PICTURE_ROW if pictures else 36) * len(shown) + 40, 340),
        row_height=PICTURE_ROW if pictures else None,
        column_config={
            **{
                name: (st.column_config.ImageColumn if name in pictures else st.column_config.TextColumn)(
                    shorten(name.removeprefix(INPUT), 30),
                    width=(110 if name in pictures else 150) // len(texts),
                )
                for name in texts
            },
            "given": st.column_config.TextColumn("Given", width=70),
            "suggested": st.column_config.TextColumn("Suggested", width=75),
            "own": st.column_config.NumberColumn(
                "p(given)", format="%.0f %%", width=70, help="How probable the given label is, out of fold."
            ),
            "likely": st.column_config.NumberColumn(
                "p(sugg.)",
                format="%.0f %%",
                width=70,
                help="How probable the suggested label is, out of fold.",
            ),
            "split": st.column_config.TextColumn(
                "Split",
                width=70,
                help="Test rows are flagged, but change only where you switch that on below.",
            ),
            "decision": st.column_config.TextColumn("Decision", width=95),
        },
        alt=f"{count(len(shown), 'flagged row')} with given and suggested labels",
    )
    _below(check, rows, start, reviews)
    return place


def _on_row(key: str, numbers: list[int]) -> Callable[[], None]:
    @guarded_callback
    def on_row() -> None:
        chosen = st.session_state[key]["selection"]["rows"]
        if chosen:
            st.query_params["issue"] = str(numbers[chosen[0]])

    return on_row


def _below(check: LabelCheck, rows: pd.DataFrame, start: int, reviews: Mapping[int, Review]) -> None:
    pages = -(-len(rows) // ROWS_PER_PAGE)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if pages > 1:
            first = rows["row"].iloc[::ROWS_PER_PAGE].tolist()
            now = start // ROWS_PER_PAGE + 1
            key = f"issues page {now} of {pages}"

            @guarded_callback
            def on_page() -> None:
                st.query_params["issue"] = str(first[int(st.session_state[key]) - 1])

            st.pagination(pages, default=now, key=key, on_change=on_page, max_visible_pages=5)
        st.download_button(
            f"{count(len(rows), 'row')} (CSV)",
            lambda: csv_bytes(issues_table(check, rows, reviews)),
            f"{check.run.id}-flagged.csv",
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key="download issues",
        )


def issues_table(check: LabelCheck, rows: pd.DataFrame, reviews: Mapping[int, Review]) -> pd.DataFrame:
    """The flagged rows as a file of their own, with what was decided about each."""
    table = rows[["row", "row_id", "split", "fold", *check.texts, "given", "suggested", "own", "likely"]]
    table = table.rename(columns={"own": "p_given", "likely": "p_suggested"})
    decided = [reviews.get(int(row)) for row in rows["row"]]
    return table.assign(
        decision=[review.status if review else "unreviewed" for review in decided],
        new_label=pd.Series(
            [review.label if review else None for review in decided], index=rows.index, dtype="str"
        ),
        author=[review.author if review else "" for review in decided],
        note=[review.note if review else "" for review in decided],
    )
