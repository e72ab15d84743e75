"""Looks into zip and tar archives and folders without trusting them: names are never paths, sizes are counted."""

import os
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

from lib.data.compressed import decompressed
from lib.data.foreign import office_problem
from lib.data.table import RejectedLine
from lib.errors import Problem, UserError
from lib.settings import get_settings

MAX_ENTRIES = 200_000
_TAR_NAMES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
# Deflate shrinks what people collect by far less; what unpacks to more than this is made to fill a disk.
_MAX_RATIO = 200
_RATIO_FROM = 1_000_000
# A single image file this large is no photo.
MAX_FILE_BYTES = 200_000_000
_PIECE = 1 << 20
# Characters that hide or turn round what stands in a name.
_HIDDEN = frozenset(map(chr, (*range(32), 127, *range(0x202A, 0x202F), *range(0x2066, 0x206A))))
_HOUSEKEEPING = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", "__macosx"})


class UnreadableError(Exception):
    """A file in an archive that cannot be read; the message is a full sentence."""


@dataclass(frozen=True)
class Member:
    """A file in an archive or folder: its place in the listing from 1, its name with "/", its size in bytes."""

    number: int
    name: str
    size: int
    _inside: zipfile.ZipInfo | tarfile.TarInfo | Path = field(repr=False, compare=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders and the file's own name."""
        return PurePosixPath(self.name).parts

    @property
    def suffix(self) -> str:
        """The ending of the name, such as ".png", in lower case."""
        return PurePosixPath(self.name).suffix.lower()


class Archive:
    """The files of a zip or tar archive or of a folder, in the order of their names.

    Housekeeping files (hidden ones, __MACOSX, Thumbs.db …) are not among `members`; links and names that lead
    outside are in `rejected`.
    """

    def __init__(self, name: str, opened: zipfile.ZipFile | tarfile.TarFile | None) -> None:
        self.name = name
        self.members: list[Member] = []
        self.rejected: list[RejectedLine] = []
        self._opened = opened
        self._left = get_settings().max_unpacked_mb * 1_000_000

    def list_zip(self) -> None:
        """List what the zip says it holds. Raises UserError for too many entries or an office file."""
        assert isinstance(self._opened, zipfile.ZipFile)
        found = self._opened.infolist()
        self._check_count(len(found))
        if problem := office_problem((info.filename for info in found), self.name):
            raise UserError(problem)
        for number, info in enumerate(found, 1):
            linked = stat.S_ISLNK(info.external_attr >> 16)
            name = _spelled(info)
            if linked or not name.endswith("/"):
                self._take(number, name, info.file_size, info, linked)
        self._sort()

    def list_tar(self) -> None:
        """List what a tar holds. Raises UserError for too many entries, and tarfile's errors for a damaged one."""
        assert isinstance(self._opened, tarfile.TarFile)
        for number, info in enumerate(self._opened, 1):
            self._check_count(number)
            name = _harmless(info.name.replace("\\", "/"))
            if info.isreg() and not info.issparse():
                self._take(number, name, info.size, info, False)
            elif info.issym() or info.islnk():
                self._take(number, name, 0, info, True)
            elif not info.isdir():
                reason = "It is a device or a file with holes, not a plain file."
                self.rejected.append(RejectedLine(number, name[:500], reason))
        self._sort()

    def _sort(self) -> None:
        # Of two files with one name the later counts, as for every program that unpacks.
        self.members = sorted(
            {member.name: member for member in self.members}.values(), key=lambda one: one.name
        )

    def list_folder(self, folder: Path) -> None:
        """List the files below a folder, without following links. Raises UserError for too many of them."""
        number = 0
        for place, folders, names in os.walk(folder, onerror=self._unreadable):
            folders.sort()
            links = [name for name in folders if (Path(place) / name).is_symlink()]
            for name in sorted([*names, *links]):
                number += 1
                self._check_count(number)
                path = Path(place) / name
                relative = _harmless(path.relative_to(folder).as_posix())
                try:
                    about = path.lstat()
                except OSError as error:  # gone since it was listed
                    self._unreadable(error)
                    continue
                if stat.S_ISREG(about.st_mode) or stat.S_ISLNK(about.st_mode):
                    self._take(number, relative, about.st_size, path, stat.S_ISLNK(about.st_mode))
                else:
                    self.rejected.append(RejectedLine(number, relative[:500], "It is not a plain file."))
        self.members.sort(key=lambda member: member.name)

    def _unreadable(self, error: OSError) -> None:
        reason = f"It cannot be read: {error.strerror or 'the system refuses'}."
        self.rejected.append(RejectedLine(0, _harmless(str(error.filename or ""))[-500:], reason))

    def _check_count(self, count: int) -> None:
        if count > MAX_ENTRIES:
            what = f"“{self.name}” holds more than {MAX_ENTRIES:,} files."
            fix = "Divide it into several archives."
            raise UserError(Problem(what, self.name, fix, code="archive-too-large"))

    def _take(
        self,
        number: int,
        name: str,
        size: int,
        inside: zipfile.ZipInfo | tarfile.TarInfo | Path,
        linked: bool,
    ) -> None:
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
        except (
            zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, ValueError, RuntimeError, LookupError,
        ) as error:  # fmt: skip
            # RuntimeError: a password; its NotImplementedError: a way of packing that Python cannot undo.
            reason = "It is packed in a way that cannot be read here."
            damaged = "It is damaged and cannot be unpacked."
            raise UnreadableError(reason if isinstance(error, NotImplementedError) else damaged) from error
        return b"".join(pieces)

    def _open(self, inside: zipfile.ZipInfo | tarfile.TarInfo | Path) -> IO[bytes]:
        if isinstance(inside, Path):
            # The file may have been exchanged for a link since it was listed.
            return os.fdopen(os.open(inside, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")
        if isinstance(inside, zipfile.ZipInfo):
            assert isinstance(self._opened, zipfile.ZipFile)
            return self._opened.open(inside)
        assert isinstance(self._opened, tarfile.TarFile)
        stream = self._opened.extractfile(inside)
        if stream is None:
            raise ValueError("not a plain file")
        return stream

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


def is_tar(head: bytes, name: str) -> bool:
    """Whether the first 512 bytes are those of a tar archive, or a packed file is called one."""
    return head[257:262] == b"ustar" or name.lower().endswith(_TAR_NAMES)


@contextmanager
def opened(source: bytes | Path, name: str) -> Iterator[Archive]:
    """The files in a zip or tar archive (its bytes or its path) or in a folder, to be read while it is open.

    Raises UserError when it is damaged or an office file.
    """
    if isinstance(source, Path) and source.is_dir():
        archive = Archive(name, None)
        archive.list_folder(source)
        yield archive
        return
    if not is_zip(_head(source), name):
        with _opened_tar(source, name) as archive:
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


def _head(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source[:8]
    with source.open("rb") as stream:
        return stream.read(8)


@contextmanager
def _opened_tar(source: bytes | Path, name: str) -> Iterator[Archive]:
    most = get_settings().max_unpacked_mb * 1_000_000
    with decompressed(source, name, most) as plain:
        try:
            packed = tarfile.open(plain, "r:")  # noqa: SIM115 – closed below
        except (tarfile.TarError, EOFError, OSError, ValueError) as error:
            raise UserError(_broken_tar(name)) from error
        with packed:
            archive = Archive(name, packed)
            try:
                archive.list_tar()
            except (tarfile.TarError, EOFError, OSError, ValueError, LookupError) as error:
                raise UserError(_broken_tar(name)) from error
            yield archive


def _broken_tar(name: str) -> Problem:
    what = f"“{name}” is a tar archive, but it is damaged or not complete."
    return Problem(what, name, "Make the archive again.", code="broken-archive")


def _harmless(name: str) -> str:
    """The name without characters that no file can hold or that hide what it is."""
    whole = name.encode("utf-8", "surrogateescape" if _escaped(name) else "replace").decode(
        "utf-8", "replace"
    )
    return "".join("\ufffd" if char in _HIDDEN else char for char in unicodedata.normalize("NFC", whole))


def _escaped(name: str) -> bool:
    return all(not "\ud800" <= char <= "\udfff" or "\udc80" <= char <= "\udcff" for char in name)


def _spelled(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: many programs write UTF-8 without saying so, and Windows' backslashes."""
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.filename
    return _harmless(name.replace("\\", "/"))
