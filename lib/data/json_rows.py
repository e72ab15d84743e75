"""Reads JSON Lines and JSON documents (lists of objects, tables by column, questions in SQuAD's form)."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from lib.data.account import encoding_said, set_aside
from lib.data.cells import to_cell
from lib.data.encoding import Encoding, head_lines, lines, recognise
from lib.data.formats.annotation_tools import AnnotationTools, NotARowError, holds_annotated
from lib.data.keyed import KeyedRows
from lib.data.read_as import ReadAs
from lib.data.squad import add_squad, is_squad
from lib.data.table import Table
from lib.errors import Problem, UserError

JSON_SUFFIXES = frozenset({".json", ".jsonl", ".ndjson"})
_LINE_SUFFIXES = frozenset({".jsonl", ".ndjson"})
_SAMPLE_LINES = 50


def is_json(raw: bytes, name: str) -> bool:
    """Whether the bytes are JSON or JSON Lines: by how they begin, whatever the file is called.

    A table of delimited text may begin with a bracket too, so under the name of one the beginning must be JSON
    by itself.
    """
    start = raw[:64].replace(b"\0", b"").lstrip(b"\xff\xfe\xef\xbb\xbf \t\r\n")[:1]
    if start not in (b"{", b"["):
        return False
    first = next((line.strip("\ufeff \t\r\n") for line in head_lines(raw) if line.strip("\ufeff \t\r\n")), "")
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in JSON_SUFFIXES or first in ("{", "[", "[{"):
        return True
    if _object(first) is not None or _is_list_of_objects(first):
        return True
    marks = ('"', "}") if first.startswith("{") else ("{", "[")
    return suffix not in (".csv", ".tsv", ".tab") and first[1:].lstrip()[:1] in marks


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_list_of_objects(line: str) -> bool:
    try:
        return _holds_objects(json.loads(line))
    except (ValueError, RecursionError):
        return False


def read_json(raw: bytes, name: str, read_as: ReadAs) -> Table:
    """The table in JSON: a column for each key, structured values as JSON text.

    Raises UserError when the document is broken or holds nothing that is a list of objects.
    """
    encoding = recognise(raw, read_as.encoding)
    rows = KeyedRows(name)
    if _one_object_per_line(raw, name, encoding):
        form, noun = "json-lines", "line"
        said = _add_lines(rows, lines(raw, encoding))
    else:
        form, noun = "json", "element"
        document = _document("".join(lines(raw, encoding)), name)
        if is_squad(document):
            form, said = "squad", [add_squad(rows, document)]
        else:
            said = _add_document(rows, document, name)
    frame, naming = rows.frame()
    rejected = tuple(rows.rejected)
    return Table(
        frame,
        name,
        (*said, *encoding_said(encoding), *naming),
        {"format": form, "encoding": encoding.name, "bom": bool(encoding.bom)},
        rejected,
        set_aside(rejected, noun),
    )


def _one_object_per_line(raw: bytes, name: str, encoding: Encoding) -> bool:
    """Whether most of the first lines are an object each; a file may be called .json and still be JSON Lines."""
    full = (line for line in lines(raw, encoding) if line.strip())
    sample = list(islice(full, _SAMPLE_LINES))
    whole = sum(_object(line) is not None for line in sample)
    named = PurePosixPath(name).suffix.lower() in _LINE_SUFFIXES
    if named and sample and not whole:  # every line broken, or a document under the wrong name
        opens = sum(line.lstrip().startswith("{") for line in sample)
        return opens == len(sample) > 1
    return whole >= len(sample) / 2 and (named or whole >= 2 or len(sample) > whole > 0)


def _add_lines(rows: KeyedRows, stream: Iterable[str]) -> list[str]:
    tools = AnnotationTools()
    for number, line in enumerate(stream, 1):
        if not line.strip("\ufeff \t\r\n"):
            continue
        try:
            value = json.loads(line.strip("\ufeff \t\r\n"))
        except json.JSONDecodeError as error:
            rows.reject(
                number, line.rstrip("\r\n"), f"It is not valid JSON: {error.msg} at column {error.colno}."
            )
            continue
        except (ValueError, RecursionError):
            rows.reject(
                number, line.rstrip("\r\n"), "It holds a number that is too long or is nested too deeply."
            )
            continue
        _add_value(rows, tools, number, value)
    return ["Read as JSON Lines, one column for each key.", *tools.said()]


def _document(text: str, name: str) -> Any:
    fix = "Export it again as JSON, or as JSON Lines with one object on each line."
    try:
        return json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        what = f"“{name}” is not valid JSON: {error.msg} at line {error.lineno:,}, column {error.colno:,}."
        raise UserError(Problem(what, f"line {error.lineno:,}", fix, code="broken-json")) from error
    except (ValueError, RecursionError) as error:
        what = f"“{name}” holds a number that is too long or is nested too deeply."
        raise UserError(Problem(what, name, fix, code="broken-json")) from error


def _add_document(rows: KeyedRows, document: Any, name: str) -> list[str]:
    """Find the rows in a parsed document; returns what is worth saying about where they were."""
    if isinstance(document, list):
        return ["Read as JSON, one column for each key.", *_add_elements(rows, document)]
    if isinstance(document, dict):
        if by_column := _by_column(document):
            for number, row in enumerate(by_column, 1):
                rows.add(number, row)
            return ["Read as JSON that holds its table column by column."]
        lists = [key for key, value in document.items() if _holds_objects(value) or holds_annotated(value)]
        if len(lists) == 1:
            notes = _add_elements(rows, document[lists[0]])
            others = ", ".join(f"“{key}”" for key in list(document)[:6] if key != lists[0])
            left = f"; left out: {others}" if others else ""
            return [f"Read as JSON, the rows from “{lists[0]}”{left}.", *notes]
        if lists:
            what = f"“{name}” holds {len(lists)} tables: {', '.join(lists[:8])}."
            raise UserError(
                Problem(what, name, "Give each of them as a file of its own.", code="not-a-table")
            )
    what = f"“{name}” is JSON but {_called(document)}, not a list of objects."
    fix = 'Give a list such as [{"text": "…", "label": "…"}], or one object on each line.'
    raise UserError(Problem(what, name, fix, code="not-a-table"))


def _add_elements(rows: KeyedRows, elements: list[Any]) -> list[str]:
    tools = AnnotationTools()
    for number, element in enumerate(elements, 1):
        _add_value(rows, tools, number, element)
    return tools.said()


def _add_value(rows: KeyedRows, tools: AnnotationTools, number: int, value: Any) -> None:
    """Add an object, or what an annotation tool wrote; set other values aside."""
    try:
        row = tools.row(value)
    except NotARowError as error:
        rows.reject(number, to_cell(value), str(error))
        return
    if row is None:
        rows.reject(number, to_cell(value), f"It is {_called(value)}, not an object.")
    else:
        rows.add(number, row)


def _holds_objects(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and sum(isinstance(item, dict) for item in value) * 2 > len(value)
    )


def _by_column(document: dict[str, Any]) -> Iterator[dict[str, Any]] | None:
    """The rows of {"column": [cells]} or of {"column": {"0": cell}}, as pandas writes it; None for other objects."""
    columns = list(document.values())
    if columns and all(isinstance(column, list) for column in columns):
        if len({len(column) for column in columns}) == 1 and not (
            len(columns) == 1 and _holds_objects(columns[0])
        ):
            cells = zip(*columns, strict=True)
            return (dict(zip(document, row, strict=True)) for row in cells)
    elif columns and all(isinstance(column, dict) and column for column in columns):
        places = dict.fromkeys(place for column in columns for place in column)
        if all(place.isdigit() for place in places):
            return ({key: column.get(place) for key, column in document.items()} for place in places)
    return None


def _called(value: Any) -> str:
    """What a JSON value is, for a sentence."""
    if isinstance(value, dict):
        return "a single object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "a text"
    return "null" if value is None else "true or false" if isinstance(value, bool) else "a number"
