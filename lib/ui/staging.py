"""Files on their way in: read once, kept as a table in the cache folder until they are saved or forgotten."""

import hashlib
import json
import re
import shutil
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from lib.data.files import keep_files
from lib.data.read import ReadAs, RejectedLine, Table, read_table, read_tables
from lib.data.roots import allowed_path
from lib.errors import Problem, UserError
from lib.settings import get_settings

_DAYS_KEPT = 7
_ORIGINALS = "originals.parquet"


def stage(raw: bytes, name: str, read_as: ReadAs | None = None) -> str:
    """Read an uploaded file and keep the table on disk; returns the token to find it by.

    The token depends on content, name and how it is read, so the same file brought twice is one. Raises UserError,
    with nothing kept, when the file is no table.
    """
    return stage_files([(raw, name)], read_as)


def stage_files(files: Sequence[tuple[bytes, str]], read_as: ReadAs | None = None) -> str:
    """The same for several files that belong together, such as the parts of a split."""
    named = [(raw, Path(name.replace("\\", "/")).name[:200] or "the file") for raw, name in files]
    digest = hashlib.sha256()
    for raw, name in named:
        digest.update(name.encode() + b"\x00" + raw)
    token = _token(digest.digest(), read_as)
    _forget_old()
    if not _folder(token).is_dir():
        _keep(read_tables(named, read_as), token, read_as, sources=named)
    return token


def stage_path(text: str, read_as: ReadAs | None = None) -> str:
    """Read a file or folder of this machine by its path; what is at the path is not copied, but for images."""
    path = allowed_path(text)
    about = path.stat()
    mark = f"{path}\x00{about.st_mtime_ns}\x00{about.st_size}\x00{_newest(path)}"
    token = _token(mark.encode(), read_as)
    _forget_old()
    if not _folder(token).is_dir():
        _keep(read_table(path, path.name, read_as), token, read_as, path=path)
    return token


def _newest(path: Path) -> str:
    """What tells that a folder has changed: how many files there are, and when the last one changed."""
    if not path.is_dir():
        return ""
    times = [one.lstat().st_mtime_ns for one in path.rglob("*")]
    return f"{len(times)} {max(times, default=0)}"


def stage_table(table: Table, mark: str) -> str:
    """Keep a table that is stored already as if it had just been read; `mark` tells its content apart."""
    token = hashlib.sha256(f"{table.name}\x00{mark}".encode()).hexdigest()[:16]
    if not _folder(token).is_dir():
        _keep(table, token, None)
    return token


def read_again(token: str, read_as: ReadAs) -> str:
    """Read the file behind a token in another way; returns the token of what came out. Raises UserError."""
    folder, about = _folder(token), _about(token)
    if path := about.get("path"):
        return stage_path(path, read_as)
    names = about.get("sources") or []
    if not names:
        what = "This table is not kept as the file that it was read from."
        raise UserError(Problem(what, fix="Bring the file again.", code="no-source"))
    try:
        files = [((folder / "sources" / str(place)).read_bytes(), name) for place, name in enumerate(names)]
    except OSError as error:
        raise UserError(_gone()) from error
    return stage_files(files, read_as)


def said_of(token: str) -> ReadAs | None:
    """How the file behind a token was to be read; None when it cannot be read again."""
    about = _about(token)
    again = about.get("path") or about.get("sources")
    return ReadAs.from_json(about.get("read_as") or {}) if again else None


def _token(content: bytes, read_as: ReadAs | None) -> str:
    said = json.dumps((read_as or ReadAs()).to_json(), sort_keys=True)
    return hashlib.sha256(content + b"\x00" + said.encode()).hexdigest()[:16]


def _keep(
    table: Table,
    token: str,
    read_as: ReadAs | None,
    *,
    sources: Sequence[tuple[bytes, str]] = (),
    path: Path | None = None,
) -> None:
    """Write the table to its folder, which appears whole."""
    final = _folder(token)
    work = final.with_name(f".{token}-{uuid.uuid4().hex[:6]}")
    try:
        work.mkdir(parents=True)
        table.frame.to_parquet(work / "rows.parquet", index=False)
        about: dict[str, Any] = {
            "name": table.name,
            "repairs": list(table.repairs),
            "format": table.format,
            "rejected": [line.to_json() for line in table.rejected],
            "problems": [problem.to_json() for problem in table.problems],
            "read_as": (read_as or ReadAs()).to_json(),
            "path": str(path) if path else None,
        }
        if table.files is not None:
            keep_files(table.files, work / "files")
        elif sources:  # to be read again in another way
            about["sources"] = [name for _, name in sources]
            (work / "sources").mkdir()
            for place, (raw, _) in enumerate(sources):
                (work / "sources" / str(place)).write_bytes(raw)
        if table.originals is not None:
            table.originals.to_parquet(work / _ORIGINALS, index=False)
        (work / "about.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        work.rename(final)
    except (OSError, pa.ArrowException) as error:
        if not final.is_dir():
            what = f"“{table.name}” could not be kept: {getattr(error, 'strerror', None) or error}."
            fix = "Free some space, or set ATELIER_HOME to another folder."
            raise UserError(Problem(what, str(final.parent), fix, code="cannot-write")) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _about(token: str) -> dict[str, Any]:
    try:
        return dict(json.loads((_folder(token) / "about.json").read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise UserError(_gone()) from error


def _gone() -> Problem:
    what = "This file was not saved, and it is no longer kept."
    return Problem(what, fix="Bring it again.", code="no-upload")


def staged(token: str) -> Table:
    """The table behind a token. Raises UserError when it is no longer there."""
    folder, about = _folder(token), _about(token)
    try:
        frame = pd.read_parquet(folder / "rows.parquet")
        originals = pd.read_parquet(folder / _ORIGINALS) if (folder / _ORIGINALS).is_file() else None
    except (OSError, ValueError) as error:
        raise UserError(_gone()) from error
    files = folder / "files"
    return Table(
        frame=frame.astype("str"),
        name=about["name"],
        repairs=tuple(about["repairs"]),
        format=about["format"],
        rejected=tuple(RejectedLine(**line) for line in about["rejected"]),
        problems=tuple(Problem(**problem) for problem in about["problems"]),
        files=files if files.is_dir() else None,
        originals=originals,
    )


def forget(token: str) -> None:
    """Remove a file that was saved as a data set, or is not wanted."""
    shutil.rmtree(_folder(token), ignore_errors=True)


def _folder(token: str) -> Path:
    # The token comes from the address, so it must not lead anywhere else.
    safe = token if re.fullmatch(r"[0-9a-f]{16}", token) else "unknown"
    return get_settings().cache / "uploads" / safe


def _forget_old() -> None:
    oldest = time.time() - _DAYS_KEPT * 86_400
    root = get_settings().cache / "uploads"
    for path in root.iterdir() if root.is_dir() else ():
        try:
            stale = path.stat().st_mtime < oldest
        except OSError:  # another tab was quicker
            continue
        if stale:
            shutil.rmtree(path, ignore_errors=True)
