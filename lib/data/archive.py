"""Looks into zip archives and folders without trusting them: names are never paths, sizes are counted as they come."""

import os
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath

from lib.data.foreign import office_problem
from lib.data.table import RejectedLine
from lib.errors import Problem, UserError
from lib.settings import get_settings

MAX_ENTRIES = 200_000
# Deflate shrinks what people collect by far less; what unpacks to more than this is made to fill a disk.
_MAX_RATIO = 200
_RATIO_FROM = 1_000_000
# A single image file this large is no photo.
MAX_FILE_BYTES = 200_000_000
_PIECE = 1 << 20
_HOUSEKEEPING = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", "__macosx"})


class UnreadableError(Exception):
    """A file in an archive that cannot be read; the message is a full sentence."""


@dataclass(frozen=True)
class Member:
    """A file in an archive or folder: its place in the listing from 1, its name with "/", its size in bytes."""

    number: int
    name: str
    size: int
    _inside: zipfile.ZipInfo | Path = field(repr=False, compare=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders and the file's own name."""
        return PurePosixPath(self.name).parts

    @property
    def suffix(self) -> str:
        """The ending of the name, such as ".png", in lower case."""
        return PurePosixPath(self.name).suffix.lower()


class Archive:
    """The files of a zip archive or of a folder, in the order of their names.

    Housekeeping files (hidden ones, __MACOSX, Thumbs.db …) are not among `members`; links and names that lead
    outside are in `rejected`.
    """

    def __init__(self, name: str, opened: zipfile.ZipFile | None) -> None:
        self.name = name
        self.members: list[Member] = []
        self.rejected: list[RejectedLine] = []
        self._zip = opened
        self._left = get_settings().max_unpacked_mb * 1_000_000

    def list_zip(self) -> None:
        """List what the zip says it holds. Raises UserError for too many entries or an office file."""
        assert self._zip is not None
        found = self._zip.infolist()
        self._check_count(len(found))
        if problem := office_problem((info.filename for info in found), self.name):
            raise UserError(problem)
        for number, info in enumerate(found, 1):
            linked = stat.S_ISLNK(info.external_attr >> 16)
            name = _spelled(info)
            if linked or not name.endswith("/"):
                self._take(number, name, info.file_size, info, linked)
        # Of two files with one name the later counts, as for every program that unpacks.
        self.members = sorted(
            {member.name: member for member in self.members}.values(), key=lambda one: one.name
        )

    def list_folder(self, folder: Path) -> None:
        """List the files below a folder, without following links. Raises UserError for too many of them."""
        number = 0
        for place, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                number += 1
                self._check_count(number)
                path = Path(place) / name
                linked = path.is_symlink()
                size = 0 if linked else path.stat().st_size
                self._take(number, path.relative_to(folder).as_posix(), size, path, linked)
        self.members.sort(key=lambda member: member.name)

    def _check_count(self, count: int) -> None:
        if count > MAX_ENTRIES:
            what = f"“{self.name}” holds more than {MAX_ENTRIES:,} files."
            fix = "Divide it into several archives."
            raise UserError(Problem(what, self.name, fix, code="archive-too-large"))

    def _take(self, number: int, name: str, size: int, inside: zipfile.ZipInfo | Path, linked: bool) -> None:
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or (parts and parts[0][1:2] == ":"):
            self.rejected.append(RejectedLine(number, name[:500], "Its name leads out of the archive."))
        elif not parts or any(part.startswith(".") or part.casefold() in _HOUSEKEEPING for part in parts):
            return
        elif linked:
            self.rejected.append(
                RejectedLine(number, name[:500], "It is a link, and links are not followed.")
            )
        else:
            self.members.append(Member(number, name, size, inside))

    def read(self, member: Member, limit: int = MAX_FILE_BYTES) -> bytes:
        """The bytes of a member.

        Raises UnreadableError for a file that is damaged, locked, larger than `limit` or packed suspiciously
        well, and UserError when all files together become larger than the settings allow.
        """
        inside = member._inside
        if isinstance(inside, zipfile.ZipInfo):
            if inside.flag_bits & 0x1:
                raise UnreadableError("It is locked with a password.")
            packed = max(inside.compress_size, 1)
            if inside.file_size > _RATIO_FROM and inside.file_size / packed > _MAX_RATIO:
                raise UnreadableError(
                    f"It would grow {inside.file_size / packed:,.0f}-fold when unpacked, "
                    "as files do that are made to fill a disk."
                )
        if member.size > limit:
            raise UnreadableError(
                f"It has {member.size / 1e6:,.0f} MB; at most {limit / 1e6:,.0f} MB are accepted."
            )
        pieces, size = [], 0
        try:
            with self._open(inside) as stream:
                while piece := stream.read(_PIECE):
                    size += len(piece)
                    self._left -= len(piece)
                    if self._left < 0:
                        self._refuse_size()
                    if size > limit:
                        raise UnreadableError(f"It has more than {limit / 1e6:,.0f} MB.")
                    pieces.append(piece)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
            # RuntimeError: a password; its NotImplementedError: a way of packing that Python cannot undo.
            reason = "It is packed in a way that cannot be read here."
            damaged = "It is damaged and cannot be unpacked."
            raise UnreadableError(reason if isinstance(error, NotImplementedError) else damaged) from error
        return b"".join(pieces)

    def _open(self, inside: zipfile.ZipInfo | Path):  # type: ignore[no-untyped-def]
        if isinstance(inside, Path):
            return inside.open("rb")
        assert self._zip is not None
        return self._zip.open(inside)

    def _refuse_size(self) -> None:
        most = get_settings().max_unpacked_mb
        raise UserError(
            Problem(
                f"“{self.name}” holds more than {most:,} MB when unpacked.",
                where=self.name,
                fix="Make the images smaller, or raise ATELIER_MAX_UNPACKED_MB.",
                code="archive-too-large",
            )
        )


def is_zip(raw: bytes, name: str) -> bool:
    """Whether the bytes begin as zip archives do."""
    return raw[:4] in (b"PK\x03\x04", b"PK\x05\x06")


@contextmanager
def opened(source: bytes | Path, name: str) -> Iterator[Archive]:
    """The files in a zip archive (its bytes or its path) or in a folder, to be read while it is open.

    Raises UserError when it is damaged or an office file.
    """
    if isinstance(source, Path) and source.is_dir():
        archive = Archive(name, None)
        archive.list_folder(source)
        yield archive
        return
    try:
        packed = zipfile.ZipFile(source if isinstance(source, Path) else BytesIO(source))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        what = f"“{name}” is a zip archive, but it is damaged or not complete."
        raise UserError(Problem(what, name, "Make the archive again.", code="broken-zip")) from error
    with packed:
        archive = Archive(name, packed)
        archive.list_zip()
        yield archive


def _spelled(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: many programs write UTF-8 without saying so, and Windows' backslashes."""
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.filename
    return unicodedata.normalize("NFC", name.replace("\\", "/"))
