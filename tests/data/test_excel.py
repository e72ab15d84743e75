"""Workbooks as people have them: several sheets, dates, merged cells, formulas, titles, and hostile ones."""

# ruff: noqa: E501 – tables of cases read best with a case a line.

import datetime
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lib.data.read import ReadAs, read_table
from lib.errors import UserError


def workbook(rows: list[list[Any]] | None = None, **more: list[list[Any]]) -> bytes:
    """A workbook with a sheet "Data", and more by name."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, content in ({"Data": rows} if rows is not None else more).items():
        sheet = book.create_sheet(title)
        for row in content or []:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


ROWS: list[list[Any]] = [["text", "label"], ["good day", "joy"], ["bad day", "anger"]]


def changed(raw: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """The workbook with other bytes in one of its parts."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as before,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for part in before.namelist():
            content = before.read(part)
            after.writestr(part, content.replace(old, new) if part == name else content)
    return buffer.getvalue()


def test_a_sheet_is_read_and_said() -> None:
    table = read_table(workbook(ROWS), "rows.xlsx")
    assert table.frame.to_numpy().tolist() == ROWS[1:]
    assert table.repairs == ("Read from the sheet “Data”.",)
    assert table.format == {
        "format": "excel",
        "sheet": "Data",
        "sheets": ["Data"],
        "header": True,
        "header_line": 1,
    }


def test_the_first_sheet_with_a_table_is_read_and_the_others_are_named() -> None:
    raw = workbook(Notes=[], Rows=ROWS, More=[["text", "label"], ["x y", "z"]])
    table = read_table(raw, "rows.xlsx")
    assert table.format["sheet"] == "Rows"
    assert "2 other sheets were not read: “Notes”, “More”." in table.repairs


@pytest.mark.parametrize("wanted", ["More", "more", "2"])
def test_a_sheet_can_be_chosen_by_name_or_number(wanted: str) -> None:
    raw = workbook(Rows=ROWS, More=[["text", "label"], ["x y", "z"]])
    assert read_table(raw, "rows.xlsx", ReadAs(sheet=wanted)).frame["text"].tolist() == ["x y"]


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UserError, match="Its sheets are: Data"):
        read_table(workbook(ROWS), "rows.xlsx", ReadAs(sheet="Dada"))


def test_values_become_text_as_people_write_them() -> None:
    row = [datetime.datetime(2024, 5, 1), datetime.datetime(2024, 5, 1, 9, 30), datetime.time(8, 15), 3, 2.0, 0.1 + 0.2,
           True, "007", 1e20, -4.5]  # fmt: skip
    names = [f"c{number}" for number in range(len(row))]
    frame = read_table(workbook([names, row]), "rows.xlsx").frame
    assert frame.iloc[0].tolist() == [
        "2024-05-01", "2024-05-01 09:30:00", "08:15:00", "3", "2", "0.3", "TRUE", "007", "1e+20", "-4.5",
    ]  # fmt: skip


def test_cells_merged_downwards_give_their_value_to_every_row() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [
        ["topic", "text"],
        ["animals", "a cat"],
        [None, "a dog"],
        [None, "a hen"],
        ["plants", "an oak"],
    ]:
        sheet.append(row)
    sheet.merge_cells("A2:A4")
    buffer = io.BytesIO()
    book.save(buffer)
    table = read_table(buffer.getvalue(), "rows.xlsx")
    assert table.frame["topic"].tolist() == ["animals", "animals", "animals", "plants"]
    assert "1 merged block of cells gave its value to every row." in table.repairs


def test_a_title_above_the_table_is_set_aside() -> None:
    table = read_table(
        workbook([["Answers of May"], [], ["text", "label"], *ROWS[1:], ["well", "joy"]]), "rows.xlsx"
    )
    assert list(table.frame.columns) == ["text", "label"]
    assert [(line.line, line.text) for line in table.rejected] == [(1, "Answers of May")]


def test_the_row_of_names_can_be_said() -> None:
    table = read_table(workbook([["a", "b"], ["c", "d"], ["e f", "g"]]), "rows.xlsx", ReadAs(header=2))
    assert (list(table.frame.columns), len(table.frame), len(table.rejected)) == (["c", "d"], 1, 1)


def test_formulas_without_a_saved_value_are_warned_about_with_their_cells() -> None:
    raw = workbook([["text", "length"], ["abc", "=LEN(A2)"], ["abcd", "=LEN(A3)"], ["x", 1]])
    (problem,) = read_table(raw, "rows.xlsx").problems
    assert (problem.code, problem.where) == ("no-formula-values", "cells B2, B3")


def test_the_saved_value_of_a_formula_counts() -> None:
    raw = workbook([["text", "length"], ["abc", "=LEN(A2)"]])
    raw = changed(raw, "xl/worksheets/sheet1.xml", b"<v></v>", b"<v>3</v>")
    raw = changed(raw, "xl/worksheets/sheet1.xml", b"<v />", b"<v>3</v>")
    assert read_table(raw, "rows.xlsx").frame["length"].tolist() == ["3"]


def test_errors_of_excel_are_kept_and_warned_about() -> None:
    table = read_table(workbook([["text", "score"], ["abc", "#N/A"], ["abd", "2"]]), "rows.xlsx")
    assert (table.frame["score"].tolist(), table.problems[0].code) == (["#N/A", "2"], "error-cells")


def test_a_workbook_within_a_zip_and_at_a_path_reads_the_same(tmp_path: Path) -> None:
    raw = workbook(ROWS)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("rows.xlsx", raw)
    (tmp_path / "rows.xlsx").write_bytes(raw)
    wanted = read_table(raw, "rows.xlsx").frame
    assert read_table(buffer.getvalue(), "rows.zip").frame.equals(wanted)
    assert read_table(tmp_path / "rows.xlsx").frame.equals(wanted)


SHEET = "xl/worksheets/sheet1.xml"
HOSTILE = [
    ("a row far below", changed(workbook(ROWS), SHEET, b'<row r="3"', b'<row r="99999999999"'), "too-many-rows"),
    ("a cell far to the right", changed(workbook(ROWS), SHEET, b'r="B3"', b'r="ZZZ3"'), "too-many-columns"),
    ("an entity", changed(workbook(ROWS), SHEET, b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'),
     "broken-workbook"),
    ("broken XML", changed(workbook(ROWS), SHEET, b"<sheetData>", b"<sheetData><row>"), "broken-workbook"),
    ("a shared string that is not there", changed(workbook(ROWS), SHEET, b't="inlineStr"><is><t>text</t></is>', b't="s"><v>999</v>'),
     "broken-workbook"),
    ("no sheets", workbook(Empty=[]), "empty"),
    ("a sheet with a header only", workbook([["text", "label"]]), "no-rows"),
    ("cut short", workbook(ROWS)[:-60], "broken-zip"),
    ("a bomb of spaces", changed(workbook(ROWS), SHEET, b"<sheetData>", b" " * 60_000_000 + b"<sheetData>"),
     "archive-too-large"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "code"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_a_hostile_or_broken_workbook_is_refused_in_words(raw: bytes, code: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_table(raw, "rows.xlsx")
    assert [problem.code for problem in refusal.value.problems] == [code]
