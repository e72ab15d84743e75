"""Pictures of a data set: small copies for tables, and the picture behind a name."""

import base64
import io
from functools import lru_cache
from pathlib import Path

import pandas as pd
import streamlit as st
from PIL import Image

from lib.data.store import open_dataset
from lib.errors import UserError
from lib.tasks import find_task
from lib.tasks.images import load_picture
from lib.ui.subject import Choice, Subject
from lib.ui.words import escape_markdown

THUMBNAIL = 96
# A picture to be looked at: pixels of the copy that is sent, and width on screen.
LARGE, SHOWN = 800, 400
# The height of a table's rows with small pictures in them, in pixels.
PICTURE_ROW = 72


def picture_columns(choice: Choice) -> list[str]:
    """The chosen columns that name pictures."""
    roles = {role.name for role in find_task(choice.task).roles if role.kind == "image"}
    return [column for name, column in choice.columns.items() if name in roles]


def with_thumbnails(subject: Subject, choice: Choice, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with small pictures in place of their names, as data URIs that a browser shows."""
    columns, folder = picture_columns(choice), subject.files
    if folder is None:
        return rows
    return rows.assign(**{column: thumbnails_in(folder, rows[column]) for column in columns})


def thumbnails_in(folder: Path | None, names: "pd.Series[str]") -> "pd.Series[str]":
    """Small pictures as data URIs, by their names in the folder; missing where there is none."""
    if folder is None:
        return names.map(lambda name: None)
    return names.map(lambda name: thumbnail(folder / Path(name).name), na_action="ignore")


@lru_cache(maxsize=2_000)
def thumbnail(path: Path, size: int = THUMBNAIL) -> str | None:
    """A JPEG of at most `size` pixels a side as a data URI; None when the picture cannot be read."""
    try:
        picture = load_picture(path, at_least=size)
    except UserError:
        return None
    picture.thumbnail((size, size))
    return data_uri(picture)


def data_uri(picture: Image.Image) -> str:
    """The picture as a JPEG that a browser shows without asking for a file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def show_picture(path: Path | None, *, alt: str) -> None:
    """A picture in the width there is, large enough to be judged; says so when it is gone."""
    shown = None if path is None else thumbnail(path, LARGE)
    if shown is None:
        st.caption(":material/broken_image: The picture is no longer there or cannot be read.")
        return
    st.image(shown, alt=escape_markdown(alt), width=SHOWN)


def pictures_folder(dataset: str | None) -> Path | None:
    """The folder of a stored data set's pictures; None when it is gone."""
    try:
        return open_dataset(dataset or "").files
    except UserError:
        return None


def picture_path(dataset: str | None, name: str) -> Path | None:
    """Where the picture of a stored data set lies; None when it is gone."""
    folder = pictures_folder(dataset)
    path = None if folder is None else folder / Path(name).name
    return path if path is not None and path.is_file() else None
