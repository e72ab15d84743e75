"""Puts into sentences what was recognised, repaired and found suspicious while a file was read."""

from collections.abc import Sequence

import pandas as pd

from lib.data.codepage import PAGE_NAMES
from lib.data.encoding import Encoding
from lib.data.gathered import GatheredRows
from lib.data.layout import Layout, delimiter_words
from lib.data.records import Records
from lib.data.table import RejectedLine
from lib.errors import Problem

_ENCODING_NAMES = {
    "cp1252": "cp1252 (Western European)",
    "mac-roman": "Mac Roman",
    **{codec: f"{codec} ({called})" for codec, called in PAGE_NAMES.items()},
}


def plural(number: int, noun: str) -> str:
    """A count with its noun: "1 row", "2,000 rows"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _odd_lines(encoding: Encoding) -> list[str]:
    if not (odd := encoding.odd_lines):
        return []
    if encoding.name == "utf-8" and not encoding.said:
        return [f"{plural(odd, 'line')} {_were(odd)} not UTF-8 and {_were(odd)} read as cp1252."]
    if encoding.name == "cp1252" and not encoding.said:
        return [
            f"{plural(odd, 'line')} held bytes that cp1252 does not define; they are kept as control characters."
        ]
    return [f"{plural(odd, 'line')} held bytes that could not be decoded; they are shown as �."]


def encoding_said(encoding: Encoding) -> list[str]:
    """What is notable about how the bytes of a file without delimiters spell text."""
    codec = _ENCODING_NAMES.get(encoding.name, encoding.name.upper())
    said = [] if encoding.name == "utf-8" else [f"The encoding is {codec}."]
    return said + _odd_lines(encoding)


def set_aside(rejected: Sequence[RejectedLine], noun: str = "line") -> tuple[Problem, ...]:
    """The warning that some lines (or files, or elements) are not in the table, if there are any."""
    if not rejected:
        return ()
    numbers = [str(line.line) for line in rejected[:5]]
    places = ", ".join(numbers) + (" …" if len(rejected) > 5 else "")
    return (
        Problem(
            f"{plural(len(rejected), noun)} could not become rows and {_were(len(rejected))} set aside.",
            where=f"{noun} {places}",
            fix=f"Look at the rejected {noun}s, put them right in the file and read it again.",
            severity="warning",
            code="rejected-lines",
        ),
    )


def account(
    layout: Layout,
    encoding: Encoding,
    gathered: GatheredRows,
    records: Records,
    empty_columns: list[str],
    naming: list[str],
) -> list[str]:
    """One sentence for each notable thing that was recognised or repaired."""
    said = []
    codec = _ENCODING_NAMES.get(encoding.name, encoding.name.upper())
    if layout.delimiter is None:
        said.append(f"Read as {codec}, one column.")
    elif encoding.name != "utf-8" or layout.delimiter != ",":
        said.append(f"Read as {codec} with {delimiter_words(layout.delimiter)}.")
    if encoding.bom and encoding.name == "utf-8":
        said.append("A byte-order mark at the start was removed.")
    said += _odd_lines(encoding)
    said += naming
    if mended := len(records.quotes_mended):
        shown = ", ".join(map(str, records.quotes_mended[:5])) + (" …" if mended > 5 else "")
        noun = "line" if mended == 1 else "lines"
        said.append(
            f"Quotes were unbalanced in {plural(mended, 'row')} ({noun} {shown}) and were read as text."
        )
    if records.backslashed:
        said.append(f'Quotes written as \\" were understood in {plural(records.backslashed, "row")}.')
    if records.returns_split:
        said.append(f"{plural(records.returns_split, 'line')} ended rows with a bare carriage return.")
    if gathered.short:
        said.append(
            f"{plural(gathered.short, 'row')} had too few fields "
            f"and {_were(gathered.short)} filled up with missing values."
        )
    if gathered.joined:
        said.append(
            f"{plural(gathered.joined, 'row')} had unquoted separators in the last column, "
            f"which {_were(gathered.joined)} put back together."
        )
    if gathered.trimmed:
        said.append(f"Empty surplus fields were cut from {plural(gathered.trimmed, 'row')}.")
    if gathered.blank:
        said.append(f"{plural(gathered.blank, 'empty row')} {_were(gathered.blank)} removed.")
    if empty_columns:
        shown = ", ".join(empty_columns[:5]) + (" …" if len(empty_columns) > 5 else "")
        said.append(
            f"{plural(len(empty_columns), 'empty column')} {_were(len(empty_columns))} removed ({shown})."
        )
    return said


def warnings(
    frame: pd.DataFrame, rejected: tuple[RejectedLine, ...], encoding: Encoding, doubled: bool
) -> tuple[Problem, ...]:
    """What looks suspicious but does not keep the table from being used."""
    found = list(set_aside(rejected))
    if frame.shape[1] == 1:
        found.append(
            Problem(
                "The file has only one column.",
                where=str(frame.columns[0]),
                fix="For tasks with labels, give a file with a column for them, separated by commas or tabs.",
                severity="warning",
                code="one-column",
            )
        )
    if doubled:
        found.append(
            Problem(
                "The first row looks like a second header row; it was kept as a row.",
                where="row 1",
                fix="Delete that line from the file if it holds names rather than data.",
                severity="warning",
                code="second-header",
            )
        )
    if encoding.guessed:
        found.append(
            Problem(
                f"The file is not UTF-8; by its letters it was read as {_ENCODING_NAMES[encoding.name]}.",
                where="encoding",
                fix="If characters look wrong, choose another encoding, or save the file as CSV UTF-8.",
                severity="warning",
                code="encoding-uncertain",
            )
        )
    elif not encoding.western:
        found.append(
            Problem(
                "The file is not UTF-8 and does not look Western European, so its characters may be wrong.",
                where="encoding",
                fix="Choose another encoding, or save it as CSV UTF-8 and read it again.",
                severity="warning",
                code="encoding-uncertain",
            )
        )
    return tuple(found)
