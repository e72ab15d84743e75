"""The Advanced part of the Train page: every training option, with what differs from the preset marked."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import streamlit as st

from lib.methods import METHODS
from lib.option import options_of
from lib.runs.options import TrainingOptions, check_options
from lib.tasks.base import Task
from lib.ui.drafts import Draft
from lib.ui.frame import guarded_callback
from lib.ui.numbers import count
from lib.ui.train_words import option_value
from lib.ui.words import escape_markdown

_CHANGES = "changed options"
# How far a click on + or − goes, where one is too much.
_STEPS = {"epochs": 1.0, "learning_rate": 1e-5, "batch_size": 8, "max_length": 32}
_FORMATS = {"learning_rate": "%.2e"}


def changes_in(draft: Draft, task: Task) -> dict[str, Any]:
    """The options that were set to something else than the preset's, checked: what cannot be is dropped."""
    kept = st.session_state[draft.key(_CHANGES, {}, valid=lambda value: isinstance(value, dict))]
    return {
        name: value
        for name, value in kept.items()
        if name != "preset" and not check_options({name: value}, task.option_class)
    }


def show_options(draft: Draft, task: Task, preset: Mapping[str, Any], changes: Mapping[str, Any]) -> str:
    """Ask for the method and for every option; returns the method's name. Changes are kept in the draft."""
    label = "Advanced" + (f": {count(len(changes), 'option')} changed" if changes else "")
    with st.expander(label, icon=":material/tune:", key="train advanced"):
        method = _choose_method(draft)
        known = options_of(TrainingOptions, task.option_class)
        # Groups in the order in which the training options name them; a task's own join theirs or come last.
        groups = list(dict.fromkeys(item.metadata["group"] for item in known.values()))
        shown = sorted(
            (item for item in known.values() if item.name not in ("preset", *task.hidden_options)),
            key=lambda item: groups.index(item.metadata["group"]),
        )
        for group, items in groupby(shown, key=lambda item: str(item.metadata["group"])):
            st.markdown(f"**{group}**")
            # Pair by pair, so that one column on a phone keeps the order.
            row = list(items)
            for pair in (row[start : start + 2] for start in range(0, len(row), 2)):
                for place, item in zip(st.columns(2), pair, strict=False):
                    with place:
                        _ask(item, draft, task, preset[item.name], changes)
        if changes:
            st.button(
                "Back to the preset",
                icon=":material/undo:",
                key=f"reset all {draft.subject}",
                on_click=_put_back,
                args=(draft, task, tuple(changes)),
            )
    return method


def _choose_method(draft: Draft) -> str:
    names = [method.name for method in METHODS]
    named = {method.name: method for method in METHODS}
    if len(names) > 1:
        st.selectbox(
            "Method",
            names,
            format_func=lambda name: named[name].title,
            key=draft.key("method", names[0], allowed=names),
        )
    method = named.get(str(draft.get("method", names[0])), METHODS[0])
    st.markdown(f"**{escape_markdown(method.title)}.** {escape_markdown(method.summary)}")
    return method.name


def _ask(item: Any, draft: Draft, task: Task, usual: Any, changes: Mapping[str, Any]) -> None:
    name, rule = item.name, item.metadata
    changed = name in changes
    # Not a key of the draft: what is not changed must follow the preset, so only the changes are kept.
    key = f"train option {draft.subject} {name}"
    value = changes.get(name, usual)
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    common: dict[str, Any] = {
        "key": key,
        "help": escape_markdown(rule["help"]),
        "on_change": _note,
        "args": (draft, task, name, key, usual),
    }
    title = f"{rule['title']} :primary-badge[changed]" if changed else rule["title"]
    if isinstance(item.default, bool):
        st.toggle(title, **common)
    elif rule["choices"]:
        st.selectbox(title, list(rule["choices"]), **common)
    elif isinstance(item.default, str):
        st.text_input(title, **common)
    else:
        kind = type(item.default)
        st.number_input(
            title,
            min_value=kind(rule["low"]),
            max_value=kind(rule["high"]),
            step=_STEPS.get(name, 1 if kind is int else 0.01),
            format=_FORMATS.get(name, "%d" if kind is int else "%g"),
            **common,
        )
    if changed:
        st.button(
            f"Back to {option_value(usual)}",
            icon=":material/undo:",
            type="tertiary",
            key=f"reset {draft.subject} {name}",
            on_click=_put_back,
            args=(draft, task, (name,)),
        )


@guarded_callback
def _note(draft: Draft, task: Task, name: str, key: str, usual: Any) -> None:
    """Keep what was chosen, or forget it when it is the preset's own value."""
    value = st.session_state.get(key)
    kept = changes_in(draft, task)
    kept.pop(name, None)
    if value is not None and value != usual and not check_options({name: value}, task.option_class):
        kept[name] = value
    _keep(draft, kept)


@guarded_callback
def _put_back(draft: Draft, task: Task, names: tuple[str, ...]) -> None:
    _keep(draft, {name: value for name, value in changes_in(draft, task).items() if name not in names})


def _keep(draft: Draft, changes: dict[str, Any]) -> None:
    st.session_state[draft.key(_CHANGES, {})] = changes
    draft.keep()
