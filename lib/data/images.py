"""Reads archives and folders: images in class folders, images beside a table that names them, or a single table."""

import hashlib
import io
import os
import shutil
import struct
import time
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
from PIL import Image, UnidentifiedImageError

from lib.data.account import plural, set_aside
from lib.data.archive import Archive, Member, UnreadableError, opened
from lib.data.conll import CONLL_SUFFIXES
from lib.data.files import content_name, publish_folder
from lib.data.json_rows import JSON_SUFFIXES
from lib.data.parts import joined_parts
from lib.data.table import RejectedLine, Table
from lib.data.tree import places_of
from lib.errors import Problem, UserError
from lib.settings import get_settings

EXCEL_SUFFIXES = frozenset({".xlsx", ".xlsm"})
PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})
IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
)  # fmt: skip
TABLE_SUFFIXES = frozenset(
    {".csv", ".tsv", *JSON_SUFFIXES, *CONLL_SUFFIXES, *EXCEL_SUFFIXES, *PARQUET_SUFFIXES}
)
_MOST_TABLES = 200
# What Pillow calls a format (also that of phones with two lenses), and how such files end.
_FORMATS = {
    "PNG": "png", "JPEG": "jpg", "MPO": "jpg", "WEBP": "webp", "GIF": "gif", "BMP": "bmp", "TIFF": "tiff",
}  # fmt: skip
# Pillow tells these phones' files apart by itself once it has opened them as JPEG.
_OPENED = tuple(name for name in _FORMATS if name != "MPO")
MAX_PIXELS = 100_000_000
_DAYS_KEPT = 7
_ADVICE = "Put the images into one folder for each label, and give a zip of those folders."


def read_archive(source: bytes | Path, name: str, read: Callable[[bytes, str], Table]) -> Table:
    """The table in a zip archive (bytes or path) or in a folder of images; `read` reads a table inside it.

    Images become the columns `image` (names of files in `Table.files`), `label` and, for a tree that is split
    already, `split`. With a table beside the images that names them, it is that table. Without images there
    must be exactly one table. Raises UserError, with nothing kept, when there is neither.
    """
    with opened(source, name) as archive:
        images = [member for member in archive.members if member.suffix in IMAGE_SUFFIXES]
        tables = [member for member in archive.members if member.suffix in TABLE_SUFFIXES]
        if images:
            return _with_images(source, archive, images, tables, read)
        if not tables:
            tables = [member for member in archive.members if member.suffix == ".txt"]
        if 0 < len(tables) <= _MOST_TABLES:
            return _tables_inside(archive, tables, read)
        raise UserError(_nothing(archive, tables))


def _nothing(archive: Archive, tables: list[Member]) -> Problem:
    name = archive.name
    if tables:
        shown = ", ".join(member.name for member in tables[:5]) + (" …" if len(tables) > 5 else "")
        what = f"“{name}” holds {len(tables):,} tables and no images: {shown}."
        fix = "Give one of them, or files with the same columns that are called train, validation and test."
        return Problem(what, name, fix, code="not-a-table")
    if not archive.members and not archive.rejected:
        return Problem(f"“{name}” holds no files.", name, _ADVICE, code="empty")
    what = f"“{name}” holds neither images nor a table."
    return Problem(what, name, f"{_ADVICE} For texts, give a CSV file.", code="not-a-table")


def _tables_inside(archive: Archive, tables: list[Member], read: Callable[[bytes, str], Table]) -> Table:
    """The only table of an archive, or the tables that are the parts of one."""
    found: list[tuple[str, Table]] = []
    problems: list[Problem] = []
    for member in tables:
        try:
            found.append((member.name, _table_inside(archive, member, read)))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(*problems)
    if len(found) == 1:
        return found[0][1]
    try:
        table = joined_parts(found, archive.name)
    except UserError as error:
        raise UserError(_nothing(archive, tables), *error.problems) from error
    rejected = (*archive.rejected, *table.rejected)
    return replace(
        table, rejected=rejected, problems=(*table.problems, *set_aside(tuple(archive.rejected), "file"))
    )


def _table_inside(archive: Archive, member: Member, read: Callable[[bytes, str], Table]) -> Table:
    try:
        raw = archive.read(member, get_settings().max_upload_mb * 1_000_000)
    except UnreadableError as error:
        what = f"“{member.name}” in “{archive.name}” cannot be read. {error}"
        raise UserError(
            Problem(what, member.name, "Unpack it and give the file.", code="not-a-table")
        ) from error
    table = read(raw, PurePosixPath(member.name).name)
    said = f"“{member.name}” was read from “{archive.name}”."
    return replace(table, repairs=(said, *table.repairs))


