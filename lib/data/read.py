"""Reads a file that somebody brought into a table of text, or says exactly why that is not possible."""

import re
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath

from lib.data.archive import is_tar, is_zip
from lib.data.compressed import SUFFIXES, compression_of, decompressed
from lib.data.conll import is_conll, read_conll
from lib.data.delimited import read_delimited
from lib.data.foreign import foreign_problem
from lib.data.formats.excel import is_workbook, read_workbook
from lib.data.formats.parquet import is_parquet, read_parquet
from lib.data.formats.shapes import shaped
from lib.data.formats.training_phrases import is_training_phrases, read_training_phrases
from lib.data.images import read_archive
from lib.data.json_rows import is_json, read_json
from lib.data.mending import mend
from lib.data.parts import joined_parts
from lib.data.read_as import ReadAs
from lib.data.table import RejectedLine, Table
from lib.errors import Problem, UserError
from lib.settings import get_settings

__all__ = ["ReadAs", "RejectedLine", "Table", "read_table", "read_tables"]

Reader = Callable[[bytes, str, ReadAs], Table]

# One reader per text format, by whether it recognises (bytes, file name); the first that does reads. A new format
# is a file with these two functions and a line here.
_READERS: tuple[tuple[Callable[[bytes, str], bool], Reader], ...] = (
    (is_json, read_json),
    (is_training_phrases, read_training_phrases),
    (is_conll, read_conll),
)


def read_table(source: bytes | Path, name: str = "", read_as: ReadAs | None = None) -> Table:
    """The table in a file, given by its bytes or its path; `name` is what the person calls the file.

    A path may also lead to a folder of images or tables. `read_as` is what the person says of the file; the rest is
    recognised. Every column is text; only empty cells are missing ("NA" and "null" stay as they are); nothing is
    converted or trimmed, but text that was certainly encoded twice is put right, and its original kept. Raises
    UserError when the file cannot be a table, saying what it is instead.
    """
    read_as = (read_as or ReadAs()).checked()
    if isinstance(source, Path):
        name = name or source.name
        if source.is_dir() and next(source.iterdir(), None) is not None:
            return _of_archive(source, name, read_as)
    return _read(source, name or "the file", read_as)


def read_tables(sources: Sequence[tuple[bytes | Path, str]], read_as: ReadAs | None = None) -> Table:
    """The table in several files that belong together: the parts of a split, or pieces of one table."""
    if len(sources) == 1:
        return read_table(*sources[0], read_as)
    problems: list[Problem] = []
    tables = []
    for source, name in sources:
        try:
            tables.append((name, read_table(source, name, read_as)))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(*problems)
    return joined_parts(tables, _common_name([name for _, name in sources]))


def _common_name(names: Sequence[str]) -> str:
    """What files of a split are called without their differences."""
    stems = [PurePosixPath(name).name.split(".")[0] for name in names]
    same = takewhile(lambda chars: len(set(chars)) == 1, zip(*stems, strict=False))
    common = "".join(chars[0] for chars in same)
    if any(stem[len(common) : len(common) + 1].isalnum() for stem in stems):  # "moods_t" of _train and _test
        common = re.sub(r"[^\W_]+$", "", common)
    return (common.strip("_-. ") or "several files") + PurePosixPath(names[0]).suffix


def _read(source: bytes | Path, name: str, read_as: ReadAs) -> Table:
    head = _head(source)
    if is_zip(head, name):
        if is_workbook(source):
            return _finished(read_workbook(source, name, read_as), read_as)
        return _of_archive(source, name, read_as)
    if is_parquet(head, name):
        return _finished(read_parquet(source, name, read_as), read_as)
    if is_tar(head, name) and (compression_of(head) or is_tar(head, "")):
        return _of_archive(source, name, read_as)
    if compression_of(head):
        return _of_compressed(source, name, read_as)
    return _finished(_of_text(_bytes_of(source, name), name, read_as), read_as)


def _finished(table: Table, read_as: ReadAs) -> Table:
    """The table in the shapes that tasks read, with garbled text put right."""
    return mend(shaped(table), allowed=read_as.repair)


