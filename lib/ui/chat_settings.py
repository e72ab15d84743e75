"""How the next answer is written: the system's words and each setting with a plain explanation, kept with the chat."""

from dataclasses import fields
from typing import Any

import streamlit as st

from lib.errors import UserError
from lib.runs.chats import Chat, Chats
from lib.runs.folder import RunFolder
from lib.tasks.manner import Manner, manner_of
from lib.ui.chat_state import await_answer, knows_turns
from lib.ui.frame import guarded_callback
from lib.ui.given import MOST_CHARACTERS
from lib.ui.words import escape_markdown

_ITEMS = {item.name: item for item in fields(Manner)}
_ORDER = ("temperature", "top_p", "repetition_penalty", "max_new_tokens", "seed")
_STEPS = {"temperature": 0.05, "top_p": 0.05, "repetition_penalty": 0.05}


def show_settings(run: RunFolder, chat: Chat) -> None:
    """The settings in a popover whose button says how it writes now."""
    now = current(run, chat)
    with st.popover(f"How it writes: {manner_words(now)}", icon=":material/tune:", type="tertiary"):
        if knows_turns(run):
            _system(run, chat)
        for name in _ORDER:
            _setting(
                run, chat, name, getattr(now, name), idle=name in ("top_p", "seed") and now.temperature <= 0
            )
        length = (run.brief() or {}).get("max_length")
        if length:
            st.caption(
                f"Conversation and answer together have place for {int(length):,} tokens, as it was trained."
            )
        if chat.settings:
            st.button(
                "As the run was set up",
                icon=":material/restart_alt:",
                type="tertiary",
                key="settings back",
                on_click=_back,
                args=(run, chat),
            )


def current(run: RunFolder, chat: Chat) -> Manner:
    """How the next answer is written; the run's own way where what was kept cannot be used any more."""
    options = (run.brief() or {}).get("options", {})
    try:
        return manner_of(options, chat.settings)
    except UserError:
        return manner_of(options)


def manner_words(manner: Manner) -> str:
    """In a few words: "the likeliest token each time", "temperature 0.7, top-p 0.9"."""
    if manner.temperature <= 0:
        return "the likeliest token each time"
    top = f", top-p {manner.top_p:g}" if manner.top_p < 1 else ""
    return f"temperature {manner.temperature:g}{top}"


def _system(run: RunFolder, chat: Chat) -> None:
    key = f"system {chat.id}"
    st.session_state[key] = chat.system
    st.text_area(
        "System prompt",
        key=key,
        max_chars=MOST_CHARACTERS,
        height=90,
        placeholder="You answer in one sentence.",
        on_change=_take_system,
        args=(run, chat, key),
        help="Said before the conversation, in the model's chat template. Left empty, nothing is said but what the "
        "template says by itself. A model that was trained without one may pass over it.",
    )


@guarded_callback
def _take_system(run: RunFolder, chat: Chat, key: str) -> None:
    await_answer()
    chat.system = str(st.session_state[key]).strip()
    Chats(run).keep(chat)


def _setting(run: RunFolder, chat: Chat, name: str, value: Any, *, idle: bool) -> None:
    item = _ITEMS[name]
    key = f"setting {name} {chat.id}"
    st.session_state[key] = value
    rule: dict[str, Any] = {
        "label": item.metadata["title"],
        "key": key,
        "min_value": type(value)(item.metadata["low"]),
        "max_value": type(value)(item.metadata["high"]),
        "help": escape_markdown(item.metadata["help"]),
        "on_change": _take,
        "args": (run, chat, name, key),
        "disabled": idle,
    }
    if name in _STEPS:
        st.slider(step=_STEPS[name], **rule)
    else:
        st.number_input(step=1, **rule)


@guarded_callback
def _take(run: RunFolder, chat: Chat, name: str, key: str) -> None:
    await_answer()
    chat.settings[name] = st.session_state[key]
    Chats(run).keep(chat)


@guarded_callback
def _back(run: RunFolder, chat: Chat) -> None:
    await_answer()
    chat.settings.clear()
    Chats(run).keep(chat)