def _with_images(
    source: bytes | Path,
    archive: Archive,
    images: list[Member],
    tables: list[Member],
    read: Callable[[bytes, str], Table],
) -> Table:
    """Extract the images, and name them in rows."""
    root = get_settings().cache / "images"
    work = root / f".work-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        work.mkdir(parents=True)
        _forget_old(root)
        names, mark = _extract(archive, images, work)
        rows = _Rows(archive, images, names)
        if not names:
            first = rows.rejected[0] if rows.rejected else None
            what = f"None of the {plural(len(images), 'image')} in “{archive.name}” can be read."
            why = f" “{first.text}”: {first.reason}" if first else ""
            raise UserError(Problem(what + why, archive.name, "Look at the files.", code="no-images"))
        places = places_of([member.parts for member in images])
        table = None if places.labelled else rows.by_table(tables, read)
        table = table or rows.by_folders(places, beside=len(archive.members) - len(images))
        final = root / (_digest(source) if not isinstance(source, Path) or source.is_file() else mark)
        publish_folder(work, final)
    except OSError as error:
        what = f"The images of “{archive.name}” could not be unpacked: {error.strerror or error}."
        fix = "Free some space, or set ATELIER_HOME to another folder."
        raise UserError(Problem(what, str(root), fix, code="cannot-write")) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return replace(table, name=archive.name, files=final)


def _digest(source: bytes | Path) -> str:
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _forget_old(root: Path) -> None:
    """Remove what was unpacked long ago: what was saved since then has its own copy."""
    oldest = time.time() - _DAYS_KEPT * 86_400
    for path in root.iterdir():
        try:
            stale = path.stat().st_mtime < oldest
        except OSError:  # another process was quicker
            continue
        if stale:
            shutil.rmtree(path, ignore_errors=True)


def _extract(archive: Archive, images: list[Member], folder: Path) -> tuple[dict[str, str], str]:
    """Write every good image to the folder; returns archive name → file name, and a digest of all of them."""
    names: dict[str, str] = {}
    digest = hashlib.sha256()
    for member in images:
        try:
            raw = archive.read(member)
            name = content_name(raw, checked_image(raw))
        except UnreadableError as error:
            archive.rejected.append(RejectedLine(member.number, member.name[:500], str(error)))
            continue
        if not (folder / name).exists():
            (folder / name).write_bytes(raw)
        names[member.name] = name
        digest.update(f"{member.name}\x00{name}\x00".encode("utf-8", "surrogatepass"))
    archive.rejected.sort(key=lambda line: line.line)
    return names, digest.hexdigest()


