"""Files on their way in: read once, kept as a table in the cache folder until they are saved or forgotten."""

import hashlib
import json
import re
import shutil
import time
import uuid
from pathlib import Path

import pandas as pd

from lib.data.files import keep_files
from lib.data.read import RejectedLine, Table, read_table
from lib.errors import Problem, UserError
from lib.settings import get_settings

_DAYS_KEPT = 7


def stage(raw: bytes, name: str) -> str:
    """Read an uploaded file and keep the table on disk; returns the token to find it by.

    The token depends on content and name only, so the same file brought twice is one. Raises UserError,
    with nothing kept, when the file is no table.
    """
    name = Path(name.replace("\\", "/")).name[:200] or "the file"
    token = hashlib.sha256(name.encode() + b"\x00" + raw).hexdigest()[:16]
    _forget_old()
    if not _folder(token).is_dir():
        _keep(read_table(raw, name), token)
    return token


def stage_table(table: Table, mark: str) -> str:
    """Keep a table that is stored already as if it had just been read; `mark` tells its content apart."""
    token = hashlib.sha256(f"{table.name}\x00{mark}".encode()).hexdigest()[:16]
    if not _folder(token).is_dir():
        _keep(table, token)
    return token


def _keep(table: Table, token: str) -> None:
    """Write the table to its folder, which appears whole."""
    final = _folder(token)
    work = final.with_name(f".{token}-{uuid.uuid4().hex[:6]}")
    try:
        work.mkdir(parents=True)
        table.frame.to_parquet(work / "rows.parquet", index=False)
        about = {
            "name": table.name,
            "repairs": list(table.repairs),
            "format": table.format,
            "rejected": [line.to_json() for line in table.rejected],
            "problems": [problem.to_json() for problem in table.problems],
        }
        if table.files is not None:
            keep_files(table.files, work / "files")
        (work / "about.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        work.rename(final)
    except OSError as error:
        if not final.is_dir():
            what = f"“{table.name}” could not be kept: {error.strerror or error}."
            fix = "Free some space, or set ATELIER_HOME to another folder."
            raise UserError(Problem(what, str(final.parent), fix, code="cannot-write")) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def staged(token: str) -> Table:
    """The table behind a token. Raises UserError when it is no longer there."""
    folder = _folder(token)
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        frame = pd.read_parquet(folder / "rows.parquet")
    except (OSError, ValueError) as error:
        what = "This file was not saved, and it is no longer kept."
        raise UserError(Problem(what, fix="Bring it again.", code="no-upload")) from error
    files = folder / "files"
    return Table(
        frame=frame.astype("str"),
        name=about["name"],
        repairs=tuple(about["repairs"]),
        format=about["format"],
        rejected=tuple(RejectedLine(**line) for line in about["rejected"]),
        problems=tuple(Problem(**problem) for problem in about["problems"]),
        files=files if files.is_dir() else None,
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
