"""The views of the Predict page: one input, or many of them from a file."""

import streamlit as st

from lib.inference.askable import Askable
from lib.ui.chat_page import show_chat
from lib.ui.chat_state import knows_turns, writes_on
from lib.ui.predict_many import show_many
from lib.ui.predict_one import show_one
from lib.ui.predict_snippet import show_snippet

WAYS = {"one": "One text", "many": "A file of rows"}
_OF_PICTURES = {"one": "One picture", "many": "Many pictures"}


def choose_way(asked: Askable) -> str:
    """One input or many; in the address, so that a link reopens it."""
    titles = _OF_PICTURES if any(role.kind == "image" for role in asked.inputs) else WAYS
    if asked.run is not None and writes_on(asked.run):
        talk = {"chat": "Chat" if knows_turns(asked.run) else "Go on, token by token"}
        titles = talk | titles if knows_turns(asked.run) else titles | talk
    way = st.query_params.get("way")
    now = way if way in titles else "many" if "rows" in st.query_params else next(iter(titles))
    st.session_state["predict way"] = now
    st.segmented_control(
        "What to predict",
        list(titles),
        format_func=titles.__getitem__,
        key="predict way",
        required=True,
        on_change=_take_way,
        label_visibility="collapsed",
    )
    return now


def _take_way() -> None:
    st.query_params["way"] = st.session_state["predict way"]


def show_predict(asked: Askable, way: str) -> None:
    """The way that is chosen, with the code that does the same."""
    if way == "chat" and asked.run is not None:
        show_chat(asked.run)
    elif way == "many":
        show_many(asked)
        show_snippet(asked)
    else:
        show_one(asked)
