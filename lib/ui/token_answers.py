"""Token losses from the model host: remembered, and a wait for them that a click elsewhere on the page ends."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import streamlit as st

from lib.inference.ask import is_loaded
from lib.inference.token_losses import TokenLosses

MOST_KEPT = 100
# What the host is at, in words.
_PHASES = {"waiting": "Waiting for rows that came first", "loading": "Loading the model"}
Asking = Callable[[Callable[[int, int, str], None]], TokenLosses]


def token_answer(ref: str, key: tuple[Any, ...], ask: Asking) -> TokenLosses:
    """What `ask(on_progress)` gives, or gave before for this key, which must change with the model's files.

    The frame is shared between all who look: never change it.
    """
    kept = _kept()
    if (known := kept.get(key)) is not None:
        return known
    waiting = st.empty()

    def tell(done: int, total: int, phase: str) -> None:
        # Also the moment at which a click elsewhere on the page can interrupt the wait.
        waiting.caption(_PHASES.get(phase, ""))

    words = "Scoring the tokens"
    with st.spinner(words if is_loaded(ref) else "Loading the model, which takes a few seconds, and scoring"):
        found = ask(tell)
    waiting.empty()
    if found.finished:
        kept[key] = found
        while len(kept) > MOST_KEPT:
            kept.popitem(last=False)
    return found


@st.cache_resource(show_spinner=False)
def _kept() -> OrderedDict[tuple[Any, ...], TokenLosses]:
    return OrderedDict()
