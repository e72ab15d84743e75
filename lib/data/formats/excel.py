"""Reads one sheet of an Excel workbook: values as Excel saved them, never macros, never more than fits."""

import datetime
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import Any

from lib.data.account import plural, set_aside
from lib.data.built import Built, Row, build_table
from lib.data.formats.merged_cells import MergedCells, look_into_sheet
from lib.data.read_as import ReadAs
from lib.data.table import Table
from lib.errors import Problem, UserError
from lib.settings import get_settings

# Excel's own limit.
_MOST_ROWS = 1_048_576
_MOST_CELLS = 100_000_000
_MOST_MEMBERS = 10_000
_MOST_MEMBER_BYTES = 1_000_000_000
# Sheets are XML, which shrinks far better than photos; what grows more than this is made to fill a memory.
_MOST_RATIO = 500
_RATIO_FROM = 20_000_000
_LOOKED_AT = 2_000
_BROKEN = (
    zipfile.BadZipFile, zlib.error, LookupError, ValueError, TypeError, AttributeError, SyntaxError, EOFError, OSError,
    RuntimeError, ArithmeticError, AssertionError, MemoryError,
)  # fmt: skip


def is_workbook(source: bytes | Path) -> bool:
    """Whether bytes or a file are an Excel workbook of the kind that can be read (.xlsx, .xlsm)."""
    try:
        with zipfile.ZipFile(source if isinstance(source, Path) else BytesIO(source)) as packed:
            return "xl/workbook.xml" in packed.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False


def read_workbook(source: bytes | Path, name: str, read_as: ReadAs) -> Table:
    """The table in a sheet: the one asked for, else the first visible one that holds a table.

    Formulas count as the value that Excel saved for them, dates as ISO text, cells merged downwards as their value
    in each row. Raises UserError when the workbook is damaged, locked, too large, or holds no table.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    opened: Any = source if isinstance(source, Path) else BytesIO(source)
    _check_members(source, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl leaves out: pictures, rules, menus
            book = load_workbook(opened, read_only=True, data_only=True, keep_links=False)
            try:
                return _from_sheets(book, name, read_as)
            finally:
                book.close()
    except (*_BROKEN, InvalidFileException) as error:
        what = f"“{name}” is an Excel workbook, but it is damaged and cannot be read."
        fix = "Open it in Excel or LibreOffice and save it again, or save the sheet as CSV UTF-8."
        raise UserError(Problem(what, name, fix, code="broken-workbook")) from error


def _check_members(source: bytes | Path, name: str) -> None:
    """Refuse what would not fit in memory, or declares entities of its own, before any of it is parsed."""
    try:
        with zipfile.ZipFile(source if isinstance(source, Path) else BytesIO(source)) as packed:
            members = packed.infolist()
            size, small = sum(one.file_size for one in members), sum(one.compress_size for one in members)
            most = min(_MOST_MEMBER_BYTES, get_settings().max_unpacked_mb * 1_000_000)
            bomb = size > _RATIO_FROM and size / max(small, 1) > _MOST_RATIO
            if (
                len(members) > _MOST_MEMBERS
                or size > 2 * most
                or bomb
                or any(one.file_size > most for one in members)
            ):
                what = (
                    f"“{name}” holds {len(members):,} parts of {size / 1e6:,.0f} MB when unpacked: too much."
                )
                raise UserError(Problem(what, name, "Save the sheet as CSV UTF-8.", code="archive-too-large"))
            if any(one.flag_bits & 0x1 for one in members):
                what = f"“{name}” is locked with a password."
                raise UserError(Problem(what, name, "Save it without one.", code="locked"))
            for one in members:
                if one.filename.endswith((".xml", ".rels")):
                    with packed.open(one) as part:
                        if re.search(rb"<!(DOCTYPE|ENTITY)", part.read(65_536).replace(b"\0", b"")):
                            what = f"“{name}” holds “{one.filename[:80]}”, which declares entities; no workbook does."
                            raise UserError(
                                Problem(what, name, "Save it again in Excel.", code="broken-workbook")
                            )
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        what = f"“{name}” is an Excel workbook, but it is damaged or not complete."
        raise UserError(Problem(what, name, "Save it again.", code="broken-workbook")) from error


def _from_sheets(book: Any, name: str, read_as: ReadAs) -> Table:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if not sheets:
        raise UserError(
            Problem(f"“{name}” has no sheets with cells.", name, "Give another file.", code="empty")
        )
    if read_as.sheet is not None:
        return _read_sheet(book, sheets, _named(read_as.sheet, sheets, name), name, read_as)
    problems: list[Problem] = []
    for title in sorted(sheets, key=lambda title: sheets[title].sheet_state != "visible"):
        try:
            return _read_sheet(book, sheets, title, name, read_as)
        except UserError as error:
            if not {problem.code for problem in error.problems} <= {"empty", "no-rows"}:
                raise
            problems = problems or list(error.problems)
    raise UserError(*problems)


def _named(wanted: str, sheets: dict[str, Any], name: str) -> str:
    """The sheet that a person means by its name or its number."""
    for title in sheets:
        if title.casefold() == wanted.strip().casefold():
            return title
    if wanted.strip().isdigit() and 0 < int(wanted) <= len(sheets):
        return list(sheets)[int(wanted) - 1]
    fix = f"Its sheets are: {', '.join(list(sheets)[:20])}."
    raise UserError(Problem(f"“{name}” has no sheet “{wanted}”.", "sheet", fix, code="no-sheet"))


def _read_sheet(book: Any, sheets: dict[str, Any], title: str, name: str, read_as: ReadAs) -> Table:
    settings = get_settings()
    sheet = sheets[title]
    with sheet._get_source() as source:
        inside = look_into_sheet(source)
    flow = _rows(sheet, MergedCells(inside.merged), settings.max_columns, settings.max_cell_characters, name)
    start = list(islice(flow, _LOOKED_AT))
    width = max((len(cells) for _, cells in start), default=0)
    if not width:
        raise UserError(
            Problem(f"“{name}”: the sheet “{title}” is empty.", name, "Choose another sheet.", code="empty")
        )
    padded = ((number, cells + [""] * (width - len(cells))) for number, cells in chain(start, flow))
    built = build_table(
        padded, width=width, name=name, separator="\t", settings=settings, header_line=read_as.header
    )
    said = _said(built, title, list(sheets), inside.merged)
    rejected = tuple(sorted(built.gathered.rejected, key=lambda line: line.line))
    problems = [*set_aside(rejected, "row")]
    if inside.formulas and (places := _unsaved_formulas(book, title)):
        problems.append(_no_values(places))
    if errors := _errors(built):
        problems.append(errors)
    form = {
        "format": "excel",
        "sheet": title,
        "sheets": list(sheets),
        "header": built.header_line > 0,
        "header_line": built.header_line,
    }
    return Table(built.frame, name, tuple(said), form, rejected, tuple(problems))


def _rows(
    sheet: Any, merged: MergedCells, most_columns: int, most_characters: int, name: str
) -> Iterator[Row]:
    """The rows that hold anything, with their numbers; merged cells filled downwards."""
    sheet.reset_dimensions()  # many programs write wrong ones
    visited = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
        visited += len(values) + 1
        if number > _MOST_ROWS or visited > _MOST_CELLS:
            what = f"“{name}” has more rows than a sheet of Excel may have, or far too many empty cells."
            raise UserError(Problem(what, name, "Save the sheet as CSV UTF-8.", code="too-many-rows"))
        cells = [_text(value) for value in values] if any(value is not None for value in values) else []
        merged.fill(number, cells)
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > most_columns:
            what = f"“{name}” has {len(cells):,} columns; at most {most_columns:,} are accepted."
            raise UserError(Problem(what, name, "Keep only the columns you need.", code="too-many-columns"))
        if any(len(cell) > most_characters for cell in cells):
            what = f"Row {number:,} of “{name}” holds a cell of more than {most_characters:,} characters."
            raise UserError(Problem(what, f"row {number}", "Shorten it.", code="cell-too-long"))
        if cells:
            yield number, cells


def _text(value: Any) -> str:
    """A value as text: dates in ISO form, numbers with the 15 digits that Excel knows."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
    if isinstance(value, datetime.datetime):
        return (
            value.date().isoformat()
            if value.time() == datetime.time()
            else value.isoformat(sep=" ", timespec="seconds")
        )
    return str(value)


