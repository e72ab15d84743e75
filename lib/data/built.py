"""Builds a table out of rows of cells: where its header is, how wide it is, what is empty, what is set aside."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.data.gathered import CHUNK_ROWS, GatheredRows
from lib.data.header import has_header, looks_like_names, name_columns, second_header
from lib.data.records import SHOWN_CHARACTERS
from lib.data.table import RejectedLine
from lib.errors import Problem, UserError
from lib.settings import Settings

Row = tuple[int, list[str]]
# Rows looked at before anything is decided.
_START = 500
# Titles and remarks above a table are no more than this.
_MOST_ABOVE = 20
MOST_HEADER_LINE = 10_000


@dataclass(frozen=True)
class Built:
    """The rows, and what was decided and done to get them.

    `header_line` is the number of the line that names the columns, 0 without one. `removed` are the names of
    columns that were empty throughout. `doubled`: the row below the header looks like more header.
    """

    frame: pd.DataFrame
    header_line: int
    gathered: GatheredRows
    naming: list[str]
    removed: list[str]
    doubled: bool


def build_table(
    flow: Iterator[Row],
    *,
    width: int,
    name: str,
    separator: str,
    settings: Settings,
    header_line: int | None = None,
) -> Built:
    """The table in a stream of rows, each with its number in the file; `width` is the usual number of cells.

    `header_line` is what a person said: the number of the row with the columns' names, or 0 for none; rows above it
    are set aside. Raises UserError when there are no rows.
    """
    start = list(islice(flow, max(_START, (header_line or 0) + 50)))
    head = [(number, fields) for number, fields in start if any(map(str.strip, fields))]
    if not head:
        raise UserError(Problem(f"“{name}” holds no rows.", name, "Give a file with rows.", code="empty"))
    above = _said_above(head, header_line, name) if header_line else 0
    if header_line is None:
        above = _titles_above(head, width)
    preamble, head = head[:above], head[above:]
    first, body = head[0][1], [fields for _, fields in head[1:]]
    headed = has_header(first, body) if header_line is None else header_line > 0
    header: list[str] | None = first if headed else None
    width = max(width, len(first)) if headed else width
    if header is not None and len(header) < width:
        if _row_names_come_first(header, body):
            header = ["", *header]
        elif _surplus_is_text(body, len(header)):
            width = len(header)
    check_width(width, name, settings)
    gathered = GatheredRows(width, settings.max_rows, joins_last=_surplus_is_text(body, width))
    gathered.blank = len(start) - len(preamble) - len(head)
    for number, fields in preamble:
        text = separator.join(fields).rstrip(separator)[:SHOWN_CHARACTERS]
        gathered.rejected.append(RejectedLine(number, text, "It stands above the names of the columns."))
    _gather(gathered, chain(head[1:] if headed else head, flow), separator)
    columns = gathered.columns()
    hollow = [place for place, cells in enumerate(columns) if cells.null_count == len(cells)]
    names, naming = name_columns(header, width, removed=hollow)
    frame, blank, removed = _to_frame(columns, names)
    gathered.blank += blank
    if not len(frame):
        what = f"“{name}” has a header ({', '.join(names[:8])}) but no rows."
        if gathered.rejected:
            last = gathered.rejected[-1]
            what += f" Line {last.line:,} could not be one: {last.reason}"
        raise UserError(Problem(what, name, "Give a file with rows below the header.", code="no-rows"))
    doubled = headed and second_header(first, body)
    return Built(frame, head[0][0] if headed else 0, gathered, naming, removed, doubled)


def _gather(gathered: GatheredRows, rows: Iterable[Row], separator: str) -> None:
    width = gathered.width
    for number, fields in rows:
        if len(fields) == width:  # the usual case, kept short for speed
            gathered.waiting.append(fields)
            if len(gathered.waiting) >= CHUNK_ROWS:
                gathered.flush()
        else:
            gathered.add(number, fields, separator)


def check_width(width: int, name: str, settings: Settings) -> None:
    """Refuse more columns than are accepted."""
    if width > settings.max_columns:
        what = f"“{name}” has {width:,} columns; at most {settings.max_columns:,} are accepted."
        raise UserError(Problem(what, name, "Keep only the columns you need.", code="too-many-columns"))


def _said_above(head: list[Row], header_line: int, name: str) -> int:
    """How many rows stand above the one that a person said names the columns."""
    for place, (number, _) in enumerate(head):
        if number >= header_line:
            if number == header_line:
                return place
            break
    what = f"Line {header_line:,} of “{name}” cannot name the columns: no row begins there."
    fix = f"Give the number of a line with names, such as {head[0][0]}."
    raise UserError(Problem(what, "header", fix, code="bad-header"))


def _titles_above(head: list[Row], width: int) -> int:
    """How many rows at the top are titles: one cell each, above a row that names the columns of a wider table."""
    if width < 2:
        return 0
    above = 0
    for _, fields in head[: _MOST_ABOVE + 1]:
        if sum(bool(field.strip()) for field in fields) > 1:
            break
        above += 1
    if not 0 < above <= _MOST_ABOVE or above >= len(head) - 1:
        return 0
    names = [field.strip() for field in head[above][1] if field.strip()]
    body = [fields for _, fields in head[above + 1 :]]
    return above if len(names) >= 2 and looks_like_names(names) and has_header(head[above][1], body) else 0


def _surplus_is_text(body: list[list[str]], width: int) -> bool:
    """Whether rows that are too long are so because the last column is text with unquoted delimiters in it.

    Only then is it safe to put the surplus back: the last column must be the wordiest by far.
    """
    regular = [row for row in body if len(row) == width]
    if not regular or width < 2:
        return False
    words = [sum(len(row[column].split()) for row in regular) / len(regular) for column in range(width)]
    return words[-1] >= 3 and all(words[-1] >= 3 * other for other in words[:-1])


def _row_names_come_first(first: list[str], body: list[list[str]]) -> bool:
    """Whether the rows have one unnamed column more than the header, in front, as R writes row names."""
    longer = [row for row in body if len(row) == len(first) + 1]
    if len(longer) < 0.9 * len(body) or not longer:
        return False
    leading = [row[0] for row in longer]
    return len(set(leading)) == len(leading) and any(row[-1].strip() for row in longer)


def _to_frame(columns: list[pa.ChunkedArray], names: list[str]) -> tuple[pd.DataFrame, int, list[str]]:
    """The columns as a frame of `str` without empty ones and empty rows; how many rows went, and which columns."""
    table = pa.table(columns, names=names)
    kept = [index for index in range(len(names)) if columns[index].null_count < len(columns[index])]
    dropped = [name for index, name in enumerate(names) if index not in set(kept)] if len(table) else []
    table = table.select(kept) if kept else table.slice(0, 0)
    before = len(table)
    if kept and min(table.column(index).null_count for index in range(len(kept))):
        some = pc.is_valid(table.column(0))
        for index in range(1, len(kept)):
            some = pc.or_(some, pc.is_valid(table.column(index)))
        table = table.filter(some)
    series = {name: pd.array(table.column(name), dtype="str") for name in table.column_names}
    return pd.DataFrame(series), before - len(table), dropped
