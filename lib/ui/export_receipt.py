"""The receipt of an export: what must be known to use it, a snippet, and what was measured of it."""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from lib.ui.numbers import duration
from lib.ui.words import escape_markdown

SHOWN_APART = ("use", "notes", "files")


def show_receipt(receipt: Mapping[str, Any]) -> None:
    """Notes, measurements and the snippet."""
    facts = receipt.get("facts") or {}
    for note in facts.get("notes", []):
        st.markdown(escape_markdown(note))
    measured = receipt.get("measured") or {}
    if measured:
        show_measured(measured)
    if use := facts.get("use"):
        with st.expander("Use it in plain Python", icon=":material/code:"):
            st.code(use, language="python", wrap_lines=True)
    st.caption(f"Made in {duration(receipt.get('seconds'))}.")


def keep_receipt(receipt: Mapping[str, Any]) -> None:
    """The whole receipt as a file."""
    st.download_button(
        "Receipt (JSON)",
        json.dumps(receipt, indent=1, ensure_ascii=False),
        f"receipt-{receipt.get('export')}.json",
        "application/json",
        on_click="ignore",
        icon=":material/receipt_long:",
        type="tertiary",
        key=f"receipt {receipt.get('export')} {receipt.get('created')}",
    )


def show_measured(measured: Mapping[str, Any]) -> None:
    """Figures of the thing made beside the original: sentences, and tables where there are any."""
    for sentence in measured.get("sentences", []):
        st.markdown(escape_markdown(sentence))
    for table in measured.get("tables", []):
        st.caption(escape_markdown(table.get("title", "")))
        st.dataframe(
            [dict(zip(table["columns"], row, strict=False)) for row in table["rows"]],
            hide_index=True,
            alt=str(table.get("title", "")),
        )
