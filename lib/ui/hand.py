"""What is in hand: the data set and the run that the pages are about, in the address, this tab and the next visit."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from lib.ui.drafts import read_draft, write_draft

_MEMORY = "_in hand"
_DRAFT = ("hand", "last visit")


@dataclass(frozen=True)
class Hand:
    """The reference of a stored data set and the id of a run, each if there is one."""

    data: str | None = None
    run: str | None = None

    def params(self) -> dict[str, str]:
        """The query parameters of a link that keeps what is in hand."""
        return {name: value for name, value in (("data", self.data), ("run", self.run)) if value}


def in_hand() -> Hand:
    """What is in hand in this tab."""
    kept = st.session_state.get(_MEMORY)
    return kept if isinstance(kept, Hand) else Hand()


def take(*, data: str | None = None, run: str | None = None) -> Hand:
    """Take a data set or a run (or both) in hand; another data set puts the run before it away."""
    before = in_hand()
    if data is not None and data != before.data and run is None:
        return _keep(Hand(data=data))
    return _keep(
        Hand(data=data if data is not None else before.data, run=run if run is not None else before.run)
    )


def put_away(*, data: str | None = None, run: str | None = None) -> Hand:
    """Let go of what was deleted, if it is what is in hand."""
    before = in_hand()
    return _keep(
        Hand(
            data=None if before.data == data else before.data,
            run=None if before.run == run else before.run,
        )
    )


def find_hand() -> Hand:
    """Settle what is in hand when a page starts: the address, else this tab, else the last visit."""
    asked = Hand(data=_parameter("data"), run=_parameter("run"))
    kept = st.session_state.get(_MEMORY)
    if not isinstance(kept, Hand):
        kept = _last_visit() if asked == Hand() else Hand()
    if asked != Hand():
        same_data = asked.data is None or asked.data == kept.data
        kept = Hand(data=asked.data or kept.data, run=asked.run or (kept.run if same_data else None))
    return _keep(kept)


def _parameter(name: str) -> str | None:
    value = st.query_params.get(name, "").strip()
    return value[:200] or None


def _keep(hand: Hand) -> Hand:
    """Remember the hand in the tab, in the address and, when it changed, for the next visit."""
    before = st.session_state.get(_MEMORY)
    st.session_state[_MEMORY] = hand
    for name, value in (("data", hand.data), ("run", hand.run)):
        if value is None:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != value:
            st.query_params[name] = value
    if hand != (before or Hand()):
        write_draft(*_DRAFT, {"data": hand.data, "run": hand.run})
    return hand


def _last_visit() -> Hand:
    values: dict[str, Any] = read_draft(*_DRAFT)
    data, run = values.get("data"), values.get("run")
    return Hand(data=data if isinstance(data, str) else None, run=run if isinstance(run, str) else None)
