"""The views of the Predict page: one input, or many of them from a file."""

import streamlit as st

from lib.inference.askable import Askable
from lib.ui.predict_many import show_many
from lib.ui.predict_one import show_one
from lib.ui.predict_snippet import show_snippet

WAYS = {"one": "One text", "many": "A file of rows"}
_OF_PICTURES = {"one": "One picture", "many": "Many pictures"}


def choose_way(asked: Askable) -> str:
    """One input or many; in the address, so that a link reopens it."""
    titles = _OF_PICTURES if any(role.kind == "image" for role in asked.inputs) else WAYS
    way = st.query_params.get("way")
    now = way if way in WAYS else "many" if "rows" in st.query_params else "one"
    st.session_state["predict way"] = now
    st.segmented_control(
        "What to predict",
        list(WAYS),
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
    if way == "many":
        show_many(asked)
        show_snippet(asked)
    else:
        show_one(asked)
