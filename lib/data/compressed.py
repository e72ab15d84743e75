"""Unpacks gzip, bzip2 and xz streams into a file that goes away again, counting what comes out."""

import bz2
import gzip
import lzma
import os
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from lib.errors import Problem, UserError
from lib.settings import get_settings

_KINDS = ((b"\x1f\x8b", "gzip"), (b"\xfd7zXZ", "xz"))
SUFFIXES = (".gz", ".bz2", ".xz")
# What people collect shrinks by far less; what grows more than this is made to fill a disk.
_MAX_RATIO = 300
_RATIO_FROM = 20_000_000
_PIECE = 1 << 20
_MOST_MEMORY = 256_000_000


def compression_of(head: bytes) -> str | None:
    """The name of the way in which bytes that begin so are compressed; None for other bytes."""
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return "bzip2"
    return next((kind for mark, kind in _KINDS if head.startswith(mark)), None)


@contextmanager
def decompressed(source: bytes | Path, name: str, most: int) -> Iterator[Path]:
    """The path of a file with what a compressed stream holds, there while it is open; a plain file is itself.

    `most` is the largest number of bytes. Raises UserError for a damaged stream, or one that grows suspiciously.
    """
    folder = get_settings().cache / "unpacked"
    work = folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
            kind = compression_of(stream.read(16))
            if kind is None and isinstance(source, Path):
                yield source
                return
            stream.seek(0)
            folder.mkdir(parents=True, exist_ok=True)
            _forget_old(folder)
            packed = len(source) if isinstance(source, bytes) else source.stat().st_size
            with work.open("wb") as target:
                _unpack(_Pieces(stream, kind), target, name, most, packed)
        yield work
    except OSError as error:
        what = f"“{name}” could not be unpacked: {error.strerror or error}."
        fix = "Free some space, or set ATELIER_HOME to another folder."
        raise UserError(Problem(what, str(folder), fix, code="cannot-write")) from error
    finally:
        work.unlink(missing_ok=True)


def _forget_old(folder: Path) -> None:
    """Remove what a process left behind that was ended while it unpacked."""
    oldest = time.time() - 86_400
    for path in folder.iterdir():
        with suppress(OSError):  # another process was quicker
            if path.stat().st_mtime < oldest:
                path.unlink()


def _unpack(pieces: "_Pieces", target: IO[bytes], name: str, most: int, packed: int) -> None:
    size = 0
    while piece := pieces.next(name):
        size += len(piece)
        if size > most:
            what = f"“{name}” holds more than {most / 1e6:,.0f} MB when unpacked."
            raise UserError(Problem(what, name, "Give a part of it.", code="archive-too-large"))
        if size > _RATIO_FROM and size / max(packed, 1) > _MAX_RATIO:
            what = f"“{name}” grows over {_MAX_RATIO}-fold when unpacked, as files made to fill a disk do."
            raise UserError(Problem(what, name, "Give the file inside.", code="archive-too-large"))
        target.write(piece)


class _Pieces:
    """What comes out of a stream, piece by piece."""

    def __init__(self, stream: IO[bytes], kind: str | None) -> None:
        self._stream, self._kind = stream, kind
        self._file: Any = stream
        if kind == "gzip":
            self._file = gzip.GzipFile(fileobj=stream)
        elif kind == "bzip2":
            self._file = bz2.BZ2File(stream)
        self._xz = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY) if kind == "xz" else None

    def next(self, name: str) -> bytes:
        """The next piece; empty at the end. Raises UserError for a damaged stream."""
        try:
            return self._next_of_xz() if self._xz else bytes(self._file.read(_PIECE))
        except (gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, OSError) as error:
            what = f"“{name}” is a {self._kind} archive, but it is damaged or not complete."
            raise UserError(Problem(what, name, "Make it again.", code="broken-archive")) from error

    def _next_of_xz(self) -> bytes:
        assert self._xz is not None
        while not self._xz.eof:
            more = self._stream.read(_PIECE) if self._xz.needs_input else b""
            if self._xz.needs_input and not more:
                raise EOFError
            if piece := self._xz.decompress(more, _PIECE):
                return piece
        return b""
