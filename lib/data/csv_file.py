"""Writes tables as CSV that no spreadsheet runs as formulas."""

import re
from typing import Any

import pandas as pd

_FORMULA = re.compile(r"^[=+\-@\t\r]")
# What begins with a sign and is nothing but a number is harmless, and of more use as it is.
_NUMBER = re.compile(r"^[-+](\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?%?$")


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """The table as UTF-8 CSV with a byte order mark, texts that look like formulas made inert with a quote."""
    # With these line ends (RFC 4180) a carriage return within a cell is quoted too.
    return without_formulas(frame).to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with a quote before texts, and names of columns, that a spreadsheet would take for formulas."""
    safe = frame.apply(_inert_column)
    safe.columns = pd.Index([_inert(column) for column in frame.columns])
    return safe


def _inert_column(values: "pd.Series[Any]") -> "pd.Series[Any]":
    harmless = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values)
    return values if harmless else values.map(_inert, na_action="ignore")


def _inert(value: object) -> object:
    risky = isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.match(value)
    return f"'{value}" if risky else value
