"""Tables and charts as files to keep: CSV that no spreadsheet runs as formulas, and pages that work offline."""

import re
from typing import Any

import pandas as pd
import plotly.graph_objects as go

_FORMULA = re.compile(r"^[=+\-@\t\r]")


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """The table as UTF-8 CSV with a byte order mark, texts that look like formulas made inert with a quote."""
    safe = frame.apply(_inert_column)
    safe.columns = pd.Index([_inert(column) for column in frame.columns])
    # With these line ends (RFC 4180) a carriage return within a cell is quoted too.
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _inert_column(values: "pd.Series[Any]") -> "pd.Series[Any]":
    harmless = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values)
    return values if harmless else values.map(_inert, na_action="ignore")


def _inert(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def html_page(figure: go.Figure) -> str:
    """The chart as one HTML file with everything in it."""
    return str(figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False}))
