"""What `read_table` makes of files, above all of the bad ones."""

import csv
import io
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from lib.data import delimited
from lib.data.read import read_table
from lib.errors import UserError
from lib.settings import get_settings

MISSING = None


def cells(raw: bytes, name: str = "file.csv") -> tuple[list[str], list[list[str | None]]]:
    frame = read_table(raw, name).frame
    return list(frame.columns), [
        [MISSING if pd.isna(cell) else cell for cell in row] for row in frame.to_numpy()
    ]


def zipped(member: str, content: bytes = b"text,label") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, content)
    return buffer.getvalue()


WIDE = ",".join(f"c{n}" for n in range(300)) + "\n" + ",".join(map(str, range(300))) + "\n"

# what it is, the bytes, the columns, the rows
READABLE = [
    ("a plain file", b"text,label\ngood day,joy\nbad day,anger\n",
     ["text", "label"], [["good day", "joy"], ["bad day", "anger"]]),
    ("no line end at the end", b"text,label\na b,x", ["text", "label"], [["a b", "x"]]),
    ("Windows line ends", b"text,label\r\na b,x\r\nc d,y\r\n", ["text", "label"], [["a b", "x"], ["c d", "y"]]),
    ("carriage returns only", b"text,label\ra b,x\rc d,y\r", ["text", "label"], [["a b", "x"], ["c d", "y"]]),
    ("mixed line ends", b"text,label\r\na b,x\nc d,y\r\ne f,z\n",
     ["text", "label"], [["a b", "x"], ["c d", "y"], ["e f", "z"]]),
    ("a row ended by a bare carriage return", b"text,label\na b,x\rc d,y\ne f,z\n",
     ["text", "label"], [["a b", "x"], ["c d", "y"], ["e f", "z"]]),
    ("an unquoted carriage return within a cell", b"text,label\na\rb,x\nc d,y\ne f,z\n",
     ["text", "label"], [["a\rb", "x"], ["c d", "y"], ["e f", "z"]]),
    ("a byte-order mark", b"\xef\xbb\xbftext,label\na b,x\n", ["text", "label"], [["a b", "x"]]),
    ("a mark and a quoted header", b'\xef\xbb\xbf"text","label"\na b,x\n', ["text", "label"], [["a b", "x"]]),
    ("UTF-16 with a mark", "text,label\nnaïve,é\n".encode("utf-16"), ["text", "label"], [["naïve", "é"]]),
    ("UTF-16 without a mark", "text,label\nnaïve words,é\n".encode("utf-16-le"), ["text", "label"],
     [["naïve words", "é"]]),
    ("big-endian UTF-16 without a mark", "text,label\nnaïve words,é\n".encode("utf-16-be"), ["text", "label"],
     [["naïve words", "é"]]),
    ("cp1252", "text,label\n“smart” café – 5 €,é\n".encode("cp1252"), ["text", "label"], [["“smart” café – 5 €", "é"]]),
    ("Mac Roman", "text,label\nça coûte très cher à l’été,négatif\nle café est fermé,négatif\n".encode("mac-roman"),
     ["text", "label"], [["ça coûte très cher à l’été", "négatif"], ["le café est fermé", "négatif"]]),
    ("one cp1252 line in UTF-8", "text,label\ncafé,x\ncrème,y\n".encode() + "thé,z\n".encode("cp1252"),
     ["text", "label"], [["café", "x"], ["crème", "y"], ["thé", "z"]]),
    ("emoji and other scripts as labels", "text,label\nso funny,😂\nочень грустно,грусть\nとても,喜び\n".encode(),
     ["text", "label"], [["so funny", "😂"], ["очень грустно", "грусть"], ["とても", "喜び"]]),
    ("spaces around a column name", b"text,label \na b,x\n", ["text", "label"], [["a b", "x"]]),
    ("semicolons and decimal commas", b"text;score\nfine, really;1,5\nbad, too;2,5\n",
     ["text", "score"], [["fine, really", "1,5"], ["bad, too", "2,5"]]),
    ("tabs", b"text\tlabel\nwell, yes; no\tx\nb\ty\n", ["text", "label"], [["well, yes; no", "x"], ["b", "y"]]),
    ("vertical bars", b"text|label\na, b|x\nc|y\n", ["text", "label"], [["a, b", "x"], ["c", "y"]]),
    ("Excel's first line that names the separator", b"sep=;\ntext;label\na b;x\n", ["text", "label"], [["a b", "x"]]),
    ("quoted delimiters", b'text,label\n"a, b",x\n', ["text", "label"], [["a, b", "x"]]),
    ("doubled quotes", b'text,label\n"she said ""hi""",x\n', ["text", "label"], [['she said "hi"', "x"]]),
    ("backslashed quotes", b'text,label\n"she said \\"hi\\", twice",x\nb,y\n',
     ["text", "label"], [['she said "hi", twice', "x"], ["b", "y"]]),
    ("line feeds in quotes", b'text,label\n"one\ntwo",x\nb,y\n', ["text", "label"], [["one\ntwo", "x"], ["b", "y"]]),
    ("carriage returns in quotes", b'text,label\r\n"one\rtwo",x\r\nb,y\r\n',
     ["text", "label"], [["one\rtwo", "x"], ["b", "y"]]),
    ("a verse over many lines", b'text,label\n"Roses are red,\nviolets, blue,\nsugar is sweet\n\nand so on",x\nb,y\n',
     ["text", "label"], [["Roses are red,\nviolets, blue,\nsugar is sweet\n\nand so on", "x"], ["b", "y"]]),
    ("unquoted inner quotes", b'text,label\n5" screen,x\n"big" thing,y\n',
     ["text", "label"], [['5" screen', "x"], ['"big" thing', "y"]]),
    ("a quote that is never closed", b'text,label\na b,x\n"open,y\nc d,x\ne f,y\n',
     ["text", "label"], [["a b", "x"], ['"open', "y"], ["c d", "x"], ["e f", "y"]]),
    ("an unclosed quote that a later one closes", b'text,label\na,x\nb,y\n"open,y\nc d,x\n15",y\ne f,x\n',
     ["text", "label"], [["a", "x"], ["b", "y"], ['"open', "y"], ["c d", "x"], ['15"', "y"], ["e f", "x"]]),
    ("an unclosed quote before a quoted cell", b'text,label\n"open text,x\n"well, yes",y\nc,x\n',
     ["text", "label"], [['"open text', "x"], ["well, yes", "y"], ["c", "x"]]),
    ("duplicate names", b"text,text,label\na b,c d,x\n", ["text", "text_2", "label"], [["a b", "c d", "x"]]),
    ("an empty name", b"text,,label\na b,c d,x\n", ["text", "column_2", "label"], [["a b", "c d", "x"]]),
    ("no header", b"I am glad,joy\nI am sad,sadness\nso good,joy\nso bad,sadness\noh,joy\nno,sadness\n",
     ["column_1", "column_2"],
     [["I am glad", "joy"], ["I am sad", "sadness"], ["so good", "joy"], ["so bad", "sadness"], ["oh", "joy"],
      ["no", "sadness"]]),
    ("no header over numbers", b"12,3.5\n13,4.5\n14,5.5\n",
     ["column_1", "column_2"], [["12", "3.5"], ["13", "4.5"], ["14", "5.5"]]),
    ("one column", b"text\njust one\nand another\n", ["text"], [["just one"], ["and another"]]),
    ("one column of prose with commas", b"text\nwell, yes\nno\nperhaps, or, not\n",
     ["text"], [["well, yes"], ["no"], ["perhaps, or, not"]]),
    ("short rows", b"text,label,note\na b,x,n\nc d\n", ["text", "label", "note"],
     [["a b", "x", "n"], ["c d", None, None]]),
    ("unquoted commas in the last column", b"label,text\nham,see you, maybe, at noon\nspam,win a big prize now\n"
     b"ham,that is fine with me\nham,where are you my friend\n", ["label", "text"],
     [["ham", "see you, maybe, at noon"], ["spam", "win a big prize now"], ["ham", "that is fine with me"],
      ["ham", "where are you my friend"]]),
    ("surplus empty fields", b"text,label\na b,x,,\nc d,y\n", ["text", "label"], [["a b", "x"], ["c d", "y"]]),
    ("blank rows", b"text,label\n\na b,x\n,\n  ,  \nc d,y\n\n", ["text", "label"], [["a b", "x"], ["c d", "y"]]),
    ("empty columns", b"text,,label,\na b,,x,\nc d,,y,\n", ["text", "label"], [["a b", "x"], ["c d", "y"]]),
    ("words that mean missing", b"text,label\nNA,None\nnull,nan\n , x\n",
     ["text", "label"], [["NA", "None"], ["null", "nan"], [None, " x"]]),
    ("leading zeros and big numbers", b"text,label\n007,1e5\n12345678901234567890,01.50\n",
     ["text", "label"], [["007", "1e5"], ["12345678901234567890", "01.50"]]),
    ("spaces within cells", b"text,label\n  padded  , x \n", ["text", "label"], [["  padded  ", " x "]]),
    ("characters that only look like line ends", "text,label\na\u2028b\x0bc\x85d,x\n".encode(),
     ["text", "label"], [["a\u2028b\x0bc\x85d", "x"]]),
    ("row names in front, as R writes them", b"text,label\n1,a b,x\n2,c d,y\n3,e f,x\n",
     ["column_1", "text", "label"], [["1", "a b", "x"], ["2", "c d", "y"], ["3", "e f", "x"]]),
    ("300 columns", WIDE.encode(), [f"c{n}" for n in range(300)], [[str(n) for n in range(300)]]),
    ("formulas", b'text,label\n=1+1,x\n@SUM(A1),y\n', ["text", "label"], [["=1+1", "x"], ["@SUM(A1)", "y"]]),
    ("HTML as text", b"text,label\n<b>bold</b> claim,x\n", ["text", "label"], [["<b>bold</b> claim", "x"]]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "columns", "rows"), [case[1:] for case in READABLE], ids=[case[0] for case in READABLE]
)
def test_a_readable_file_gives_exactly_its_cells(
    raw: bytes, columns: list[str], rows: list[list[str | None]]
) -> None:
    assert cells(raw) == (columns, rows)


