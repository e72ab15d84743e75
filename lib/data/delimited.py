"""Reads delimited text (CSV, TSV and their many dialects) into a table, losing nothing silently."""

import csv
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.data.account import account, warnings
from lib.data.encoding import Encoding, lines, recognise
from lib.data.foreign import nul_problem
from lib.data.gathered import CHUNK_ROWS, GatheredRows
from lib.data.header import has_header, name_columns, second_header
from lib.data.layout import DELIMITERS, Layout, detect_layout
from lib.data.records import Records
from lib.data.table import Table
from lib.errors import Problem, UserError
from lib.settings import Settings, get_settings

_SAMPLE_LINES = 1_000
_SAMPLE_CHARACTERS = 1 << 20


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


def read_delimited(raw: bytes, name: str) -> Table:
    """The table in the bytes of a CSV, TSV or similar file. Raises UserError when there is none."""
    settings = get_settings()
    encoding = recognise(raw)
    if not encoding.name.startswith(("utf-16", "utf-32")) and b"\0" in raw:
        raise UserError(nul_problem(name, raw.count(b"\0"), raw.index(b"\0")))
    stream = lines(raw, encoding)
    sample = _sample(stream)
    repairs: list[str] = []
    skipped = 0
    declared = re.fullmatch(r"sep=(.)\s*", sample[0], re.IGNORECASE) if sample else None
    if declared:
        skipped, sample = 1, sample[1:]
        repairs.append("The first line only named the separator and was skipped.")
    while sample and not sample[0].strip():
        skipped, sample = skipped + 1, sample[1:]
    if not sample:
        raise UserError(
            Problem(f"“{name}” holds no rows.", where=name, fix="Give a file with rows.", code="empty")
        )
    layout = detect_layout(sample)
    if declared and declared[1] in DELIMITERS:
        layout = Layout(declared[1], len(next(csv.reader(sample, delimiter=declared[1]))))
    _check_width(layout.width, name, settings)
    records = Records(
        chain(sample, stream),
        delimiter=layout.separator,
        width=layout.width,
        max_cell=settings.max_cell_characters,
    )
    flow = ((number + skipped, fields) for number, fields in records)
    return _build(flow, records, layout, encoding, name, repairs, settings)


def _sample(stream: Iterator[str]) -> list[str]:
    """The first lines, by number and by size."""
    sample: list[str] = []
    size = 0
    for line in islice(stream, _SAMPLE_LINES):
        sample.append(line)
        size += len(line)
        if size > _SAMPLE_CHARACTERS:
            break
    return sample


def _check_width(width: int, name: str, settings: Settings) -> None:
    if width > settings.max_columns:
        problem = Problem(
            f"“{name}” has {width:,} columns; at most {settings.max_columns:,} are accepted.",
            where=name,
            fix="Keep only the columns you need.",
            code="too-many-columns",
        )
        raise UserError(problem)


def _build(
    flow: Iterator[tuple[int, list[str]]],
    records: Records,
    layout: Layout,
    encoding: Encoding,
    name: str,
    repairs: list[str],
    settings: Settings,
) -> Table:
    """Header, rows and the account of what was done, out of a stream of records."""
    start = list(islice(flow, 500))
    head = [(number, fields) for number, fields in start if any(map(str.strip, fields))]
    if not head:
        raise UserError(
            Problem(f"“{name}” holds no rows.", where=name, fix="Give a file with rows.", code="empty")
        )
    first, body = head[0][1], [fields for _, fields in head[1:]]
    headed = has_header(first, body)
    header: list[str] | None = first if headed else None
    width = max(layout.width, len(first)) if headed else layout.width
    if header is not None and len(header) < width:
        if _row_names_come_first(header, body):
            header = ["", *header]
        elif _surplus_is_text(body, len(header)):
            width = len(header)
    gathered = GatheredRows(width, settings.max_rows, joins_last=_surplus_is_text(body, width))
    gathered.blank = len(start) - len(head)
    for number, fields in chain(head[1:] if headed else head, flow):
        if len(fields) == width:  # the usual case, kept short for speed
            gathered.waiting.append(fields)
            if len(gathered.waiting) >= CHUNK_ROWS:
                gathered.flush()
        else:
            gathered.add(number, fields, layout.separator)
    columns = gathered.columns()
    hollow = [place for place, cells in enumerate(columns) if cells.null_count == len(cells)]
    names, naming = name_columns(header, width, removed=hollow)
    frame, removed = _to_frame(columns, names)
    gathered.blank += removed["rows"]
    rejected = (*records.rejected, *gathered.rejected)
    if not len(frame):
        problem = Problem(
            f"“{name}” has a header ({', '.join(names[:8])}) but no rows.",
            where=name,
            fix="Give a file with rows below the header.",
            code="no-rows",
        )
        raise UserError(problem)
    said = account(layout, encoding, gathered, records, removed["columns"], naming)
    problems = warnings(frame, rejected, encoding, bool(headed and second_header(first, body)))
    layout_said: dict[str, Any] = {
        "format": "delimited",
        "encoding": encoding.name,
        "bom": bool(encoding.bom),
        "delimiter": layout.delimiter,
        "quoting": "repaired" if records.quotes_mended else "standard",
        "header": headed,
    }
    return Table(frame, name, (*repairs, *said), layout_said, rejected, problems)


def _to_frame(columns: list[pa.ChunkedArray], names: list[str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The columns as a frame of `str`, without columns and rows that are empty throughout."""
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
    return pd.DataFrame(series), {"rows": before - len(table), "columns": dropped}
