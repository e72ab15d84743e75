"""Folders of images that the cells of a table name: kept beside the rows, found again safely."""

import hashlib
import os
import re
import shutil
import uuid
from pathlib import Path

from lib.errors import Problem, UserError
from lib.settings import get_settings


def content_name(raw: bytes, suffix: str) -> str:
    """The name of a file with these bytes: equal bytes have equal names. `suffix` is without its dot."""
    return f"{hashlib.sha256(raw).hexdigest()[:16]}.{suffix}"


def image_in(folder: Path, name: str) -> Path:
    """The file of that name in the folder. Raises UserError for what is no plain name, or is not there."""
    plain = re.fullmatch(r"[\w-][\w.-]{0,200}", name) is not None
    path = folder / name if plain else folder
    if not plain or path.is_symlink() or not path.is_file():
        what = f"There is no image “{name[:80]}” in this data set."
        raise UserError(Problem(what, str(folder), "Add the images again.", code="no-image"))
    return path


def keep_files(source: Path, target: Path) -> None:
    """Make `target` a folder with the same plain files, sharing their space on disk where that is possible.

    Raises OSError. The files are named by their content and never change, so sharing them is safe.
    """
    target.mkdir(parents=True, exist_ok=True)
    with os.scandir(source) as entries:
        for entry in entries:
            if not entry.is_file(follow_symlinks=False):
                continue
            try:
                os.link(entry.path, target / entry.name)
            except FileExistsError:
                continue
            except OSError:  # another disk, or one that knows no links
                shutil.copyfile(entry.path, target / entry.name)


def joined_files(first: Path | None, second: Path | None) -> Path | None:
    """The folder with the files of two tables that become one; either may have none."""
    if first is None or second is None or first == second:
        return first or second
    mark = hashlib.sha256(f"{first}\x00{second}".encode()).hexdigest()[:16]
    folder = get_settings().cache / "images" / f"joined-{mark}"
    work = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:6]}")
    try:
        keep_files(first, work)
        keep_files(second, work)
        publish_folder(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def publish_folder(work: Path, final: Path) -> None:
    """Give a finished folder its name; if there is one of that name, its missing files are added to it."""
    try:
        work.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        for path in work.iterdir():
            if not (final / path.name).is_file():
                path.replace(final / path.name)
        os.utime(final)