REFUSED = [
    ("nothing", b"", "empty", "is empty"),
    ("white space", b" \r\n\t\n", "empty", "white space"),
    ("only a mark", b"\xef\xbb\xbf", "empty", "white space"),
    ("only a header", b"text,label\n", "no-rows", "no rows"),
    ("only commas", b",,\n,,\n", "empty", "no rows"),
    ("NUL bytes", b"text,label\na\x00b,x\n", "binary", "1 NUL byte"),
    ("a zip of something else", zipped("notes.doc"), "not-a-table", "neither images nor a table"),
    (
        "a zip within a zip",
        zipped("rows.csv", zipped("rows.csv")),
        "not-a-table",
        "archive within an archive",
    ),
    ("a broken Excel workbook", zipped("xl/workbook.xml"), "broken-workbook", "Excel"),
    ("a binary Excel workbook", zipped("xl/workbook.bin"), "not-a-table", "binary Excel"),
    ("a Word document", zipped("word/document.xml"), "not-a-table", "Word"),
    ("a PNG image", b"\x89PNG\r\n\x1a\n" + bytes(40), "not-a-table", "PNG"),
    ("a broken Parquet file", b"PAR1" + bytes(40), "broken-parquet", "Parquet"),
    ("an ORC file", b"ORC" + bytes(40), "not-a-table", "ORC"),
    ("a PDF", b"%PDF-1.7\n", "not-a-table", "PDF"),
    ("a pickle", pickle.dumps(["rows"]), "not-a-table", "pickle"),
    ("a broken gzip archive", b"\x1f\x8b\x08" + bytes(20), "broken-archive", "gzip"),
    ("a web page", b"\n<!DOCTYPE html>\n<html><body>404</body></html>", "not-a-table", "HTML"),
    ("a JSON object", b'{"text": "a"}', "not-a-table", "a single object"),
    ("XML", b"<?xml version='1.0'?><rows/>", "not-a-table", "XML"),
    ("more columns than accepted", b",".join([b"c"] * 1_001) + b"\n", "too-many-columns", "1,001"),
]


