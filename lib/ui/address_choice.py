"""One choice among a few that stands in the address, so that a link reopens it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

Choice = TypeVar("Choice", bound=str)


def choose_in_address(
    name: str, title: str, options: Sequence[Choice], *, format_func: Callable[[Choice], str]
) -> Choice:
    """A row of buttons of which one is always chosen; the query parameter `name` keeps it. `options` is not empty.

    Streamlit's own `bind` would put what the button says into the address, which here changes with the rows.
    """
    asked = st.query_params.get(name)
    now = next((option for option in options if option == asked), options[0])
    key = f"{name} in address"
    st.session_state[key] = now

    def take() -> None:
        st.query_params[name] = st.session_state[key]

    if len(options) > 1:
        st.segmented_control(
            title,
            options,
            format_func=format_func,
            key=key,
            required=True,
            on_change=take,
            label_visibility="collapsed",
        )
    return now
