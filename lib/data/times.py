"""Reads a column of dates, times or numbers as points in time, and puts rows in their order."""

import numpy as np
import pandas as pd

# Of a column read as numbers, such as years or Unix times, so many cells must be numbers.
_NUMBERS = 0.98
_SAMPLE = 2_000


def moments(cells: pd.Series) -> np.ndarray:
    """Each cell as a point in time, float64[rows], later ones larger; nan for what is none.

    Numbers (years, Unix times) count as they are. Of dates such as 03/04/2017 the day comes first where some cell could
    not be read otherwise. Times of different zones are compared in UTC.
    """
    texts = cells.astype("str").str.strip()
    head = pd.to_numeric(texts.dropna().head(_SAMPLE), errors="coerce")
    if len(head) and head.notna().mean() >= _NUMBERS:
        return pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    first = texts.str.extract(r"^(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}", expand=True)
    day, month = (pd.to_numeric(first[column], errors="coerce") for column in (0, 1))
    # A day above twelve in the first place settles it; one in the second place says the month comes first.
    day_first = bool((day > 12).any()) and not bool((month > 12).any())
    read = pd.to_datetime(texts, errors="coerce", utc=True, format="mixed", dayfirst=day_first)
    seconds = (read - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return seconds.to_numpy(dtype=np.float64, na_value=np.nan)


def by_time(times: np.ndarray, units: np.ndarray, shares: tuple[float, float]) -> np.ndarray:
    """Split names per row: the latest for test, those before for validation, the oldest for training; else None.

    `shares` are those of (validation, test) among the rows with a time. Rows of one unit stay together, at the time of
    the earliest of them, so that nothing that was known before is tested; rows of one time are never divided.
    """
    known = ~np.isnan(times)
    parts = np.full(len(times), None, dtype=object)
    if not known.any():
        return parts
    earliest = np.full(int(units.max(initial=-1)) + 1, np.inf)
    np.minimum.at(earliest, units[known], times[known])
    placed = earliest[units]
    ordered = np.sort(placed[known])
    rows = len(ordered)
    # The first moment of test and of validation; all rows of a moment go the same way.
    test_from = ordered[min(rows - 1, round(rows * (1 - shares[1])))] if shares[1] else np.inf
    held_from = ordered[min(rows - 1, round(rows * (1 - shares[0] - shares[1])))] if sum(shares) else np.inf
    parts[known] = np.where(
        placed[known] >= test_from, "test", np.where(placed[known] >= held_from, "validation", "train")
    )
    return parts
