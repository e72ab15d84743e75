"""Checks of a column of pictures: there, readable, large enough, and the same picture not under two labels."""

from pathlib import Path

import pandas as pd
from PIL import Image

from lib.errors import Problem

# Reading the first bytes of so many files takes about a second.
MOST_OPENED = 2_000
SMALLEST = 24


def check_pictures(frame: pd.DataFrame, column: str) -> list[Problem]:
    """Missing, unreadable and tiny pictures; at most 2,000 are opened, and only as far as their size."""
    where = f'column "{column}"'
    cells = frame[column].dropna()
    if cells.empty:
        what = "No row names a picture."
        return [Problem(what, where, "Choose another column.", code="pictures-all-missing")]
    problems = []
    if missing := len(frame) - len(cells):
        what = f"{missing:,} of {len(frame):,} rows name no picture; they are left out."
        problems.append(Problem(what, where, "Go on without them.", "warning", "pictures-missing"))
    sample = cells.sample(min(len(cells), MOST_OPENED), random_state=0)
    sizes = [_size(path) for path in sample]
    unread = sum(size is None for size in sizes)
    if unread == len(sizes):
        problems.append(
            Problem(
                "None of the pictures that the column names can be opened.",
                where,
                "Bring them with the table: a zip of folders, one for each label, or a zip with the table in it.",
                code="pictures-unreadable",
            )
        )
        return problems
    if unread:
        first = next(Path(path).name for path, size in zip(sample, sizes, strict=True) if size is None)
        problems.append(
            Problem(
                f"{unread:,} of {len(sizes):,} pictures looked at cannot be opened, such as {first}.",
                where,
                "Bring the data again without them.",
                code="pictures-unreadable",
            )
        )
    tiny = sum(size is not None and min(size) < SMALLEST for size in sizes)
    if tiny:
        problems.append(
            Problem(
                f"{tiny:,} of {len(sizes):,} pictures looked at have a side of less than {SMALLEST} pixels; "
                "there is little in them to see.",
                where,
                "Bring larger ones if there are any.",
                "warning",
                "pictures-tiny",
            )
        )
    return problems


def check_same_pictures(frame: pd.DataFrame, column: str, label: str) -> list[Problem]:
    """Pictures that occur under more than one label: files are named by their content, so equal names say so."""
    known = frame[[column, label]].dropna()
    labels = known[label].str.strip().groupby(known[column]).nunique()
    twice = labels[labels > 1]
    if twice.empty:
        return []
    are = "picture has" if len(twice) == 1 else "pictures have"
    what = f"{len(twice):,} {are} two or more different labels in different rows, such as {Path(twice.index[0]).name}."
    fix = "Look at them on the Data page: at least one of the labels is wrong."
    return [Problem(what, f'column "{label}"', fix, "warning", "pictures-two-labels")]


def _size(path: str) -> tuple[int, int] | None:
    try:
        with Image.open(path) as picture:
            return picture.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
