"""A number that stands in the address, so that a link reopens it: a slider or a field."""

import math

import streamlit as st


def number_in_address(name: str, *, low: float, high: float, usual: float) -> float:
    """The number that the query parameter `name` holds, if it lies in the range; else `usual`."""
    try:
        asked = float(st.query_params.get(name, ""))
    except ValueError:
        return usual
    return asked if math.isfinite(asked) and low <= asked <= high else usual


def slide_in_address(
    name: str,
    title: str,
    *,
    low: float,
    high: float,
    step: float,
    usual: float,
    note: str,
    shown: str = "%.2f",
) -> float:
    """A slider whose value the query parameter `name` keeps; `note` is its help, `shown` how its value is written."""
    now, key = number_in_address(name, low=low, high=high, usual=usual), f"{name} in address"
    st.session_state[key] = now
    st.slider(
        title, low, high, step=step, format=shown, key=key, on_change=_take, args=(name, key), help=note
    )
    return now


def type_in_address(name: str, title: str, *, high: float, usual: float, note: str) -> float:
    """A field for a number of at least 0, which the query parameter `name` keeps."""
    now, key = number_in_address(name, low=0.0, high=high, usual=usual), f"{name} in address"
    st.session_state[key] = now
    st.number_input(title, 0.0, high, key=key, on_change=_take, args=(name, key), help=note, format="%g")
    return now


def _take(name: str, key: str) -> None:
    st.query_params[name] = f"{st.session_state[key]:g}"
