"""Reads a file that somebody brought into a table of text, or says exactly why that is not possible."""

from collections.abc import Callable
from pathlib import Path

from lib.data.delimited import read_delimited
from lib.data.foreign import foreign_problem
from lib.data.table import RejectedLine, Table
from lib.errors import Problem, UserError

__all__ = ["RejectedLine", "Table", "read_table"]

# One reader per format, by whether it recognises (bytes, file name); the first that does reads. A new format
# is a file with these two functions and a line here.
_READERS: tuple[tuple[Callable[[bytes, str], bool], Callable[[bytes, str], Table]], ...] = ()


def read_table(source: bytes | Path, name: str = "") -> Table:
    """The table in a file, given by its bytes or its path; `name` is what the person calls the file.

    Every column is text; only empty cells are missing ("NA" and "null" stay as they are); nothing is
    converted or trimmed. Raises UserError when the file cannot be a table, saying what it is instead.
    """
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


def _bytes_of(source: bytes | Path, name: str) -> tuple[bytes, str]:
    if not isinstance(source, Path):
        return bytes(source), name or "the file"
    name = name or source.name
    try:
        return source.read_bytes(), name
    except FileNotFoundError:
        problem = Problem(f"There is no file {source}.", where=name, fix="Check the path.", code="no-file")
    except IsADirectoryError:
        problem = Problem(f"{source} is a folder.", where=name, fix="Give a file in it.", code="no-file")
    except PermissionError:
        problem = Problem(
            f"{source} may not be read.", where=name, fix="Change the file's permissions.", code="no-file"
        )
    raise UserError(problem)