def checked_image(raw: bytes) -> str:
    """How a file with this image ends ("png", "jpg" …). Raises UnreadableError for what is no whole image."""
    try:
        with Image.open(io.BytesIO(raw), formats=_OPENED) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise UnreadableError(
                    f"It has {width:,} × {height:,} pixels; at most {MAX_PIXELS:,} are accepted."
                )
            suffix = _FORMATS[image.format or ""]
            image.verify()
        # `verify` does not see that a photo breaks off halfway. A small version is read at little cost.
        with Image.open(io.BytesIO(raw), formats=_OPENED) as image:
            image.draft("RGB", (max(width // 8, 1), max(height // 8, 1)))
            image.load()
    except UnidentifiedImageError as error:
        raise UnreadableError("It is no image of a known format.") from error
    except Image.DecompressionBombError as error:
        raise UnreadableError(f"It has more than {MAX_PIXELS:,} pixels.") from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        EOFError,
        MemoryError,
    ) as error:
        raise UnreadableError("It is damaged or not complete.") from error
    except (AttributeError, ArithmeticError, RuntimeError, struct.error, zlib.error) as error:
        raise UnreadableError("It is damaged and cannot be decoded.") from error
    return suffix


class _Rows:
    """The images of an archive on their way into rows."""

    def __init__(self, archive: Archive, images: list[Member], names: Mapping[str, str]) -> None:
        self._archive = archive
        self._images = images
        self._names = names
        self.rejected = archive.rejected

    def by_folders(self, places: Any, *, beside: int) -> Table:
        """A row for each image with its label and split from the folders; `beside` files are no images."""
        kept = [place for place, member in enumerate(self._images) if member.name in self._names]
        cells: dict[str, list[str | None]] = {
            "image": [self._names[self._images[place].name] for place in kept]
        }
        if places.labelled:
            cells["label"] = [places.labels[place] for place in kept]
        if places.split:
            cells["split"] = [places.splits[place] for place in kept]
        frame = pd.DataFrame(
            {column: pd.array(column_cells, dtype="str") for column, column_cells in cells.items()}
        )
        said = [f"Read as {plural(len(frame), 'image')}"]
        problems: tuple[Problem, ...] = ()
        if places.labelled:
            said[0] += f" in {plural(frame['label'].nunique(), 'class folder')}"
            loose = int(frame["label"].isna().sum())
            if loose:
                said.append(
                    f"{plural(loose, 'image')} {_lies(loose)} in no class folder and {_has(loose)} no label."
                )
        else:
            what = "The images lie in no class folders, so there are no labels."
            problems = (Problem(what, self._archive.name, _ADVICE, "warning", "no-labels"),)
        said[0] += ", divided by their folders." if places.split else "."
        if beside:
            are = "is not an image was" if beside == 1 else "are not images were"
            said.append(f"{plural(beside, 'file')} that {are} left out.")
        return self._table(frame, said, (*problems, *set_aside(tuple(self.rejected), "file")))

    def by_table(self, tables: list[Member], read: Callable[[bytes, str], Table]) -> Table | None:
        """The table that names the images, with its image column naming the extracted files; None without one."""
        found = None
        for member in tables:
            try:
                table = _table_inside(self._archive, member, read)
            except UserError:
                continue
            for column in table.frame.columns:
                share = self._matching(table.frame[column])
                if share >= 0.5 and (found is None or share > found[0]):
                    found = share, member, table, str(column)
        return None if found is None else self._named_by(*found[1:])

    def _matching(self, cells: "pd.Series[str]") -> float:
        """The share of the cells that name an image of the archive."""
        keys, values = self._keys(), cells.dropna()
        return float(values.map(lambda cell: _named(cell, keys) is not None).mean()) if len(values) else 0.0

    def _keys(self) -> dict[str, str]:
        """What a table may call an image (its path, its end, without the ending) → its name in the archive.

        A shorter name that several images share means none of them.
        """
        keys: dict[str, str] = {}
        shared: set[str] = set()
        for member in self._images:
            whole = PurePosixPath(member.name.casefold())
            ways = {"/".join(whole.parts[start:]) for start in range(len(whole.parts))}
            for key in ways | {way.removesuffix(whole.suffix) for way in ways}:
                if keys.setdefault(key, member.name) != member.name:
                    shared.add(key)
        return {key: name for key, name in keys.items() if key not in shared}

    def _named_by(self, member: Member, table: Table, column: str) -> Table:
        keys = self._keys()
        broken = {line.text for line in self.rejected}
        found: list[str | None] = []
        missing = list(table.rejected)
        for number, cell in enumerate(table.frame[column], 1):
            inside = _named(cell, keys) if isinstance(cell, str) else None
            found.append(self._names.get(inside) if inside else None)
            if found[-1] is None:
                shown = cell if isinstance(cell, str) else ""
                reason = "Its image is in the archive but cannot be read." if inside in broken else (
                    "Its image is not in the archive." if shown else "It names no image.")  # fmt: skip
                missing.append(RejectedLine(number, shown[:500], reason))
        frame = table.frame.assign(**{column: pd.array(found, dtype="str")})
        frame = frame[frame[column].notna()].reset_index(drop=True)
        if frame.empty:
            what = f"No row of “{member.name}” names an image that can be read."
            raise UserError(Problem(what, member.name, "Look at the images.", code="no-images"))
        used = {_named(cell, keys) for cell in table.frame[column].dropna()}
        spare = sum(image.name not in used for image in self._images)
        said = [
            f"Read as {plural(len(frame), 'row')} of “{member.name}” with their images (column “{column}”)."
        ]
        if spare:
            said.append(
                f"{plural(spare, 'image')} that “{member.name}” does not name {_was(spare)} left out."
            )
        problems = tuple(problem for problem in table.problems if problem.code != "rejected-lines")
        self.rejected = missing
        return self._table(frame, [*said, *table.repairs[1:]], (*problems, *set_aside(tuple(missing), "row")))

    def _table(self, frame: pd.DataFrame, said: list[str], problems: tuple[Problem, ...]) -> Table:
        form = {"format": "images", "images": len(set(self._names.values()))}
        return Table(frame, self._archive.name, tuple(said), form, tuple(self.rejected), problems)


def _named(cell: str, keys: Mapping[str, str]) -> str | None:
    """The image that a cell names, by as much of its path as the archive knows; `keys` is `_Rows._keys`."""
    parts = PurePosixPath(cell.strip().replace("\\", "/").casefold()).parts
    ways = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((keys[way] for way in ways if way in keys), None)


def _lies(number: int) -> str:
    return "lies" if number == 1 else "lie"


def _has(number: int) -> str:
    return "has" if number == 1 else "have"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
