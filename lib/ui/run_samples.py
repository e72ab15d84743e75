"""What a model writes while it learns: the same few rows before training and after every validation, side by side."""

from typing import Any

import streamlit as st

from lib.errors import UserError
from lib.runs.folder import open_run
from lib.ui.frame import guarded
from lib.ui.review_row import show_text

NOTHING = "(nothing)"


@guarded
def show_samples(identity: str) -> None:
    """The samples of a run, the newest beside the first; nothing for a run that writes no texts."""
    try:
        records = {int(record["step"]): record["samples"] for record in open_run(identity).samples()}
    except UserError:  # deleted from another tab or a terminal
        return
    if not records:
        return
    st.markdown("**What it writes**")
    steps = sorted(records)
    step = _choose(identity, steps)
    first = steps[0]
    for number, sample in enumerate(records[step]):
        _show(number, sample, _written(records[first], number) if step != first else None, step=step)


def step_words(step: int) -> str:
    """When a sample was written."""
    return f"After step {step:,}" if step else "Before training"


def _choose(identity: str, steps: list[int]) -> int:
    """The step to show: the newest one, also as newer ones come, until another one is chosen."""
    if len(steps) < 3:
        return steps[-1]
    key, seen = f"samples step {identity}", f"_newest sample {identity}"
    state = st.session_state
    if state.get(key) not in steps or state.get(key) == state.get(seen):
        state[key] = steps[-1]
    state[seen] = steps[-1]
    chosen: int = st.select_slider(
        "When", steps, format_func=step_words, key=key, label_visibility="collapsed"
    )
    return chosen


def _written(samples: list[dict[str, Any]], number: int) -> str | None:
    return str(samples[number]["written"]) if number < len(samples) else None


def _show(number: int, sample: dict[str, Any], before: str | None, *, step: int) -> None:
    with st.container(border=True, key=f"run-sample-{number}"):
        show_text(sample["input"], title="Given")
        texts = [(step_words(step), str(sample["written"]))]
        if before is not None:
            texts.insert(0, (step_words(0), before))
        texts.append(("In the data", str(sample["expected"])))
        for place, (title, text) in zip(st.columns(len(texts), gap="medium"), texts, strict=True):
            with place:
                show_text(text or NOTHING, title=title)
