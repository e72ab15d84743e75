"""Options that were set to something else than usual: kept in a draft, checked, asked for by widgets."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from lib.option import check_values
from lib.ui.drafts import Draft
from lib.ui.frame import guarded_callback
from lib.ui.train_words import option_value
from lib.ui.words import escape_markdown

# How far a click on + or − goes, where one is too much.
_STEPS = {"epochs": 1.0, "learning_rate": 1e-5, "batch_size": 8, "max_length": 32}
_FORMATS = {"learning_rate": "%.2e"}


class OptionChanges:
    """The options of some dataclasses that were changed from their usual values, by name.

    `store` is where the draft keeps them; `skip` names options that are asked for elsewhere.
    """

    def __init__(self, draft: Draft, store: str, *kinds: type, skip: tuple[str, ...] = ()) -> None:
        self._draft, self._store, self._kinds, self._skip = draft, store, kinds, skip

    def values(self) -> dict[str, Any]:
        """The changes, checked: what cannot be is dropped."""
        key = self._draft.key(self._store, {}, valid=lambda value: isinstance(value, dict))
        kept: dict[str, Any] = st.session_state[key]
        return {
            name: value
            for name, value in kept.items()
            if name not in self._skip and not check_values({name: value}, self._kinds)
        }

    def ask(self, item: Any, usual: Any, changes: Mapping[str, Any]) -> None:
        """The widget of one option, marked and with a way back where it was changed."""
        name, rule = item.name, item.metadata
        changed = name in changes
        # Not a key of the draft: what is not changed must follow the preset, so only the changes are kept.
        key = f"train option {self._draft.subject} {name}"
        value = changes.get(name, usual)
        if st.session_state.get(key) != value:
            st.session_state[key] = value
        common: dict[str, Any] = {
            "key": key,
            "help": escape_markdown(rule["help"]),
            "on_change": self._note,
            "args": (name, key, usual),
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
                key=f"reset {self._draft.subject} {name}",
                on_click=self.put_back,
                args=((name,),),
            )

    @guarded_callback
    def put_back(self, names: tuple[str, ...]) -> None:
        """Forget the changes of these options."""
        self.keep({name: value for name, value in self.values().items() if name not in names})

    def keep(self, changes: dict[str, Any]) -> None:
        """Make these the changes."""
        st.session_state[self._draft.key(self._store, {})] = changes
        self._draft.keep()

    @guarded_callback
    def _note(self, name: str, key: str, usual: Any) -> None:
        """Keep what was chosen, or forget it when it is the usual value."""
        value = st.session_state.get(key)
        kept = self.values()
        kept.pop(name, None)
        if value is not None and value != usual and not check_values({name: value}, self._kinds):
            kept[name] = value
        self.keep(kept)
