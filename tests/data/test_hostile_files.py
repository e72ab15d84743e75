"""Small hostile and broken files: each becomes a table with exactly these rows, or a sentence, and nothing else."""

# ruff: noqa: E501 – tables of cases read best with a case a line.

import io
import json
import zipfile

import numpy as np
import pytest

from lib.data.read import read_table
from lib.errors import UserError


@pytest.fixture(autouse=True)
def own_home(home: object) -> None:
    """Whatever is unpacked goes to a folder of its own."""


def zipped(members: dict[str, bytes], **attributes: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = attributes.get("mode", 0o644) << 16
            packed.writestr(info, content)
    return buffer.getvalue()


def saved(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


DEEP = b"[" * 100_000 + b"]" * 100_000
CSV = b"text,label\ngood day,joy\n"

# what it is, the bytes, the name, the rows
READ = [
    ("a formula in a header", b"=cmd|' /C calc'!A0,label\na b,x\n", "a.csv", [["a b", "x"]]),
    ("a script as a label", b"text,label\na b,<script>alert(1)</script>\nc d,x\n", "a.csv",
     [["a b", "<script>alert(1)</script>"], ["c d", "x"]]),
    ("text turned round", "text,label\na\u202ecod.exe,x\nb c,y\n".encode(), "a.csv", [["a\u202ecod.exe", "x"], ["b c", "y"]]),
    ("a family of emoji", "text,label\n👨‍👩‍👧‍👦 hi,🏳️‍🌈\nb c,y\n".encode(), "a.csv", [["👨‍👩‍👧‍👦 hi", "🏳️‍🌈"], ["b c", "y"]]),
    ("lone surrogates in JSON", b'{"text": "a \\ud800 b", "label": "x"}\n{"text": "c d", "label": "y"}\n', "a.jsonl",
     [["a \ufffd b", "x"], ["c d", "y"]]),
    ("NaN and infinity in JSON", b'{"text": "a b", "n": NaN}\n{"text": "c d", "n": Infinity}\n', "a.jsonl",
     [["a b", None], ["c d", "Infinity"]]),
    ("the same key twice", b'{"text": "a", "text": "b c"}\n{"text": "d e"}\n', "a.jsonl", [["b c"], ["d e"]]),
    ("one broken line among good ones", b'{"text": "a b"}\n{"text": \n{"text": "c d"}\n', "a.jsonl", [["a b"], ["c d"]]),
    ("a mark in the middle", "text,label\n\ufeffa b,x\nc d,y\n".encode(), "a.csv", [["\ufeffa b", "x"], ["c d", "y"]]),
    ("two marks", b"\xef\xbb\xbf\xef\xbb\xbftext,label\na b,x\n", "a.csv", [["a b", "x"]]),
    ("overlong UTF-8", b"text,label\na \xc0\xaf b,x\nc d,y\n", "a.csv", [["a À¯ b", "x"], ["c d", "y"]]),
    ("half a character at the end", "text,label\na b,x\nc d,é".encode()[:-1], "a.csv", [["a b", "x"], ["c d", "Ã"]]),
    ("a path as a name of a column", b"../../etc/passwd,label\na b,x\n", "a.csv", [["a b", "x"]]),
    ("names that are reserved elsewhere", b"__class__,index\na b,x\nc d,y\n", "a.csv", [["a b", "x"], ["c d", "y"]]),
    ("a delimiter at every end", b"text,label,\na b,x,\nc d,y,\n", "a.csv", [["a b", "x"], ["c d", "y"]]),
    ("bare carriage returns and quotes", b'text,label\r"a\rb",x\rc,y\r', "a.csv", [["a\rb", "x"], ["c", "y"]]),
    ("a name with a path", CSV, "../../../etc/cron.d/x.csv", [["good day", "joy"]]),
    ("a name of nothing but dots", CSV, "...", [["good day", "joy"]]),
    ("a CSV under the name of JSON", CSV, "a.json", [["good day", "joy"]]),
    ("JSON Lines under the name of a CSV", b'{"text": "a b"}\n{"text": "c d"}\n', "a.csv", [["a b"], ["c d"]]),
    ("a text that begins like an ORC file", b"ORCID,label\n0000-1,x\n0000-2,y\n", "a.csv", [["0000-1", "x"], ["0000-2", "y"]]),
    ("a text that begins like a bzip2 file", b"BZh9,label\na b,x\n", "a.csv", [["a b", "x"]]),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "name", "rows"), [case[1:] for case in READ], ids=[case[0] for case in READ])
def test_an_odd_file_is_read_to_the_letter(raw: bytes, name: str, rows: list[list[str | None]]) -> None:
    table = read_table(raw, name)
    frame = table.frame.astype("object").where(table.frame.notna(), None)
    assert frame.to_numpy().tolist() == rows


# what it is, the bytes, the name, the code, a part of the sentence
REFUSED = [
    ("only rows that are too long", "text,label\n“a, b”,x\n".encode(), "a.csv", "no-rows", "Line 2 could not be one: It has 3"),
    ("a single cell", b"hello", "a.csv", "no-rows", "no rows"),
    ("JSON nested very deeply", DEEP, "a.json", "broken-json", "nested too deeply"),
    ("JSON of one deep cell", b'[{"text": ' + DEEP + b"}]", "a.json", "broken-json", "nested too deeply"),
    ("an endless number", b'[{"n": ' + b"9" * 10_000 + b"}]", "a.json", "broken-json", "too long"),
    ("JSON broken off", b'[{"text": "a"}, {"text": ', "a.json", "broken-json", "line 1"),
    ("JSON with a comma too many", b'[{"text": "a"},]', "a.json", "broken-json", "not valid JSON"),
    ("a list of numbers", b"[1, 2, 3]", "a.json", "no-rows", "a number, not an object"),
    ("only broken lines", b'{"a": \n{"b": \n{"c": \n', "a.jsonl", "no-rows", "not valid JSON"),
    ("null", b"null", "a.json", "no-rows", "no rows"),
    ("noise", bytes(range(256)) * 20, "a.csv", "binary", "NUL bytes"),
    ("UTF-32 cut in half", "text,label\na,b\n".encode("utf-32-le")[2:-1], "a.csv", "binary", "NUL bytes"),
    ("a NumPy array of objects", saved(np.array([{"a": 1}], dtype=object)), "a.npy", "not-a-table", "NumPy"),
    ("a program", b"\x7fELF" + bytes(60), "a.csv", "not-a-table", "program"),
    ("an SQLite database", b"SQLite format 3\x00" + bytes(60), "a.db", "not-a-table", "SQLite"),
    ("a 7-Zip archive", b"7z\xbc\xaf\x27\x1c" + bytes(40), "a.7z", "not-a-table", "7-Zip"),
    ("an old Excel file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "a.xls", "not-a-table", "old or locked Excel"),
    ("an SVG image", b"<?xml version='1.0'?><svg/>", "a.svg", "not-a-table", "XML"),
    ("a page with a login", b"<!DOCTYPE html><title>Sign in</title>", "data.csv", "not-a-table", "HTML"),
    ("a zip whose directory lies", zipped({"a.csv": CSV})[:-6] + b"\xff\xff\xff\xff\x00\x00", "a.zip", "not-a-table", "damaged"),
    ("a zip with only a link", zipped({"a.csv": b"/etc/passwd"}, mode=0o120777), "a.zip", "not-a-table", "neither"),
    ("a zip of names that lead out", zipped({"../a.csv": CSV, "/b.csv": CSV, "c:/d.csv": CSV}), "a.zip", "not-a-table", "neither"),
    ("a zip in a zip in a zip", zipped({"a.csv": zipped({"a.csv": zipped({"a.csv": CSV})})}), "a.zip", "not-a-table", "within"),
    ("tables that differ", zipped({"a.csv": CSV, "b.csv": b"x\n1\n"}), "a.zip", "not-a-table", "2 tables"),
    ("an image that is text", zipped({"cat/a.png": CSV}), "a.zip", "no-images", "None of the 1 image"),
    ("a header as wide as a street", b"," * 5_000 + b"\n", "a.csv", "too-many-columns", "5,001 columns"),
    ("many keys", json.dumps([{f"k{n}": 1 for n in range(1_500)}]).encode(), "a.json", "too-many-columns", "1,000"),
    ("a header and nothing", b"\xef\xbb\xbftext;label\r\n", "a.csv", "no-rows", "no rows"),
    ("white space of other scripts", "\u3000\n\u2003\n".encode(), "a.csv", "empty", "no rows"),
    ("a Label Studio file without annotations", json.dumps([{"data": {"text": "a"}, "annotations": []}]).encode(), "a.json",
     "no-rows", "no annotation"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "name", "code", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_hostile_file_is_refused_in_words(raw: bytes, name: str, code: str, says: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_table(raw, name)
    problem = refusal.value.problems[0]
    assert (problem.code, says in problem.what, bool(problem.fix)) == (code, True, True), problem


def test_there_are_at_least_forty_of_them() -> None:
    assert len(READ) + len(REFUSED) >= 40


def test_lines_that_cannot_be_rows_are_named_by_their_numbers() -> None:
    table = read_table(b'{"text": "a b"}\nnonsense\n{"text": "c d"}\n[1]\n', "a.jsonl")
    assert [(line.line, line.text) for line in table.rejected] == [(2, "nonsense"), (4, "[1]")]
    assert table.problems[0].where == "line 2, 4"
