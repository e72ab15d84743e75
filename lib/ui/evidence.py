"""What there is to see of a table: its rows, labels, lengths and columns."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.labels import label_balance
from lib.charts.lengths import lengths
from lib.data.profile import Profile
from lib.data.split import SPLITS
from lib.tasks import find_task
from lib.ui.charts import current_theme, show_chart
from lib.ui.frame import guarded
from lib.ui.numbers import count
from lib.ui.pictures import PICTURE_ROW, picture_columns, with_thumbnails
from lib.ui.subject import Choice, Facts, Subject, tokens_in, words_in
from lib.ui.words import escape_markdown, shorten, term

ROWS_A_PAGE = 50


@st.fragment
@guarded
def show_evidence(subject: Subject, choice: Choice, facts: Facts) -> None:
    """Everything about the table, in four tabs, of which only the open one is worked out."""
    names = ["Rows", "Labels and split", "Lengths", "Columns"]
    rows, labels, sizes, columns = st.tabs(names, key="view", bind="query-params")
    if rows.open:
        with rows:
            _rows(subject, choice)
    elif labels.open:
        with labels:
            _labels(facts)
    elif sizes.open:
        with sizes:
            _lengths(subject, choice)
    elif columns.open:
        with columns:
            _columns(subject.profile(), choice)


def show_figures(subject: Subject, facts: Facts) -> None:
    """The table in four figures."""
    profile = subject.profile()
    used = None if facts.report is None else sum(facts.report.counts.values())
    with st.container(horizontal=True, gap="medium", key="figures"):
        _figure("Rows", count(profile.rows))
        _figure("Columns", count(len(profile.columns)))
        if facts.balance is not None:
            _figure("Labels", count(facts.balance["label"].nunique()))
        if used is not None:
            _figure("Left out", count(profile.rows - used), help="Rows without a text, a label or a split.")
        _figure("Duplicates", count(profile.duplicate_rows), help=term("duplicates"))


def _figure(label: str, value: str, help: str | None = None) -> None:
    st.metric(label, value, help=help, width="content")


def _rows(subject: Subject, choice: Choice) -> None:
    """The rows as they were read, a page at a time."""
    total = subject.profile().rows
    pages = max(1, -(-total // ROWS_A_PAGE))
    key = f"rows page {subject.key}"
    # The pages come after the table on screen but decide what is in it.
    table = st.container()
    number = 1
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center", key="row-pages"):
            number = st.pagination(pages, key=key, max_visible_pages=5)
            first = (number - 1) * ROWS_A_PAGE
            st.caption(f"Rows {first + 1:,}–{min(first + ROWS_A_PAGE, total):,} of {total:,}")
    start = (number - 1) * ROWS_A_PAGE
    frame = subject.rows(start, ROWS_A_PAGE)
    frame.index = pd.RangeIndex(start + 1, start + 1 + len(frame))
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
        key=f"rows {subject.key} {number}",
        alt=f"Rows {start + 1} to {start + len(frame)} of the table",
    )


def _labels(facts: Facts) -> None:
    if facts.report is None:
        st.caption("Once the columns are chosen, this shows how many rows each label has in each split.")
        return
    if facts.balance is not None:
        show_chart(label_balance(facts.balance, theme=current_theme()), "label-balance")
    if facts.report.labels:
        table = pd.DataFrame.from_dict(facts.report.labels, orient="index")[list(SPLITS)]
        table = table.assign(all=table.sum(axis=1)).sort_values("all", ascending=False)
        table.index.name = "label"
        st.dataframe(
            table,
            alt="Rows of each label in each split",
            column_config={
                name: st.column_config.NumberColumn(format="localized") for name in (*SPLITS, "all")
            },
            key="label table",
        )


def _lengths(subject: Subject, choice: Choice) -> None:
    task = find_task(choice.task)
    chosen = [role for role in task.roles if choice.columns.get(role.name)]
    texts = [choice.columns[role.name] for role in chosen if role.kind == "text"]
    if not texts and chosen:
        st.caption("Lengths are shown for columns of plain text.")
        return
    if not texts:
        st.caption("Once the text column is chosen, this shows how long the texts are.")
        return
    for place, column in enumerate(texts):
        if len(texts) > 1:
            st.markdown(f"**{escape_markdown(column)}**")
        words = words_in(subject.key, column, subject)
        if len(words):
            show_chart(lengths(words, theme=current_theme()), f"words-{place}")
        tokens = tokens_in(subject.key, column, subject)
        if tokens is not None and len(tokens):
            show_chart(lengths(tokens, unit="tokens", theme=current_theme()), f"tokens-{place}")
            st.caption(f"{term('token')} Counted with the tokenizer of MiniLM-L6.")


def _columns(profile: Profile, choice: Choice) -> None:
    table = pd.DataFrame(
        [
            {
                "Column": column.name,
                "Holds": column.kind,
                "Missing": column.missing,
                "Different": column.distinct,
                "Words (mean)": round(column.mean_words, 1),
                "For example": column.examples[0] if column.examples else "",
            }
            for column in profile.columns
        ]
    )
    figures = {name: st.column_config.NumberColumn(format="localized") for name in ("Missing", "Different")}
    st.dataframe(
        table,
        hide_index=True,
        column_config=figures,
        key="columns table",
        alt="One line for each column of the table",
    )
    chosen = set(choice.columns.values())
    notes = [(column.name, note) for column in profile.columns for note in column.notes]
    _remarks([(name, note) for name, note in notes if name in chosen])
    others = [(name, note) for name, note in notes if name not in chosen]
    if others:
        with st.expander(f"{count(len(others), 'remark')} on other columns"):
            _remarks(others)


def _remarks(notes: list[tuple[str, str]]) -> None:
    if notes:
        st.markdown(
            "\n".join(
                f"- **{escape_markdown(shorten(name, 60))}**: {escape_markdown(note)}" for name, note in notes
            )
        )
