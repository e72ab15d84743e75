"""Rows put into a few ranges by a number, so that a range can be chosen and its rows be read."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

MOST = 12


def share_bins() -> list[float]:
    """The ends of ten ranges of a share in [0, 1]."""
    return [number / 10 for number in range(11)]


def count_bins(values: Any) -> list[float]:
    """The ends of at most 12 ranges of whole numbers from 0; the highest 1 % stand in the last one."""
    known = _known(values)
    top = max(1, int(np.ceil(np.quantile(known, 0.99)))) if len(known) else 1
    width = max(1, -(-(top + 1) // MOST))
    return [float(end) for end in range(0, top + width + 1, width)]


def ratio_bins(values: Any) -> list[float]:
    """The ends of ten ranges of a number that is not below 0; the highest 1 % stand in the last one."""
    known = _known(values)
    top = float(np.quantile(known, 0.99)) if len(known) else 1.0
    step = max(round(top / 10, 1), 0.1)
    return [round(number * step, 2) for number in range(11)]


def which_bin(values: Any, ends: Sequence[float]) -> np.ndarray:
    """The range of each value, int64[rows]; its lower end belongs to it, the last has no upper end; −1 if missing."""
    numbers = np.asarray(values, dtype=np.float64)
    places = np.searchsorted(np.asarray(ends[1:-1]), numbers, side="right")
    return np.where(np.isnan(numbers), -1, places).astype(np.int64)


def binned(values: Any, ends: Sequence[float]) -> pd.DataFrame:
    """How many rows are in each range: columns from, to, rows; the last `to` is the highest value if that is more."""
    places = which_bin(values, ends)
    counts = np.bincount(places[places >= 0], minlength=len(ends) - 1)
    known = _known(values)
    last = max(float(ends[-1]), float(known.max())) if len(known) else float(ends[-1])
    return pd.DataFrame({"from": ends[:-1], "to": [*ends[1:-1], last], "rows": counts})


def _known(values: Any) -> np.ndarray:
    numbers = np.asarray(values, dtype=np.float64)
    return numbers[~np.isnan(numbers)]
