"""Reads a file that somebody brought into a table of text, or says exactly why that is not possible."""

from collections.abc import Callable
from pathlib import Path

from lib.data.archive import is_zip
from lib.data.conll import is_conll, read_conll
from lib.data.delimited import read_delimited
from lib.data.foreign import foreign_problem
from lib.data.images import read_archive
from lib.data.json_rows import is_json, read_json
from lib.data.table import RejectedLine, Table
from lib.errors import Problem, UserError

__all__ = ["RejectedLine", "Table", "read_table"]


def _read_inside(raw: bytes, name: str) -> Table:
    """A table inside an archive: what `read_table` reads, except another archive."""
    if is_zip(raw, name):
        what = f"“{name}” is an archive within an archive."
        raise UserError(Problem(what, name, "Unpack it and give the file inside.", code="not-a-table"))
    return read_table(raw, name)


def _read_zip(source: bytes | Path, name: str) -> Table:
    return read_archive(source, name, _read_inside)


# One reader per format, by whether it recognises (bytes, file name); the first that does reads. A new format
# is a file with these two functions and a line here.
_READERS: tuple[tuple[Callable[[bytes, str], bool], Callable[[bytes, str], Table]], ...] = (
    (is_zip, _read_zip),
    (is_json, read_json),
    (is_conll, read_conll),
)


def read_table(source: bytes | Path, name: str = "") -> Table:
    """The table in a file, given by its bytes or its path; `name` is what the person calls the file.

    A path may also lead to a folder of images. Every column is text; only empty cells are missing ("NA" and
    "null" stay as they are); nothing is converted or trimmed. Raises UserError when the file cannot be a
    table, saying what it is instead.
    """
    if isinstance(source, Path) and _is_packed(source):  # not to be held in memory whole
        return _read_zip(source, name or source.name)
    raw, name = _bytes_of(source, name)
    if not raw.strip(b" \t\r\n\v\f\xef\xbb\xbf"):
        what = f"“{name}” is empty." if not raw else f"“{name}” holds nothing but white space."
        raise UserError(Problem(what, where=name, fix="Give a file with a header and rows.", code="empty"))
    for recognises, read in _READERS:
        if recognises(raw, name):
            return read(raw, name)
    if problem := foreign_problem(raw, name):
        raise UserError(problem)
    return read_delimited(raw, name)


def _is_packed(path: Path) -> bool:
    """Whether a path leads to a zip archive, or to a folder with anything in it."""
    try:
        if path.is_dir():
            return next(path.iterdir(), None) is not None
        with path.open("rb") as stream:
            return is_zip(stream.read(4), path.name)
    except OSError:  # said in words where the bytes are read
        return False


def _bytes_of(source: bytes | Path, name: str) -> tuple[bytes, str]:
    if not isinstance(source, Path):
        return bytes(source), name or "the file"
    name = name or source.name
    try:
        return source.read_bytes(), name
    except FileNotFoundError:
        problem = Problem(f"There is no file {source}.", where=name, fix="Check the path.", code="no-file")
    except IsADirectoryError:
        problem = Problem(f"{source} is an empty folder.", where=name, fix="Give a file.", code="no-file")
    except PermissionError:
        problem = Problem(
            f"{source} may not be read.", where=name, fix="Change the file's permissions.", code="no-file"
        )
    raise UserError(problem)
