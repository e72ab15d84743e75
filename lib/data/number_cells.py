"""Reads numbers as people write them: decimal comma or point, thousands set apart, with a unit or per cent."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

# Sign, unit, sign, digits with marks, exponent, unit: "−€ 1,250.50", "12,5 km", "3e-4".
_CELL = re.compile(
    r"\s*(?P<sign>[-+−–]?)\s*(?P<before>[^\d\s.,+−–()-][^\d.,+−–()-]{0,11}?)?\s*(?P<inner>[-+−–]?)\s*"
    r"(?P<digits>\d(?:[\d.,'’_\u00a0\u202f\u2009 ]*\d)?|[.,]\d+)(?P<exponent>[eE][-+]?\d{1,3})?[.,]?"
    r"\s*(?P<after>[^\d\s()][^\d()]{0,11})?\s*\Z"
)
_SPACES = "'’_\u00a0\u202f\u2009 "
_CURRENCIES = ("€", "$", "£", "¥", "₹", "₽", "zł", "kr", "CHF", "EUR", "USD", "GBP")
_LOOKED_AT = 20_000


@dataclass(frozen=True)
class NumberFormat:
    """How a column writes its numbers: the decimal mark ("." or ",") and the unit that stands with most of them."""

    decimal: str = "."
    unit: str = ""


def number_format(cells: Iterable[str | None]) -> NumberFormat:
    """The format that fits most cells of a column.

    A mark followed by anything but three digits is decimal, one that occurs twice sets thousands apart, and of two
    different ones the last is decimal. Where nothing tells, "1,234" is a thousand; "1.234" is one too beside
    numbers of three digits ("980") or with a currency, which have no third decimal.
    """
    marks: Counter[str] = Counter()
    units: Counter[str] = Counter()
    in_doubt = bare = 0
    for cell in [cell for cell in cells if isinstance(cell, str)][:_LOOKED_AT]:
        match = _CELL.match(cell)
        if match is None:
            continue
        units[_unit(match)] += 1
        if mark := _decimal_mark(match["digits"]):
            marks[mark] += 1
        in_doubt += not mark and "." in match["digits"]
        bare += match["digits"].isdigit() and len(match["digits"]) == 3
    named = Counter({unit: count for unit, count in units.items() if unit})
    unit = named.most_common(1)[0][0] if named else ""
    thousands = in_doubt and not marks and (bare or any(sign in unit for sign in _CURRENCIES))
    return NumberFormat("," if marks[","] > marks["."] or thousands else ".", unit)


def read_number(cell: object, form: NumberFormat) -> float | None:
    """The number in a cell; None when it holds none, or one with another unit than the column's."""
    match = _CELL.match(cell) if isinstance(cell, str) else None
    if match is None or _unit(match) not in ("", form.unit):
        return None
    digits = _plain(match["digits"], form.decimal)
    if digits is None:
        return None
    value = float(digits + (match["exponent"] or ""))
    signs = [sign for sign in (match["sign"], match["inner"]) if sign and sign != "+"]
    return -value if len(signs) == 1 else value


def read_numbers(cells: "pd.Series[str]", form: NumberFormat | None = None) -> "pd.Series[float]":
    """The numbers of a column, missing (NaN) where a cell holds none; by its own format unless one is given."""
    form = form or number_format(cells)
    numbers = [read_number(cell, form) for cell in cells]
    values = np.array([np.nan if number is None else number for number in numbers], dtype=np.float64)
    return pd.Series(np.where(np.isfinite(values), values, np.nan), index=cells.index)


def holds_number(cell: str) -> bool:
    """Whether a cell is a number, with or without a unit, however it is written."""
    return _CELL.match(cell) is not None


def _unit(match: re.Match[str]) -> str:
    before, after = (" ".join((match[name] or "").split()) for name in ("before", "after"))
    return before or after


def _decimal_mark(digits: str) -> str:
    """The mark that must be the decimal one in these digits; "" when they do not tell."""
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        return "." if digits.rfind(".") > digits.rfind(",") else ","
    if not points and not commas:
        return ""
    mark, other = (".", ",") if points else (",", ".")
    if max(points, commas) > 1:
        return other
    whole, fraction = digits.split(mark)
    thousands = len(fraction) == 3 and fraction.isdigit() and re.fullmatch(r"[1-9]\d{0,2}", whole)
    return "" if thousands else mark


def _plain(digits: str, decimal: str) -> str | None:
    """Digits as Python reads them; None where the marks stand in places that make no sense."""
    whole, _, fraction = digits.partition(decimal)
    apart = ("," if decimal == "." else ".") + _SPACES
    if (fraction and not fraction.isdigit()) or decimal in fraction:
        return None
    if not whole.isdigit():
        # Groups of three, or of two before the last one as in India.
        if whole and not re.fullmatch(
            rf"\d{{1,3}}(?:[{re.escape(apart)}]\d{{2,3}})*[{re.escape(apart)}]\d{{3}}", whole
        ):
            return None
        whole = re.sub(r"\D", "", whole)
    return f"{whole or '0'}.{fraction or '0'}"
