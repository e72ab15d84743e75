"""No byte string crashes the reader: it gives a table or says what is wrong, and nothing else ever happens."""

# ruff: noqa: E501 – tables of cases read best with a case a line.

import io
import json
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from lib.data.double_encoding import mended
from lib.data.read import ReadAs, read_table
from lib.errors import UserError

QUICK = settings(
    max_examples=150, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
NAMES = (
    "a.csv",
    "a.tsv",
    "a.txt",
    "a.json",
    "a.jsonl",
    "a.conll",
    "a.md",
    "a.yml",
    "a.zip",
    "a.tar.gz",
    "a.xlsx",
    "a",
    "",
)
PIECES = (
    b",", b";", b"\t", b"|", b'"', b'""', b"\r", b"\n", b"\r\n", b"\n\n", b" ", b"\\", b"text", b"label", b"O", b"B-PER",
    b"{", b"}", b"[", b"]", b":", b'{"text": "a"}', b'[{"a": 1}]', b"[a](b)", b"## intent:x", b"- a", b"\x00", b"\xff",
    b"\xef\xbb\xbf", b"\xff\xfe", "é".encode(), "é".encode("cp1252"), "â€™".encode(), "文".encode("gb18030"), b"sep=;",
    b"-DOCSTART-", b"PK\x03\x04", b"\x1f\x8b\x08", b"PAR1", b"BZh91AY&SY", b"::", b"\x01", b"1", b"2.5", b"['a' 'b']",
)  # fmt: skip
anything = some.one_of(
    some.binary(max_size=300),
    some.lists(some.sampled_from(PIECES), max_size=60).map(b"".join),
    some.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
said = some.builds(
    ReadAs,
    delimiter=some.one_of(some.none(), some.text(max_size=3)),
    encoding=some.one_of(some.none(), some.sampled_from(["utf-8", "utf-16", "cp1252", "gb18030", "hz", "x"])),
    header=some.one_of(some.none(), some.integers(-1, 12)),
    repair=some.booleans(),
)


@pytest.fixture(autouse=True)
def own_home(home: object) -> None:
    """Whatever is unpacked goes to a folder of its own."""


def try_to_read(raw: bytes, name: str, read_as: ReadAs | None = None) -> None:
    """Read the bytes; every cell must be text that a file can hold."""
    try:
        table = read_table(raw, name, read_as)
    except UserError as error:
        assert error.problems and all(problem.what and problem.code for problem in error.problems)
        return
    assert len(table.frame) > 0 and len(set(table.frame.columns)) == len(table.frame.columns)
    pa.Table.from_pandas(table.frame, preserve_index=False)
    json.dumps([line.to_json() for line in table.rejected], ensure_ascii=False).encode()
    "".join(table.repairs).encode()


@QUICK
@given(anything, some.sampled_from(NAMES))
def test_no_bytes_crash_the_reader(raw: bytes, name: str) -> None:
    try_to_read(raw, name)


@QUICK
@given(anything, said)
def test_no_bytes_crash_a_reader_that_is_told_what_they_are(raw: bytes, read_as: ReadAs) -> None:
    try_to_read(raw, "a.csv", read_as)


values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=10),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(
        some.sampled_from(["text", "label", "spans", "data", "annotations", "result", "value", "start", "end", "entities",
                           "messages", "_input_hash", "answer", "paragraphs", "qas"]) | some.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@QUICK
@given(values, some.booleans())
def test_no_json_crashes_the_reader(value: object, lines: bool) -> None:
    raw = json.dumps(value).encode()
    try_to_read(raw + b"\n" + raw if lines else raw, "a.jsonl" if lines else "a.json")


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in (["text", "label", "n"], ["a b", "x", 1], ["c d", "y", "=A1"]):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": ["a b", "c d"], "tags": [["a"], ["b", "c"]]}), buffer)
    return buffer.getvalue()


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("train.csv", "text,label\na b,x\n")
        packed.writestr("test.csv", "text,label\nc d,x\n")
    return buffer.getvalue()


@pytest.mark.parametrize("make", [_workbook, _parquet, _zip], ids=["a workbook", "Parquet", "a zip"])
@settings(parent=QUICK, max_examples=60)
@given(
    changes=some.lists(
        some.tuples(some.floats(0, 0.9999), some.binary(min_size=1, max_size=4)), min_size=1, max_size=6
    )
)
def test_no_damage_to_a_packed_file_crashes_the_reader(
    make: object, changes: list[tuple[float, bytes]]
) -> None:
    raw = bytearray(make())  # type: ignore[operator]
    for place, new in changes:
        at = int(place * len(raw))
        raw[at : at + len(new)] = new
    try_to_read(bytes(raw), "a.bin")


@QUICK
@given(some.text(max_size=40))
def test_mending_right_text_that_was_garbled_never_makes_it_worse(text: str) -> None:
    assert mended(mended(text)) == mended(text)
