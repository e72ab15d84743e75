"""Waiting for a map of relevance: asked once, kept for the visit, with a bar and a way out."""

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from lib.errors import UserError
from lib.inference.ask import is_loaded
from lib.inference.relevance import Relevance, relevance
from lib.ui.explain_example import Example

MOST_KEPT = 24
_KEPT, _CANCELLED = "_relevance kept", "_relevance cancelled"


@dataclass(frozen=True)
class Question:
    """What is asked about a row, as the address says it; what is empty the host chooses."""

    method: str
    target: str = ""
    against: str = ""
    place: int | None = None
    baseline: str = ""
    steps: int = 50

    def about(self, **parts: Any) -> "Question":
        """The same question with some parts replaced."""
        return replace(self, **parts)


def ask_for_map(example: Example, question: Question) -> Relevance | None:
    """The answer to a question about a row; None where it was cancelled, which is said with a way to ask again.

    Raises UserError with what the host said.
    """
    about = (example.ref, _stamp(example), tuple(sorted(example.cells.items())))
    key = (*about, question)
    kept: dict[Any, Relevance] = st.session_state.setdefault(_KEPT, {})
    if key in kept:
        return kept[key]
    if st.session_state.get(_CANCELLED) == key:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Cancelled before it was done.")
            st.button(
                "Start again", icon=":material/refresh:", on_click=_forget_cancelled, key="relevance again"
            )
        return None
    # What a model wrote for this row is the same for every question about it.
    written = next((found.written for other, found in kept.items() if other[:3] == about), None)
    found = _wait(example, question, key, written)
    if found is not None:
        kept[key] = found
        while len(kept) > MOST_KEPT:
            kept.pop(next(iter(kept)))
    return found


def _wait(example: Example, question: Question, key: Any, written: Any) -> Relevance | None:
    place = st.empty()
    with place.container(
        horizontal=True, vertical_alignment="center", key=f"relevance-wait {question.target}"
    ):
        loaded = is_loaded(example.ref)
        bar = st.progress(
            0.0, "Asking the model" if loaded else "Loading the model, a few seconds the first time"
        )
        st.button(
            "Cancel",
            key=f"relevance cancel {question.target}",
            on_click=_cancel,
            args=(key,),
            width="content",
        )

    def tell(done: int, phase: str) -> None:
        # Also the moment at which a click elsewhere on the page can interrupt the wait.
        words = {"waiting": "Waiting for rows that came first", "loading": "Loading the model"}
        bar.progress(min(100, done), words.get(phase, "Asking the model"))

    try:
        found = relevance(
            example.ref,
            example.cells,
            question.method,
            target=question.target,
            against=question.against,
            place=question.place,
            baseline=question.baseline,
            steps=question.steps,
            written=written,
            on_progress=tell,
        )
    except UserError:
        place.empty()
        raise
    place.empty()
    return found


def _cancel(key: Any) -> None:
    st.session_state[_CANCELLED] = key


def _forget_cancelled() -> None:
    st.session_state.pop(_CANCELLED, None)


def _stamp(example: Example) -> int:
    """Changes when the run is trained again under the same name."""
    about = example.run.model_path / "atelier.json"
    return about.stat().st_mtime_ns if about.is_file() else 0
