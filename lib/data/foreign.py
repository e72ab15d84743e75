"""Recognises files that are not tables of text, so that they are refused with a useful sentence."""

from collections.abc import Iterable

from lib.errors import Problem

# Office files are zips; these parts are in every one of them.
_ZIPS = {
    "xl/workbook.bin": "a binary Excel workbook (.xlsb)",
    "xl/workbook.": "an Excel workbook",
    "word/document.": "a Word document",
    "ppt/presentation.": "a PowerPoint presentation",
    "META-INF/manifest.xml": "an OpenDocument file",
}

_IMAGE = "Put the images into one folder for each label, and give a zip of those folders."

# Leading bytes, what such a file is, and what the person can do about it.
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG", "a PNG image", _IMAGE),
    (b"\xff\xd8\xff", "a JPEG image", _IMAGE),
    (b"GIF8", "a GIF image", _IMAGE),
    (b"ARROW1", "an Arrow file", "Save the table as CSV and give that."),
    (b"%PDF", "a PDF document", "Copy its table into a spreadsheet and save that as CSV."),
    (
        b"\xd0\xcf\x11\xe0",
        "an old or locked Excel or Word file",
        "Open it and save it as .xlsx without a password.",
    ),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it and give the file inside."),
    (b"Rar!", "a RAR archive", "Unpack it and give the file inside."),
    (b"SQLite format 3", "an SQLite database", "Export the table you need as CSV."),
    (b"\x89HDF", "an HDF5 file", "Save the table as CSV and give that."),
    (b"\x93NUMPY", "a NumPy array", "Save the table as CSV and give that."),
    (b"\x7fELF", "a program", "Give a CSV or TSV file."),
    (b"{\\rtf", "a rich-text document", "Save it as plain text or CSV."),
)


def office_problem(members: Iterable[str], name: str) -> Problem | None:
    """The refusal of a zip archive that is really an office file, by the names of its members; else None."""
    for member in members:
        for part, kind in _ZIPS.items():
            if member.startswith(part):
                return _refusal(kind, "Open it and save it as .xlsx or CSV UTF-8.", name)
    return None


def _refusal(kind: str, fix: str, name: str) -> Problem:
    return Problem(f"“{name}” is {kind}, not a table of text.", where=name, fix=fix, code="not-a-table")


def foreign_problem(raw: bytes, name: str) -> Problem | None:
    """What the bytes are, when they are recognisably something other than delimited text; else None."""
    for signature, kind, fix in _SIGNATURES:
        if raw.startswith(signature):
            return _refusal(kind, fix, name)
    if raw[:3] == b"ORC" and any(byte < 9 for byte in raw[3:200]):
        return _refusal("an ORC file", "Save the table as Parquet or CSV and give that.", name)
    if raw[:1] == b"\x80" and raw[1:2] in b"\x02\x03\x04\x05" and raw.rstrip().endswith(b"."):
        return _refusal("a Python pickle (which can run code)", "Save the table as CSV and give that.", name)
    head = raw[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    start = head[:64].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        fix = "Download the file itself instead of the page that shows it."
        return _refusal("a web page (HTML)", fix, name)
    if start.startswith(b"<?xml"):
        return _refusal("an XML document", "Export the table as CSV and give that.", name)
    return None


def nul_problem(name: str, count: int, first: int) -> Problem:
    """The refusal of a file that holds NUL bytes and is no UTF-16 text."""
    return Problem(
        f"“{name}” holds {count:,} NUL bytes (the first at byte {first + 1:,}), "
        "so it is binary or damaged, not text.",
        where=name,
        fix="Export the table again as CSV UTF-8 and give that.",
        code="binary",
    )