def _of_text(raw: bytes, name: str, read_as: ReadAs) -> Table:
    if not raw.strip(b" \t\r\n\v\f\xef\xbb\xbf"):
        what = f"“{name}” is empty." if not raw else f"“{name}” holds nothing but white space."
        raise UserError(Problem(what, where=name, fix="Give a file with a header and rows.", code="empty"))
    # Who names a delimiter or a header means a table of delimited text.
    if read_as.delimiter is None and read_as.header is None:
        for recognises, read in _READERS:
            if recognises(raw, name):
                return read(raw, name, read_as)
    if problem := foreign_problem(raw, name):
        raise UserError(problem)
    return read_delimited(raw, name, read_as)


def _of_archive(source: bytes | Path, name: str, read_as: ReadAs) -> Table:
    def read_inside(raw: bytes, inner: str) -> Table:
        if (is_zip(raw, inner) and not is_workbook(raw)) or compression_of(raw) or is_tar(raw[:512], ""):
            what = f"“{inner}” is an archive within an archive."
            raise UserError(Problem(what, inner, "Unpack it and give the file inside.", code="not-a-table"))
        return read_table(raw, inner, read_as)

    return read_archive(source, name, read_inside)


def _of_compressed(source: bytes | Path, name: str, read_as: ReadAs) -> Table:
    """The table in a single file that was compressed ("rows.csv.gz"); it may turn out to be a tar."""
    suffix = PurePosixPath(name).suffix.lower()
    inner = name[: -len(suffix)] if suffix in SUFFIXES else name
    with decompressed(source, name, get_settings().max_unpacked_mb * 1_000_000) as plain:
        head = _head(plain)
        if is_tar(head, ""):
            return _of_archive(plain, name, read_as)
        if compression_of(head) or (is_zip(head, inner) and not is_workbook(plain)):
            what = f"“{name}” is an archive within an archive."
            raise UserError(Problem(what, name, "Unpack it and give the file inside.", code="not-a-table"))
        if plain.stat().st_size > get_settings().max_upload_mb * 4_000_000:
            what = (
                f"“{name}” holds {plain.stat().st_size / 1e6:,.0f} MB when unpacked, too much for one table."
            )
            raise UserError(Problem(what, name, "Give a part of it.", code="archive-too-large"))
        table = _read(plain.read_bytes(), inner, read_as)
    kind = compression_of(_head(source))
    return Table(
        table.frame, name, (f"Unpacked from {kind}.", *table.repairs), table.format, table.rejected, table.problems,
        table.files, table.originals,
    )  # fmt: skip


def _head(source: bytes | Path) -> bytes:
    """The first 512 bytes; none of what cannot be read, which is said where all of it is read."""
    if not isinstance(source, Path):
        return bytes(source[:512])
    try:
        with source.open("rb") as stream:
            return stream.read(512)
    except OSError:
        return b""


def _bytes_of(source: bytes | Path, name: str) -> bytes:
    if not isinstance(source, Path):
        return bytes(source)
    try:
        most = get_settings().max_unpacked_mb // 4
        if source.is_file() and (size := source.stat().st_size) > most * 1_000_000:
            what = f"{source.name} has {size / 1e6:,.0f} MB; at most {most:,} MB of text are read at once."
            fix = "Give a part of it, or write it as Parquet, or raise ATELIER_MAX_UNPACKED_MB."
            raise UserError(Problem(what, name, fix, code="file-too-large"))
        return source.read_bytes()
    except FileNotFoundError:
        problem = Problem(f"There is no file {source}.", where=name, fix="Check the path.", code="no-file")
    except IsADirectoryError:
        problem = Problem(f"{source} is an empty folder.", where=name, fix="Give a file.", code="no-file")
    except OSError as error:
        why = (
            "may not be read" if isinstance(error, PermissionError) else f"cannot be read ({error.strerror})"
        )
        problem = Problem(f"{source} {why}.", where=name, fix="Check the file's permissions.", code="no-file")
    raise UserError(problem)
