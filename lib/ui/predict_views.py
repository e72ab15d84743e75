"""The views of the Predict page: one text, many rows, and how to do the same without Atelier."""

import streamlit as st

from lib.models.adapted import is_adapter
from lib.models.adapter_usage import usage_of
from lib.runs.folder import RunFolder
from lib.tasks import find_task
from lib.tasks.base import Brief
from lib.ui.chat_page import show_chat
from lib.ui.chat_state import knows_turns, writes_on
from lib.ui.predict_many import show_many
from lib.ui.predict_one import show_one

WAYS = {"one": "One text", "many": "A file of rows"}
_OF_PICTURES = {"one": "One picture", "many": "Many pictures"}


def choose_way(run: RunFolder) -> str:
    """One input or many; in the address, so that a link reopens it."""
    kinds = {role.kind for role in find_task(run.spec.task).asked(run.spec.data.columns)}
    titles = _OF_PICTURES if "image" in kinds else WAYS
    if writes_on(run):
        talk = {"chat": "Chat" if knows_turns(run) else "Go on, token by token"}
        titles = talk | titles if knows_turns(run) else titles | talk
    asked = st.query_params.get("way")
    now = asked if asked in titles else "many" if "rows" in st.query_params else next(iter(titles))
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


def show_predict(run: RunFolder, way: str) -> None:
    """The way that is chosen, then the snippet."""
    if way == "chat":
        show_chat(run)
    elif way == "many":
        show_many(run)
    else:
        show_one(run)
    _usage(run)


def _usage(run: RunFolder) -> None:
    said = run.brief()
    if said is None:
        return
    with st.expander("The same in plain transformers", icon=":material/code:"):
        packages = "transformers, torch and peft" if is_adapter(run.model_path) else "transformers and torch"
        st.caption(f"The model folder needs nothing of Atelier. With {packages} installed:")
        task = find_task(run.spec.task)
        place = str(run.model_path)
        code = usage_of(run.model_path, task.usage(place, Brief.from_json(said)), place=place)
        st.code(code, language="python", wrap_lines=True)
