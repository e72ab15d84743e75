"""What pictures were called in the archive they came in: they are kept under names made of their content."""

from collections import defaultdict
from pathlib import Path, PurePosixPath

import pandas as pd

from lib.data.archive import UnreadableError, opened
from lib.data.files import content_name
from lib.data.images import IMAGE_SUFFIXES

COLUMN = "file in the archive"


def is_picture_name(name: str) -> bool:
    """Whether a file's name ends as pictures' do."""
    return PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES


def with_file_names(frame: pd.DataFrame, column: str, source: bytes | Path, name: str) -> pd.DataFrame:
    """The rows of an archive or folder of pictures with a first column of the names they had in it.

    `column` holds the names they are kept under. Pictures with the same bytes take their names in order. Raises
    UserError when the archive cannot be read.
    """
    found: dict[str, list[str]] = defaultdict(list)
    with opened(source, name) as archive:
        for member in archive.members:
            if member.suffix not in IMAGE_SUFFIXES:
                continue
            try:
                found[_stem(content_name(archive.read(member), "x"))].append(member.name)
            except UnreadableError:  # it is no row either
                continue
    names = []
    for kept in frame[column]:
        called = found.get(_stem(str(kept)), [])
        names.append(called.pop(0) if len(called) > 1 else called[0] if called else None)
    free = COLUMN
    while free in frame:
        free += " (name)"
    listed = frame.copy()
    listed.insert(0, free, pd.Series(names, index=frame.index, dtype="str"))
    return listed


def _stem(name: str) -> str:
    return name.partition(".")[0]
