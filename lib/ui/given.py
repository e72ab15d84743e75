"""What a person gives to a model: a field for each kind of input, and what was given as one cell of text."""

import hashlib

import streamlit as st

from lib.runs.folder import RunFolder
from lib.settings import get_settings
from lib.tasks.base import Role
from lib.ui.words import escape_markdown

MOST_CHARACTERS = 100_000
_PICTURES = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tiff"]


def field_key(run: RunFolder, role: Role) -> str:
    """The key of a field's widget."""
    return f"predict {run.id} {role.name}"


def ask_for(run: RunFolder, role: Role, *, alone: bool) -> None:
    """The field of one input; `alone` when it is the only one."""
    if role.kind == "image":
        st.file_uploader(
            role.title, type=_PICTURES, key=field_key(run, role), help=escape_markdown(role.explanation)
        )
        return
    st.text_area(
        "Your message" if role.kind == "messages" else role.title,
        key=field_key(run, role),
        height=150 if alone else 90,
        max_chars=MOST_CHARACTERS,
        help=escape_markdown(role.explanation),
        placeholder="Type or paste a text",
        persist_state="session",
    )


def given_for(run: RunFolder, role: Role) -> str:
    """What stands in the field as a cell: the text, or the path of a picture that was brought; "" for nothing."""
    value = st.session_state.get(field_key(run, role))
    if role.kind != "image":
        return str(value or "")
    return "" if value is None else keep_picture(value.getvalue(), value.name)


def keep_picture(raw: bytes, name: str) -> str:
    """Put a picture where the model host can read it; returns the path, named after its content."""
    folder = get_settings().cache / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    ending = name.rpartition(".")[2].lower()
    path = folder / f"{hashlib.sha256(raw).hexdigest()[:16]}.{ending if ending in _PICTURES else 'png'}"
    if not path.is_file():
        work = path.with_suffix(".part")
        work.write_bytes(raw)
        work.replace(path)
    return str(path)
