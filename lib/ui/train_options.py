"""The Advanced part of the Train page: every option of the training, the task and the method, changes marked."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import streamlit as st

from lib.methods.base import Method
from lib.option import options_of
from lib.runs.devices import list_devices
from lib.runs.options import TrainingOptions
from lib.tasks.base import Task
from lib.ui.drafts import Draft
from lib.ui.numbers import count
from lib.ui.option_changes import OptionChanges


def training_changes(draft: Draft, task: Task) -> OptionChanges:
    """The options of the training and of the task that differ from the preset's."""
    return OptionChanges(draft, "changed options", TrainingOptions, task.option_class, skip=("preset",))


def method_changes(draft: Draft, method: Method) -> OptionChanges:
    """The method's own options that differ from its defaults; those asked for elsewhere are left alone."""
    return OptionChanges(draft, f"changed options of {method.name}", method.option_class)


def show_options(draft: Draft, task: Task, method: Method, preset: Mapping[str, Any]) -> None:
    """Ask for every option; changes are kept in the draft."""
    training, own = training_changes(draft, task), method_changes(draft, method)
    changes, own_changes = training.values(), own.values()
    changed = len(changes) + sum(name not in method.asked_apart for name in own_changes)
    label = "Advanced" + (f": {count(changed, 'option')} changed" if changed else "")
    with st.expander(label, icon=":material/tune:", key="train advanced"):
        usual = {name: item.default for name, item in options_of(method.option_class).items()}
        _ask_all(
            [
                item
                for item in options_of(method.option_class).values()
                if item.name not in method.asked_apart
            ],
            own,
            usual,
            own_changes,
        )
        # Where there is one device there is nothing to choose.
        hidden = ("devices",) if len(list_devices()) == 1 else ()
        known = options_of(TrainingOptions, task.option_class)
        _ask_all(
            [item for item in known.values() if item.name not in ("preset", *hidden, *task.hidden_options)],
            training,
            preset,
            changes,
        )
        if changed:
            st.button(
                "Back to the preset",
                icon=":material/undo:",
                key=f"reset all {draft.subject}",
                on_click=_put_all_back,
                args=(training, own, method),
            )


def _put_all_back(training: OptionChanges, own: OptionChanges, method: Method) -> None:
    training.put_back(tuple(training.values()))
    own.put_back(tuple(name for name in own.values() if name not in method.asked_apart))


def _ask_all(
    items: list[Any], asking: OptionChanges, usual: Mapping[str, Any], changes: Mapping[str, Any]
) -> None:
    # Groups in the order in which they are first named; a task's own options join theirs or come last.
    groups = list(dict.fromkeys(item.metadata["group"] for item in items))
    shown = sorted(items, key=lambda item: groups.index(item.metadata["group"]))
    for group, members in groupby(shown, key=lambda item: str(item.metadata["group"])):
        st.markdown(f"**{group}**")
        # Pair by pair, so that one column on a phone keeps the order.
        row = list(members)
        for pair in (row[start : start + 2] for start in range(0, len(row), 2)):
            for place, item in zip(st.columns(2), pair, strict=False):
                with place:
                    asking.ask(item, usual[item.name], changes)
