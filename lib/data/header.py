"""Tells whether a table's first row names its columns, and gives every column a usable, unique name."""

import re
from collections.abc import Collection, Sequence

from lib.data.names import KNOWN_NAMES, plain_name

_NUMBER = re.compile(r"\s*[-+]?(\d+([.,]\d+)*|[.,]\d+)([eE][-+]?\d+)?\s*%?\s*")
_IDENTIFIER = re.compile(r"\s*[^\W\d][\w .\-/()#:]{0,40}\s*")


def is_number(text: str) -> bool:
    """Whether the cell reads as a number, with a decimal point or comma."""
    return _NUMBER.fullmatch(text) is not None


def looks_like_names(cells: Sequence[str]) -> bool:
    """Whether all cells could be the names of columns: short, distinct, beginning with a letter."""
    return len(set(cells)) == len(cells) and all(_IDENTIFIER.fullmatch(cell) for cell in cells)


def _vote(head: str, body: list[str]) -> float:
    """How much one column speaks for (positive) or against (negative) its first cell being a name."""
    head = head.strip()
    if not head:
        return 0.0
    vote = 3.0 if plain_name(head) in KNOWN_NAMES else 0.0
    if is_number(head):
        vote -= 2.0
    elif _IDENTIFIER.fullmatch(head):
        vote += 0.25
    if not body:
        return vote
    numbers = sum(map(is_number, body)) / len(body)
    distinct = set(body)
    repeats = len(body) >= 5 and len(distinct) <= len(body) / 2
    words = sorted(len(cell.split()) for cell in body)[len(body) // 2]
    if head in distinct:
        vote -= 2.5 if repeats else 1.0
    elif repeats:
        vote += 1.5
    if numbers > 0.8 and not is_number(head):
        vote += 2.0
    if words >= 5:
        vote += 1.0 if len(head.split()) <= 4 else -1.0
    return vote


def has_header(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is a header, judged against (up to some hundred) rows below it."""
    votes = 0.0
    for column, head in enumerate(first):
        cells = [row[column].strip() for row in body if column < len(row)]
        votes += _vote(head, [cell for cell in cells if cell])
    return votes >= 0.0


def second_header(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether the row below the header looks like more header: it fills unnamed columns, and fits no column."""
    if len(body) < 5:
        return False
    second, rest = body[0], body[1:]
    width = min(len(first), len(second))
    unnamed = [column for column in range(width) if not first[column].strip()]
    if len(unnamed) < 2 or sum(bool(second[column].strip()) for column in unnamed) < len(unnamed) / 2:
        return False
    filled = [column for column in range(width) if second[column].strip()]
    strange = 0
    for column in filled:
        below = [row[column].strip() for row in rest if column < len(row)]
        strange += second[column].strip() not in below
    blank_id = not second[0].strip() and sum(bool(row and row[0].strip()) for row in rest) > 0.9 * len(rest)
    return strange > len(filled) / 2 or (blank_id and strange > len(filled) / 4)


def name_columns(
    header: Sequence[str] | None, width: int, *, removed: Collection[int] = ()
) -> tuple[list[str], list[str]]:
    """Unique, non-empty names for `width` columns, and a sentence for each kind of change made.

    Nothing is said about the columns whose places are in `removed`.
    """
    if header is None:
        names = [f"column_{number}" for number in range(1, width + 1)]
        return names, ["No header was found, so the columns are named column_1, column_2 and so on."]
    names, said = [], []
    stripped, empty, repeated = [], [], []
    taken: set[str] = {cell.strip("\ufeff \t\r\n\u00a0") for cell in header}
    used: set[str] = set()
    for number in range(1, width + 1):
        cell = header[number - 1] if number <= len(header) else ""
        name = re.sub(r"[\r\n\t]+", " ", cell.strip("\ufeff \t\r\n\u00a0"))
        if name != cell and name:
            stripped.append(f"“{cell}”")
        if not name:
            name = _free(f"column_{number}", taken | used)
            if number - 1 not in removed:
                empty.append(name)
        elif name in used:
            name = _free_numbered(name, taken | used)
            repeated.append(name)
        used.add(name)
        names.append(name)
    if stripped:
        said.append(f"Spaces around the column name {_some(stripped)} were removed.")
    if empty:
        said.append(f"{_count(len(empty), 'column')} had no name: now {_some(empty)}.")
    if repeated:
        said.append(f"Column names that occurred more than once were numbered: {_some(repeated)}.")
    return names, said


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _free_numbered(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
