"""Views of one thing that share its page: one at a time is shown, and the address says which."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

T = TypeVar("T")


@dataclass(frozen=True)
class Panel(Generic[T]):
    """A view: `name` stands in the address, `serves` tells whether it has something to say about the subject."""

    name: str
    title: str
    icon: str
    serves: Callable[[T], bool]
    show: Callable[[T], None]


def choose_panel(panels: Sequence[Panel[T]], subject: T, *, parameter: str = "view") -> Panel[T] | None:
    """The panel that the address or a click chooses among those that serve the subject; None when none does."""
    serving = {panel.name: panel for panel in panels if panel.serves(subject)}
    if not serving:
        return None
    asked = st.query_params.get(parameter)
    now = asked if asked in serving else next(iter(serving))
    if len(serving) > 1:
        key = f"_panel {parameter}"
        st.session_state[key] = now
        with st.container(key=f"panels-{parameter}"):
            st.pills(
                "View",
                list(serving),
                format_func=lambda name: f"{serving[name].icon} {serving[name].title}",
                key=key,
                required=True,
                on_change=_take,
                args=(key, parameter),
                label_visibility="collapsed",
            )
    return serving[now]


def _take(key: str, parameter: str) -> None:
    st.query_params[parameter] = st.session_state[key]