@pytest.mark.parametrize(
    ("raw", "code", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_no_table_is_refused_with_what_it_is_and_what_to_do(raw: bytes, code: str, says: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_table(raw, "rows.csv")
    problem = refusal.value.problems[0]
    assert (problem.code, says in problem.what, bool(problem.fix)) == (code, True, True), problem


SAID = [
    ("the encoding and the delimiter", "text;label\ncafé;x\n".encode("cp1252"),
     "Read as cp1252 (Western European) with semicolons."),
    ("a byte-order mark", b"\xef\xbb\xbftext,label\na b,x\n", "A byte-order mark at the start was removed."),
    ("a stripped name", b"text,label \na b,x\n", "Spaces around the column name “label ” were removed."),
    ("no header", b"12,3\n13,4\n14,5\n", "No header was found, so the columns are named column_1, column_2 and so on."),
    ("a column without a name", b"text,,label\na,b,x\n", "1 column had no name: now column_2."),
    ("a repeated name", b"text,text\na,b\n", "Column names that occurred more than once were numbered: text_2."),
    ("an empty row", b"text,label\na,x\n,\n", "1 empty row was removed."),
    ("an empty column", b"text,label,note\na,x,\n", "1 empty column was removed (note)."),
    ("a short row", b"text,label\na,x\nb\n", "1 row had too few fields and was filled up with missing values."),
    ("odd lines", "text,label\ncafé,x\né,y\n".encode() + b"th\xe9,z\n", "1 line was not UTF-8 and was read as cp1252."),
    ("an unclosed quote", b'text,label\na,x\n"b,y\nc,x\n',
     "Quotes were unbalanced in 1 row (line 3) and were read as text."),
    ("one column", b"text\na b\nc d e\n", "Read as UTF-8, one column."),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "sentence"), [case[1:] for case in SAID], ids=[case[0] for case in SAID])
def test_what_was_repaired_is_said(raw: bytes, sentence: str) -> None:
    assert sentence in read_table(raw, "rows.csv").repairs


def test_nothing_is_said_about_a_file_without_any_oddity() -> None:
    table = read_table(b"text,label\ngood day,joy\nbad day,anger\n", "rows.csv")
    assert (table.repairs, table.rejected, table.problems) == ((), (), ())


def test_a_row_with_too_many_fields_is_set_aside_with_its_line_and_text() -> None:
    table = read_table(b"text,label\na,x\nb,y,surplus,more\nc,z\n", "rows.csv")
    assert list(table.frame["text"]) == ["a", "c"]
    assert [(line.line, line.text) for line in table.rejected] == [(3, "b,y,surplus,more")]
    assert "4 fields" in table.rejected[0].reason
    assert [problem.code for problem in table.problems] == ["rejected-lines"]


def test_line_numbers_count_physical_lines() -> None:
    table = read_table(b'text,label\n"two\nlines",x\n\nb,y,surplus\nc,z\n', "rows.csv")
    assert [line.line for line in table.rejected] == [5]


def test_one_column_is_read_with_a_warning() -> None:
    assert [p.code for p in read_table(b"text\na b\nc d e\n", "rows.csv").problems] == ["one-column"]


def test_every_column_is_text_with_a_clean_index() -> None:
    frame = read_table(b"id,score\n1,2.5\n2,\n", "rows.csv").frame
    assert [str(kind) for kind in frame.dtypes] == ["str", "str"]
    assert frame.index.equals(pd.RangeIndex(2))
    assert pd.isna(frame.loc[1, "score"])


def test_the_format_says_how_the_bytes_were_understood() -> None:
    expected = {
        "format": "delimited",
        "encoding": "utf-8",
        "bom": True,
        "delimiter": ";",
        "quoting": "standard",
        "header": True,
        "header_line": 1,
    }
    assert read_table(b"\xef\xbb\xbftext;label\na;x\n", "rows.csv").format == expected


def test_a_long_cell_within_the_limit_is_kept_whole() -> None:
    long = "word " * 100_000
    assert cells(f"text,label\n{long},x\nshort one,y\n".encode())[1][0] == [long, "x"]


def test_a_cell_over_the_limit_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(get_settings(), max_cell_characters=1_000)
    monkeypatch.setattr(delimited, "get_settings", lambda: small)
    table = read_table(b'text,label\na,x\n"' + b"w" * 5_000 + b'",y\nc,z\n', "rows.csv")
    assert list(table.frame["text"]) == ["a", "c"]
    assert [(line.line, "5,000 characters" in line.reason) for line in table.rejected] == [(3, True)]


def test_more_rows_than_accepted_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(get_settings(), max_rows=10)
    monkeypatch.setattr(delimited, "get_settings", lambda: small)
    with pytest.raises(UserError, match="more than 10 rows"):
        read_table(b"text,label\n" + b"a,x\n" * 11, "rows.csv")


def test_text_garbled_beyond_repair_before_it_was_saved_is_pointed_out() -> None:
    table = read_table("text,label\nitâ€ s over Ã here Â£5 ÃÂ,x\nplain,y\n".encode(), "rows.csv")
    assert [problem.code for problem in table.problems] == ["garbled-text"]


def test_an_encoding_that_is_not_western_is_read_with_a_warning() -> None:
    table = read_table("текст,метка\nочень хорошо,да\nочень плохо,нет\n".encode("cp1251"), "rows.csv")
    assert [problem.code for problem in table.problems] == ["encoding-uncertain"]


def test_a_path_is_read_like_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"text,label\na,x\n")
    table = read_table(path)
    assert (table.name, table.frame.shape) == ("rows.csv", (1, 2))


@pytest.mark.parametrize("place", ["missing.csv", "."])
def test_a_path_that_is_no_file_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_table(tmp_path / place, "rows.csv")
    assert refusal.value.problems[0].code == "no-file"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_whatever_a_correct_writer_writes_comes_back(delimiter: str, encoding: str, end: str) -> None:
    pieces = [
        "plain words here",
        'with "quotes"',
        "a,b;c\td|e",
        "two\nlines",
        "ünï😀",
        "'",
        "# no comment",
        '""',
        "\\",
    ]
    rows = [[f"{a} {n}", b] for n, a in enumerate(pieces * 3) for b in pieces]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end)
    writer.writerows([["text", "note"], *rows])
    table = read_table(buffer.getvalue().encode(encoding), "rows.csv")
    assert table.frame.to_numpy().tolist() == rows
    assert table.rejected == ()
