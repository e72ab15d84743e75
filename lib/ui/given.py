"""What a person gives to a model: a field for each kind of input, and what was given as one cell of text."""

import hashlib

import streamlit as st

from lib.errors import Problem, UserError
from lib.settings import get_settings
from lib.tasks.base import Role
from lib.ui.words import escape_markdown

MOST_CHARACTERS = 100_000
PICTURES = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tiff"]
FILE, CAMERA = "From a file", "With the camera"


def field_key(owner: str, role: Role) -> str:
    """The key of a field's widget; `owner` is the model that it is for."""
    return f"predict {owner} {role.name}"


def choose_source(owner: str) -> str:
    """Whether a picture comes from a file or from the camera, which is only asked for when it is chosen."""
    return str(
        st.segmented_control(
            "Where the picture comes from",
            [FILE, CAMERA],
            default=FILE,
            key=f"predict {owner} source",
            required=True,
            label_visibility="collapsed",
        )
    )


def ask_for(owner: str, role: Role, *, alone: bool, camera: bool = False, optional: bool = False) -> None:
    """The field of one input; `alone` when it is the only one, `camera` for a picture to be taken now."""
    title = f"{role.title} (if the model reads pairs)" if optional else role.title
    if role.kind == "image":
        key, explained = field_key(owner, role), escape_markdown(role.explanation)
        if camera:
            st.camera_input(title, key=f"{key} camera", help=explained)
        else:
            st.file_uploader(title, type=PICTURES, key=key, help=explained)
        return
    st.text_area(
        "Your message" if role.kind == "messages" else title,
        key=field_key(owner, role),
        height=150 if alone else 90,
        max_chars=MOST_CHARACTERS,
        help=escape_markdown(role.explanation),
        placeholder="Type or paste a text",
        persist_state="session",
    )


def given_for(owner: str, role: Role, *, camera: bool = False) -> str:
    """What stands in the field as a cell: the text, or the path of a picture that was brought; "" for nothing."""
    key = field_key(owner, role)
    value = st.session_state.get(f"{key} camera" if camera else key)
    if role.kind != "image":
        return str(value or "")
    return "" if value is None else keep_picture(value.getvalue(), value.name)


def keep_picture(raw: bytes, name: str) -> str:
    """Put a picture where the model host can read it; returns the path, named after its content. Raises UserError."""
    folder = get_settings().cache / "pictures"
    ending = name.rpartition(".")[2].lower()
    path = folder / f"{hashlib.sha256(raw).hexdigest()[:16]}.{ending if ending in PICTURES else 'png'}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            work = path.with_suffix(".part")
            work.write_bytes(raw)
            work.replace(path)
    except OSError as error:
        raise UserError(
            Problem(
                f"The picture could not be kept: {error.strerror or error}.",
                str(folder),
                "Free some space, or set ATELIER_HOME to another folder.",
                code="cannot-write",
            )
        ) from error
    return str(path)
