"""What a version of a data set changed against the one before: in a sentence, and row by row behind a click."""

import pandas as pd
import streamlit as st

from lib.data.corrections import Changes
from lib.ui.downloads import csv_bytes
from lib.ui.numbers import count

MOST_LINES = 500


def changes_words(changes: Changes) -> str:
    """What would change, in a sentence."""
    held = (
        f" {count(changes.held, 'decision')} about test rows {'waits' if changes.held == 1 else 'wait'}: "
        "test rows change only with the switch."
        if changes.held
        else ""
    )
    if changes.table.empty:
        return f"Nothing would change yet: relabel rows, or leave some out.{held}"
    parts = [
        f"{count(number, 'row')} {word}"
        for word, number in (
            ("relabelled", changes.count("relabelled")),
            ("left out", changes.count("excluded")),
            ("changed", changes.count("changed")),
            ("moved to another part", changes.count("moved")),
        )
        if number
    ]
    said = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"It would have {said}.{held}"


def show_changes(table: pd.DataFrame, name: str) -> None:
    """Which rows change, from what to what, by whom; behind a click, with a file of all."""
    with st.expander(f"Which rows: {count(len(table))}", icon=":material/difference:", key=f"changes {name}"):
        shown = table.head(MOST_LINES).assign(row=table["row"] + 1)
        st.dataframe(
            shown,
            hide_index=True,
            height=min(36 * len(shown) + 40, 320),
            column_config={
                "row": "Row",
                "split": "Split",
                "change": "Change",
                "from": "From",
                "to": "To",
                "author": "By",
                "time": "When (UTC)",
                "note": "Note",
            },
            alt=f"{count(len(shown), 'changed row')} with the labels before and after",
        )
        st.download_button(
            "All changes (CSV)",
            lambda: csv_bytes(table.assign(row=table["row"] + 1)),
            "changes.csv",
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key=f"download changes {name}",
        )
