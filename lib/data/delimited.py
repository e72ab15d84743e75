"""Reads delimited text (CSV, TSV and their many dialects) into a table, losing nothing silently."""

import csv
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from lib.data.account import account, warnings
from lib.data.built import MOST_HEADER_LINE, Row, build_table, check_width
from lib.data.encoding import lines, recognise
from lib.data.foreign import nul_problem
from lib.data.layout import DELIMITERS, Layout, detect_layout, layout_with
from lib.data.read_as import ReadAs
from lib.data.records import Records
from lib.data.table import Table
from lib.errors import Problem, UserError
from lib.settings import get_settings

_SAMPLE_LINES = 1_000
_SAMPLE_CHARACTERS = 1 << 20


def read_delimited(raw: bytes, name: str, read_as: ReadAs) -> Table:
    """The table in the bytes of a CSV, TSV or similar file. Raises UserError when there is none."""
    settings = get_settings()
    encoding = recognise(raw, read_as.encoding)
    if encoding.name[:6] not in ("utf-16", "utf-32") and b"\0" in raw:
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
    header_line = _header_line(read_as)
    # What stands above the header says nothing about the table below it.
    looked_at = sample[max(header_line or 0, 1 + skipped) - 1 - skipped :] or sample
    layout = _layout(looked_at, read_as.delimiter, declared[1] if declared else "")
    check_width(layout.width, name, settings)
    records = Records(
        map(layout.prepared, chain(sample, stream)) if layout.several else chain(sample, stream),
        delimiter=layout.separator,
        width=layout.width,
        max_cell=settings.max_cell_characters,
    )
    built = build_table(
        _numbered(records, layout, skipped),
        width=layout.width,
        name=name,
        separator=layout.delimiter or layout.separator,
        settings=settings,
        header_line=header_line,
    )
    rejected = tuple(sorted((*records.rejected, *built.gathered.rejected), key=lambda line: line.line))
    said = account(layout, encoding, built.gathered, records, built.removed, built.naming)
    problems = warnings(built.frame, rejected, encoding, built.doubled)
    form: dict[str, Any] = {
        "format": "delimited",
        "encoding": encoding.name,
        "bom": bool(encoding.bom),
        "delimiter": layout.delimiter,
        "quoting": "repaired" if records.quotes_mended else "standard",
        "header": built.header_line > 0,
        "header_line": built.header_line,
    }
    return Table(built.frame, name, (*repairs, *said), form, rejected, problems)


def _layout(sample: list[str], said: str | None, declared: str) -> Layout:
    """The delimiter as a person said, as the file's first line declares, or as it is recognised."""
    if said is not None:
        return layout_with(sample, said)
    if declared in DELIMITERS:
        return Layout(declared, len(next(csv.reader(sample, delimiter=declared))))
    return detect_layout(sample)


def _header_line(read_as: ReadAs) -> int | None:
    if read_as.header is not None and read_as.header > MOST_HEADER_LINE:
        what = f"The header cannot stand in line {read_as.header:,}."
        fix = f"Give a line up to {MOST_HEADER_LINE:,}."
        raise UserError(Problem(what, "header", fix, code="bad-header"))
    return read_as.header


def _numbered(records: Records, layout: Layout, skipped: int) -> Iterator[Row]:
    """The records with their lines' numbers in the file, and cells as they stand there."""
    for number, fields in records:
        yield number + skipped, [layout.restored(field) for field in fields] if layout.several else fields


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