def _said(built: Built, title: str, sheets: list[str], merged: list[str]) -> list[str]:
    others = [sheet for sheet in sheets if sheet != title]
    said = [f"Read from the sheet “{title}”."]
    if others:
        shown = ", ".join(f"“{sheet}”" for sheet in others[:5]) + (" …" if len(others) > 5 else "")
        said.append(
            f"{plural(len(others), 'other sheet')} {'was' if len(others) == 1 else 'were'} not read: {shown}."
        )
    said += built.naming
    if merged:
        said.append(
            f"{plural(len(merged), 'merged block')} of cells gave "
            f"{'its' if len(merged) == 1 else 'their'} value to every row."
        )
    if built.removed:
        shown = ", ".join(built.removed[:5]) + (" …" if len(built.removed) > 5 else "")
        said.append(
            f"{plural(len(built.removed), 'empty column')} "
            f"{'was' if len(built.removed) == 1 else 'were'} removed ({shown})."
        )
    return said


def _unsaved_formulas(book: Any, title: str) -> list[str]:
    """Cells with a formula whose value was never saved, as programs write them that do not calculate."""
    from openpyxl import load_workbook

    archive = book._archive.fp
    archive.seek(0)
    found: list[str] = []
    other = load_workbook(archive, read_only=True, data_only=False, keep_links=False)
    pairs = zip(_bare(book[title]), _bare(other[title]), strict=False)
    for number, (values, formulas) in enumerate(islice(pairs, _MOST_ROWS), 1):
        for column, (value, formula) in enumerate(zip(values, formulas, strict=False), 1):
            if value is None and formula is not None:
                found.append(f"{_letters(column)}{number}")
    return found


def _bare(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()
    return iter(sheet.iter_rows(values_only=True))


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _no_values(places: list[str]) -> Problem:
    shown = ", ".join(places[:5]) + (" …" if len(places) > 5 else "")
    return Problem(
        f"{plural(len(places), 'formula')} {'has' if len(places) == 1 else 'have'} no saved value: empty cells.",
        where=f"cells {shown}",
        fix="Open the workbook in Excel or LibreOffice, which calculate them, and save it again.",
        severity="warning",
        code="no-formula-values",
    )


def _errors(built: Built) -> Problem | None:
    """The warning that cells hold one of Excel's errors instead of a value."""
    pattern = r"^#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)$"
    counts = {
        str(name): int(built.frame[name].str.match(pattern, na=False).sum()) for name in built.frame.columns
    }
    number = sum(counts.values())
    if not number:
        return None
    where = ", ".join(name for name, count in counts.items() if count)
    what = f"{plural(number, 'cell')} hold{'s' if number == 1 else ''} an error of Excel, such as #N/A."
    return Problem(what, where, "Put the formulas right, or leave those rows out.", "warning", "error-cells")
