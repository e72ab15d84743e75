"""Figures and names in the sentences of findings."""

from collections.abc import Sequence

import numpy as np

from lib.data.split import SPLITS

_SHOWN = 3
_LONGEST = 40


def counted(number: int, noun: str, several: str = "") -> str:
    """A number with its noun: "1 row", "2,000 rows"."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def named(values: Sequence[str], most: int = _SHOWN) -> str:
    """Some values in quotes, and how many more there are."""
    short = [value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…" for value in values[:most]]
    shown = ", ".join(f"“{value}”" for value in short)
    return shown if len(values) <= most else f"{shown} and {len(values) - most:,} more"


def per_cent(part: float, whole: float) -> str:
    """A share: "12 %", "<1 %", "0 %"."""
    share = 100 * part / max(whole, 1)
    return "<1 %" if 0 < share < 1 else f"{share:.0f} %"


def by_part(parts: np.ndarray) -> str:
    """How many rows are in each part, int8 codes as in `Case.part`: "12 training, 3 test rows"."""
    names = ("training", "validation", "test")
    found = [(int((parts == code).sum()), names[code]) for code in range(len(SPLITS))]
    said = [f"{number:,} {name}" for number, name in found if number]
    return (
        f"{', '.join(said)} row{'' if sum(number for number, _ in found) == 1 else 's'}" if said else "no row"
    )


def test_rows_said(parts: np.ndarray) -> str:
    """A warning where test rows would change, else nothing."""
    number = int((parts == 2).sum())
    if not number:
        return ""
    are = "of them is a test row" if number == 1 else "of them are test rows"
    return f" {number:,} {are}, so scores on the new version cannot be compared with earlier ones."
