"""What there is to see of a table: its rows, labels, lengths and columns."""

import pandas as pd
import streamlit as st

from lib.charts.labels import label_balance
from lib.data.profile import Profile
from lib.data.split import SPLITS
from lib.ui.charts import current_theme, show_chart
from lib.ui.data_checks import show_checks
from lib.ui.data_lengths import show_lengths
from lib.ui.data_pictures import show_classes
from lib.ui.data_rows import show_rows
from lib.ui.data_versions import show_versions
from lib.ui.frame import guarded, redraw_if_asked
from lib.ui.numbers import count
from lib.ui.subject import Choice, Facts, Subject
from lib.ui.words import escape_markdown, shorten, term


@st.fragment
@guarded
def show_evidence(subject: Subject, choice: Choice, facts: Facts) -> None:
    """Everything about the table, in tabs, of which only the open one is worked out."""
    redraw_if_asked()
    names = ["Rows", "Labels and split", "Lengths", "Columns", "Checks", "Versions"]
    rows, labels, sizes, columns, checks, versions = st.tabs(names, key="view", bind="query-params")
    if rows.open:
        with rows:
            show_rows(subject, choice)
    elif labels.open:
        with labels:
            _labels(facts)
            show_classes(subject, choice)
    elif sizes.open:
        with sizes:
            show_lengths(subject, choice)
    elif columns.open:
        with columns:
            _columns(subject.profile(), choice)
    elif checks.open:
        with checks:
            show_checks(subject.stored)
    elif versions.open:
        with versions:
            show_versions(subject.stored)


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
