"""How a model is asked, as far as that can be changed without training: how long and how freely it writes."""

from collections.abc import Mapping
from dataclasses import Field
from typing import Any

import streamlit as st

from lib.inference.askable import Askable
from lib.option import check_values, options_of
from lib.ui.frame import guarded_callback
from lib.ui.numbers import count
from lib.ui.train_words import option_value
from lib.ui.words import escape_markdown

# Groups of options that count when a model is asked; the others count when it learns.
_ASKING = ("Writing", "Answers")


def offered(asked: Askable) -> list["Field[Any]"]:
    """The options that can be changed: numbers that count when the model is asked."""
    return [
        item
        for item in options_of(asked.task.option_class).values()
        if item.metadata["group"] in _ASKING
        and isinstance(item.default, int | float)
        and item.name != "stride"
    ]


def usual(asked: Askable, item: "Field[Any]") -> Any:
    """The value that was stored with the model, else the option's own."""
    return asked.brief.options.get(item.name, item.default)


def changed_options(asked: Askable) -> dict[str, Any]:
    """What was changed here, checked."""
    kept: Mapping[str, Any] = st.session_state.get(_store(asked), {})
    return {
        name: value
        for name, value in kept.items()
        if not check_values({name: value}, (asked.task.option_class,))
    }


def show_settings(asked: Askable) -> None:
    """A field for each option with what it does, and the way back; nothing where there is none to change."""
    items = offered(asked)
    if not items:
        return
    changes = changed_options(asked)
    writes = bool(asked.task.writing(asked.brief))
    draws = any(item.name == "temperature" for item in items)
    title = "How it writes" if writes else "How it answers"
    label = f"{title}: {count(len(changes), 'setting')} changed" if changes else title
    with st.expander(label, icon=":material/tune:", key=f"settings {asked.key}"):
        origin = "those its run was scored with" if asked.run else "what its own configs say"
        drawing = " Drawing begins at the same place each time: the same input gives the same text."
        st.caption(
            f"The settings begin as {origin}. A change counts for what you try on this page alone."
            f"{drawing if draws else ''}"
        )
        for start in range(0, len(items), 2):
            for place, item in zip(st.columns(2), items[start : start + 2], strict=False):
                with place:
                    _ask(asked, item, changes)
        if changes:
            st.button(
                "Back to the stored settings",
                icon=":material/undo:",
                type="tertiary",
                key=f"settings back {asked.key}",
                on_click=put_settings,
                args=(asked, {}),
            )


def put_settings(asked: Askable, changes: Mapping[str, Any]) -> None:
    """Make these the changes, as when an earlier try is opened."""
    st.session_state[_store(asked)] = dict(changes)


def settings_words(asked: Askable, changes: Mapping[str, Any]) -> str:
    """The changes in a line: "beams 4, temperature 0.7"; "" for none."""
    known = options_of(asked.task.option_class)
    return ", ".join(
        f"{known[name].metadata['title'].lower()} {option_value(value)}"
        for name, value in changes.items()
        if name in known
    )


def _ask(asked: Askable, item: "Field[Any]", changes: Mapping[str, Any]) -> None:
    rule, start = item.metadata, usual(asked, item)
    kind: type = type(item.default)
    key = f"asking {asked.key} {item.name}"
    value = kind(changes.get(item.name, start))
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    title = f"{rule['title']} :primary-badge[changed]" if item.name in changes else rule["title"]
    if kind is bool:
        st.toggle(title, key=key, on_change=_note, args=(asked, item.name, key, start))
    else:
        st.number_input(
            title,
            min_value=kind(rule["low"]),
            max_value=kind(rule["high"]),
            step=1 if kind is int else 0.1,
            format="%d" if kind is int else "%g",
            key=key,
            on_change=_note,
            args=(asked, item.name, key, start),
        )
    st.caption(escape_markdown(rule["help"]))


@guarded_callback
def _note(asked: Askable, name: str, key: str, start: Any) -> None:
    value, kept = st.session_state.get(key), changed_options(asked)
    kept.pop(name, None)
    if value is not None and value != start:
        kept[name] = value
    put_settings(asked, kept)


def _store(asked: Askable) -> str:
    return f"_asked otherwise {asked.key}"
