"""Keeps the pictures that the cells of a table hold as bytes, and puts the names of their files in their place."""

import hashlib
import os
import shutil
import uuid
from pathlib import Path

import pyarrow as pa

from lib.data.archive import MAX_FILE_BYTES, UnreadableError
from lib.data.files import content_name, publish_folder
from lib.data.images import checked_image
from lib.data.table import RejectedLine
from lib.errors import Problem, UserError
from lib.settings import get_settings


class PictureCells:
    """Pictures on their way into a folder, which appears whole when they are published."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._root = get_settings().cache / "images"
        self._work = self._root / f".work-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._digest = hashlib.sha256()
        self.rejected: list[RejectedLine] = []
        self.count = 0

    def __enter__(self) -> "PictureCells":
        return self

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self._work, ignore_errors=True)

    def keep(self, cells: pa.Array, first: int) -> pa.Array:
        """The names of the pictures' files; `first` is the number of the first row. Missing where one is damaged."""
        names: list[str | None] = []
        for number, cell in enumerate(cells, first):
            value = cell.as_py() or {}
            raw = value.get("bytes")
            try:
                if not raw:
                    raise UnreadableError("The picture is not in the file.")
                if len(raw) > MAX_FILE_BYTES:
                    raise UnreadableError(f"It has {len(raw) / 1e6:,.0f} MB.")
                names.append(self._write(raw))
            except UnreadableError as error:
                names.append(None)
                self.rejected.append(RejectedLine(number, str(value.get("path") or "")[:500], str(error)))
        return pa.array(names, pa.large_string())

    def _write(self, raw: bytes) -> str:
        name = content_name(raw, checked_image(raw))
        self._digest.update(name.encode())
        try:
            self._work.mkdir(parents=True, exist_ok=True)
            if not (self._work / name).exists():
                (self._work / name).write_bytes(raw)
                self.count += 1
        except OSError as error:
            raise UserError(self._refused(error)) from error
        return name

    def publish(self) -> Path | None:
        """The folder with all pictures; None when there were none."""
        if not self._work.is_dir():
            return None
        final = self._root / self._digest.hexdigest()
        try:
            publish_folder(self._work, final)
        except OSError as error:
            raise UserError(self._refused(error)) from error
        return final

    def _refused(self, error: OSError) -> Problem:
        what = f"The pictures of “{self._name}” could not be unpacked: {error.strerror or error}."
        fix = "Free some space, or set ATELIER_HOME to another folder."
        return Problem(what, str(self._root), fix, code="cannot-write")
