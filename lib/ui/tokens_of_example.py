"""Token probabilities on the Explain page: the text in hand, token by token, before and after training."""

from typing import Any

import pandas as pd
import streamlit as st

from lib.data.cells import as_messages, to_cell
from lib.inference.token_features import Of
from lib.inference.token_losses import token_losses
from lib.tasks.outputs import Continuation, Text
from lib.ui.address_choice import choose_in_address
from lib.ui.explain_example import Example
from lib.ui.frame import guarded
from lib.ui.output_runs import has_model
from lib.ui.token_answers import token_answer
from lib.ui.token_view import WHAT, show_scored

MESSAGES = "messages"


def serves_example_tokens(example: Example) -> bool:
    """Models that write token by token."""
    return isinstance(example.output, Continuation | Text) and has_model(example.run)


@st.fragment
@guarded
def show_example_tokens(example: Example) -> None:
    """The tokens of what should come, where that is known, or of what the model writes."""
    cells, kinds = asked_of_example(example)
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        of = choose_in_address("of", "Tokens of", kinds, format_func=lambda name: WHAT[name])
        slot = st.container(width="content")
    given = tuple(cells.items())
    rows, columns = pd.DataFrame({name: [cell] for name, cell in given}), {name: name for name in cells}
    scored = token_answer(
        example.ref,
        (example.ref, _stamp(example), given, of),
        lambda tell: token_losses(example.ref, rows, columns, of=of, untuned=True, on_progress=tell),
    )
    key = f"example tokens {hash(given)} {of}"
    show_scored(scored, slot, judged=None, written=of == "written", name=f"tokens-{of}.csv", key=key)


def asked_of_example(example: Example) -> tuple[dict[str, str], list[Of]]:
    """The cells by role with the truth among them, and what can be scored: the truth only where it is known."""
    cells, gold = dict(example.cells), example.gold
    if MESSAGES in cells:
        turns = as_messages(cells[MESSAGES]) or [{"role": "user", "content": cells[MESSAGES]}]
        if turns[-1]["role"] != "assistant" and gold:
            turns = [*turns, {"role": "assistant", "content": gold}]
        known = turns[-1]["role"] == "assistant"
        return cells | {MESSAGES: to_cell(turns)}, ["truth", "written"] if known else ["written"]
    said: dict[str, Any] = example.run.brief() or {}
    truths = example.task.truths(said.get("columns", {}))
    if not truths:  # a text alone is its own truth
        return cells, ["truth"]
    if gold:
        return cells | {truths[0].name: gold}, ["written", "truth"]
    return cells, ["written"]


def _stamp(example: Example) -> int:
    return (example.run.model_path / "atelier.json").stat().st_mtime_ns
