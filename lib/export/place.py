"""Where an export goes: made beside its place under a hidden name, and moved there when it is complete."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from lib.errors import Problem, UserError, raise_errors


@contextmanager
def placed(to: Path) -> Iterator[Path]:
    """A hidden path beside `to`, where nothing is yet: what the block makes there, a file or a folder, moves to `to`.

    When the block raises, nothing is left. Raises UserError when `to` is taken or cannot be written.
    """
    raise_errors(path_problems(str(to)))
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"The folder {to.parent} cannot be made: {error.strerror}."
        raise UserError(Problem(what, str(to), "Choose another place.", code="cannot-write")) from error
    clear_remains(to)
    work = to.with_name(f".{to.name}.part-{os.getpid()}")
    _remove(work)
    try:
        yield work
        if to.exists():  # something came there meanwhile; a rename would replace a file without a word
            raise UserError(_taken(to))
        work.rename(to)
    finally:
        _remove(work)


def clear_remains(to: Path) -> None:
    """Remove what exports to the same place left when they were killed."""
    for path in to.parent.glob(".*.part-*"):
        found = re.fullmatch(rf"\.{re.escape(to.name)}\.part-(\d+)", path.name)
        if found and not psutil.pid_exists(int(found[1])):
            _remove(path)


def path_problems(to: str, *, suffix: str = "") -> list[Problem]:
    """Why nothing can be made at that path: it is taken, ends otherwise, or its folder cannot be written."""
    if not to.strip() or "\0" in to:
        return [
            Problem("There is no path to write to.", "to", "Name a new file or folder.", code="export-path")
        ]
    path = Path(to).expanduser()
    if suffix and path.suffix.lower() != suffix:
        fix = f"Write {path.name}{suffix}."
        return [Problem(f"The name must end with {suffix}.", str(path), fix, code="export-path")]
    if len(path.name.encode()) > 200:
        return [Problem("The name is too long.", str(path), "Choose a shorter one.", code="export-path")]
    try:
        if path.exists() or path.is_symlink():
            return [_taken(path)]
        there = next(folder for folder in path.absolute().parents if folder.exists())
    except OSError as error:
        return [Problem(f"The path cannot be used: {error.strerror}.", str(path), "Choose another.",
                        code="export-path")]  # fmt: skip
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        fix = "Choose another folder, or change its permissions."
        return [Problem(f"Nothing can be written in {there}.", str(path), fix, code="export-path")]
    return []


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())


def _taken(path: Path) -> Problem:
    fix = "Choose another name, or move what is there away."
    return Problem(f"There is something at {path} already.", str(path), fix, code="export-taken")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
