"""Two labels chosen from lists: the way to a cell of a matrix without a mouse."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import streamlit as st

from lib.ui.told_apart import told_apart
from lib.ui.words import shorten

_EVERY = "(any)"


def label_pickers(
    places: Iterable[Any],
    group: str,
    pickers: Mapping[str, tuple[str, str | None]],
    labels: Iterable[str],
    *,
    on_change: Callable[..., None],
    args: tuple[Any, ...] = (),
) -> None:
    """A list of the labels in each place: `pickers` holds title and label (None for any) by name."""
    options = [_EVERY, *labels]
    titles = told_apart(options, lambda label: "Any" if label == _EVERY else shorten(label, 60))
    for place, (name, (title, label)) in zip(places, pickers.items(), strict=False):
        st.session_state[f"{group} {name}"] = label if label is not None else _EVERY
        place.selectbox(
            title,
            options,
            format_func=titles.__getitem__,
            key=f"{group} {name}",
            on_change=on_change,
            args=args,
        )


def picked_labels(group: str, *names: str) -> list[str | None]:
    """What the lists say, for their callback; None for any label."""
    chosen = [st.session_state[f"{group} {name}"] for name in names]
    return [None if label == _EVERY else label for label in chosen]
