"""Pictures of a data set: small copies for tables, and the picture behind a name."""

import base64
import io
from functools import lru_cache
from pathlib import Path

import pandas as pd

from lib.data.store import open_dataset
from lib.errors import UserError
from lib.tasks import find_task
from lib.ui.subject import Choice, Subject

THUMBNAIL = 96


def picture_columns(choice: Choice) -> list[str]:
    """The chosen columns that name pictures."""
    roles = {role.name for role in find_task(choice.task).roles if role.kind == "image"}
    return [column for name, column in choice.columns.items() if name in roles]


def with_thumbnails(subject: Subject, choice: Choice, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with small pictures in place of their names, as data URIs that a browser shows."""
    columns = picture_columns(choice)
    if not columns:
        return rows
    folder = subject.files
    if folder is None:
        return rows
    return rows.assign(**{
        column: rows[column].map(lambda name: thumbnail(folder / Path(name).name), na_action="ignore")
        for column in columns
    })  # fmt: skip


@lru_cache(maxsize=2_000)
def thumbnail(path: Path, size: int = THUMBNAIL) -> str | None:
    """A JPEG of at most `size` pixels a side as a data URI; None when the picture cannot be read."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as picture:
            picture.draft("RGB", (size, size))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    upright.thumbnail((size, size))
    file = io.BytesIO()
    upright.save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def picture_path(dataset: str | None, name: str) -> Path | None:
    """Where the picture of a stored data set lies; None when it is gone."""
    try:
        path = open_dataset(dataset or "").files_path / Path(name).name
    except UserError:
        return None
    return path if path.is_file() else None
