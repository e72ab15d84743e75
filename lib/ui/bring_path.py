"""Reads a file or folder of this machine by its path, for data that is too large to be sent through the browser."""

import ipaddress

import streamlit as st

from lib.data.roots import allowed_path
from lib.settings import get_settings
from lib.ui import hand as hands
from lib.ui.frame import guarded_callback
from lib.ui.staging import stage_path

_KEY = "path to read"


def may_read_paths() -> bool:
    """Whether whoever looks at this page sits at this machine: only then paths of it mean anything to them."""
    address = str(st.get_option("server.address") or "")
    return _is_loopback(address) and _is_loopback(st.context.ip_address or "127.0.0.1")


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def show_bring_path() -> None:
    """The field for a path, and the button that reads it."""
    roots = " or ".join(map(str, get_settings().data_roots))
    path = st.text_input(
        "Path of a file or folder",
        key=_KEY,
        placeholder=f"{get_settings().data_roots[0]}/…",
        help="A table, an archive, a folder of class folders with images, or a folder with train, validation and test "
        "files. Links that lead elsewhere are not followed.",
    )
    st.caption(f"It is read where it is, below {roots}.")
    st.button(
        "Read it", icon=":material/folder_open:", disabled=not path.strip(), on_click=_bring, key="read path"
    )


@guarded_callback
def _bring() -> None:
    if not may_read_paths():  # the browser may send anything
        return
    text = str(st.session_state.get(_KEY, ""))
    allowed_path(text)
    with st.spinner("Reading"):
        token = stage_path(text)
    hands.put_away(data=hands.in_hand().data)
    st.query_params["upload"] = token
