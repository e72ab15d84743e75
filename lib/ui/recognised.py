"""How a file was read: what was recognised, what was put right, what was set aside, and reading it in another way."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from lib.data.csv_file import csv_bytes
from lib.data.layout import delimiter_words
from lib.data.read import ReadAs, RejectedLine
from lib.data.table import Table
from lib.ui.drafts import Draft
from lib.ui.frame import guarded_callback
from lib.ui.numbers import count
from lib.ui.staging import read_again, said_of
from lib.ui.words import escape_markdown, shorten

_RECOGNISE = "Recognise"
_READ_WITH = re.compile(r"Read as [^,]+ with .*\.")
_DELIMITERS = {
    ",": "Comma  ,",
    ";": "Semicolon  ;",
    "\t": "Tab",
    "|": "Bar  |",
    " ": "Space",
    ":": "Colon  :",
}
_ENCODINGS = (
    "utf-8", "cp1252", "utf-16", "latin-1", "cp1250", "cp1251", "koi8-r", "cp1253", "cp1254", "cp1255", "cp1256",
    "gb18030", "big5", "shift_jis", "euc_jp", "cp949", "mac-roman",
)  # fmt: skip
_NO_HEADER = "No line does"
_MOST_SHOWN = 100


def show_recognised(token: str, table: Table) -> None:
    """What was recognised and repaired in a file just read; the rest behind a click each."""
    said, words = said_of(token), format_words(table.format)
    # What the button below says need not be said twice.
    repairs = [one for one in table.repairs if not (said and words and _READ_WITH.fullmatch(one))]
    if repairs:
        st.caption(" ".join(escape_markdown(sentence) for sentence in repairs))
    if said is not None and words:
        with (
            st.container(horizontal=True, key="reading"),
            st.popover(
                f"Read as {words}", icon=":material/tune:", type="tertiary", help="Read it differently"
            ),
        ):
            _choices(token, table, said)
    show_lines_aside(
        table.rejected,
        len(table.rejected),
        lambda: pd.DataFrame([line.to_json() for line in table.rejected]),
    )
    show_originals(table.originals)


def format_words(form: dict[str, Any]) -> str:
    """How a file was understood, in a few words; "" for what cannot be read in another way."""
    kind = form.get("format")
    if kind == "delimited":
        delimiter = form.get("delimiter")
        between = escape_markdown(delimiter_words(delimiter)) if delimiter else "one column"
        return f"{between}, {str(form.get('encoding', '')).upper()}, {_header_words(form, 'line')}"
    if kind == "excel":
        return f"sheet “{escape_markdown(shorten(str(form.get('sheet')), 30))}”, {_header_words(form, 'row')}"
    if kind in ("json", "json-lines", "squad", "conll", "phrases"):
        names = {
            "json": "JSON",
            "json-lines": "JSON Lines",
            "squad": "SQuAD",
            "conll": "CoNLL",
            "phrases": "phrases",
        }
        return f"{names[kind]}, {str(form.get('encoding', '')).upper()}"
    return "Parquet" if kind == "parquet" else ""


def _header_words(form: dict[str, Any], noun: str) -> str:
    number = form.get("header_line", 1)
    return f"names in {noun} {number}" if form.get("header") else "no names of columns"


def show_lines_aside(
    rejected: tuple[RejectedLine, ...], number: int, all_lines: Callable[[], pd.DataFrame]
) -> None:
    """The lines that are no rows, behind a click, with a file of all of them; nothing when there are none."""
    if not number:
        return
    noun = "line was" if number == 1 else "lines were"
    with st.expander(f"{count(number)} {noun} set aside", icon=":material/inbox:"):
        st.dataframe(
            [{"Line": line.line, "Why": line.reason, "Text": line.text} for line in rejected[:_MOST_SHOWN]],
            hide_index=True,
            alt="Lines of the file that are not in the table, and why",
        )
        _download("All of them (CSV)", "set-aside.csv", all_lines)


def show_originals(originals: pd.DataFrame | None) -> None:
    """The cells whose text was put right, behind a click, with a file of them; nothing when there are none."""
    if originals is None or originals.empty:
        return
    number = len(originals)
    with st.expander(f"{count(number, 'cell')} put right", icon=":material/healing:"):
        st.dataframe(
            originals.head(_MOST_SHOWN),
            hide_index=True,
            column_config={"row": "Row", "column": "Column", "before": "Before", "after": "After"},
            alt="Cells whose text was encoded twice, before and after it was put right",
        )
        _download("All originals (CSV)", "originals.csv", lambda: originals)


def _download(label: str, file: str, make: Callable[[], pd.DataFrame]) -> None:
    st.download_button(
        label,
        lambda: csv_bytes(make()),
        file,
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        key=f"download {file}",
    )


def _choices(token: str, table: Table, said: ReadAs) -> None:
    """What may be said about the file; each change reads it again at once."""
    kind = table.format.get("format")
    key = f"read {token}"
    if kind == "excel":
        sheets = [str(sheet) for sheet in table.format.get("sheets", [])]
        st.selectbox(
            "Sheet", sheets, sheets.index(table.format["sheet"]) if table.format.get("sheet") in sheets else 0,
            key=f"{key} sheet", on_change=_read, args=(token, "sheet"),
        )  # fmt: skip
    if kind == "delimited":
        options = [_RECOGNISE, *_DELIMITERS]
        if said.delimiter and said.delimiter not in options:
            options.append(said.delimiter)
        st.selectbox(
            "Between fields", options, options.index(said.delimiter or _RECOGNISE), key=f"{key} delimiter",
            format_func=lambda value: _DELIMITERS.get(value, value), accept_new_options=True,
            help="Choose, or type any characters, such as ::", on_change=_read, args=(token, "delimiter"),
        )  # fmt: skip
    if kind in ("delimited", "excel"):
        lines = [_RECOGNISE, _NO_HEADER, *map(str, range(1, 21))]
        now = _RECOGNISE if said.header is None else _NO_HEADER if said.header == 0 else str(said.header)
        if now not in lines:
            lines.append(now)
        st.selectbox(
            "Which row names the columns" if kind == "excel" else "Which line names the columns", lines,
            lines.index(now), key=f"{key} header", accept_new_options=True, on_change=_read, args=(token, "header"),
            help="What stands above it is set aside.",
        )  # fmt: skip
    if kind not in ("excel", "parquet"):
        options = [_RECOGNISE, *_ENCODINGS]
        if said.encoding and said.encoding not in options:
            options.append(said.encoding)
        st.selectbox(
            "Encoding", options, options.index(said.encoding or _RECOGNISE), key=f"{key} encoding",
            accept_new_options=True, on_change=_read, args=(token, "encoding"),
            help="How the file spells characters. Choose another when they look wrong.",
        )  # fmt: skip
    st.toggle(
        "Put right text that was encoded twice", said.repair, key=f"{key} repair", on_change=_read,
        args=(token, "repair"), 
        help="Such as “â€™” for “’”. Only what is certain is changed, and the original cells are kept.",
    )  # fmt: skip


@guarded_callback
def _read(token: str, changed: str) -> None:
    """Read the file again as was just said, and show what came out."""
    said = said_of(token) or ReadAs()
    value = st.session_state[f"read {token} {changed}"]
    text = "" if value in (None, _RECOGNISE) else str(value)
    new: dict[str, Any] = {changed: text or None}
    if changed == "header":
        new = {"header": 0 if text == _NO_HEADER else int(text) if text.isdigit() and len(text) < 7 else None}
    elif changed == "repair":
        new = {"repair": bool(value)}
    with st.spinner("Reading the file again"):
        other = read_again(token, replace(said, **new))
    before = Draft("data", token).get("name")
    if before:
        Draft("data", other).set("name", before)
    st.query_params["upload"] = other
