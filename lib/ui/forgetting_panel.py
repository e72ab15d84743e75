"""Regression check on the Evaluate page: has the model become worse at general text while it learned yours."""

import streamlit as st

from lib.analysis.forgetting import Forgetting, forgetting
from lib.charts.forgetting import forgetting as forgetting_chart
from lib.inference.general import general_losses
from lib.inference.general_text import PASSAGES
from lib.inference.token_losses import TokenLosses
from lib.ui.address_choice import choose_in_address
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded, guarded_callback
from lib.ui.numbers import score
from lib.ui.surprise_strip import STYLE, By, key_html, strip_html
from lib.ui.token_answers import token_answer
from lib.ui.token_table import show_token_table
from lib.ui.token_view import COLOURS
from lib.ui.vote_panel import serves_vote as serves_forgetting

_CHART = "forgetting"
_NAMES = [name for name, _ in PASSAGES]

__all__ = ["serves_forgetting", "show_forgetting"]


@st.fragment
@guarded
def show_forgetting(found: Evaluation) -> None:
    """The passages before and after, what that comes to, and one passage token by token."""
    ref = f"run:{found.run.id}"
    key = (*found.key[:2], "general text")
    scored = token_answer(ref, key, lambda tell: general_losses(ref, on_progress=tell))
    if not scored.finished:
        return
    if not scored.has_untuned:
        st.caption("The model that this run began with is gone, so there is nothing to compare with.")
        return
    result = forgetting(scored.frame, _NAMES)
    chosen = _passage(result)
    chart, beside = st.columns([1, 1], gap="large")
    with chart:
        drawn = forgetting_chart(result, selected=chosen, theme=current_theme())
        show_chart(drawn, _CHART, on_select=_on_dot)
    with beside:
        st.markdown(check_words(result))
        st.caption(
            "The passages are English, written for Atelier, and read as plain text without a chat template. A model "
            "that learned another language, or only short answers, may rightly be more surprised by them. They say "
            "nothing about facts or safety."
        )
        _one(scored, chosen)


def check_words(result: Forgetting) -> str:
    """Whether something was forgotten, in a sentence."""
    low, high = result.interval
    tokens = int(result.passages["tokens"].sum())
    where = f"on {tokens:,} tokens of general text in {len(result.passages)} passages"
    change = f"{score(result.untuned)} before training, {score(result.tuned)} after"
    span = f"{result.ratio:.2f} times, 95 % interval {low:.2f} to {high:.2f}"
    if result.within_noise:
        told = "No regression can be told from noise"
    elif result.ratio > 1:
        told = "The model has become worse at general text: fewer epochs, a lower learning rate or LoRA forget less"
    else:
        told = "The model has become better at general text too"
    return f"**Regression check.** Perplexity {where}: {change} ({span}). {told}."


def _passage(result: Forgetting) -> int:
    """The passage in the address, else the one that was forgotten most."""
    asked = st.query_params.get("passage", "")
    if asked.isascii() and asked.isdigit() and int(asked) in result.passages["row"].tolist():
        return int(asked)
    change = (result.passages["tuned"] - result.passages["untuned"]).to_numpy()
    return int(result.passages["row"].to_numpy()[int(change.argmax())])


@guarded_callback
def _on_dot() -> None:
    if data := picked_data(_CHART):
        st.query_params["passage"] = str(int(data[0]))


def _one(scored: TokenLosses, row: int) -> None:
    tokens = scored.frame[scored.frame["row"] == row]
    key = "passage chosen"
    st.session_state[key] = row

    def take() -> None:
        st.query_params["passage"] = str(st.session_state[key])

    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.selectbox(
            "Passage",
            range(len(_NAMES)),
            format_func=lambda at: _NAMES[at],
            key=key,
            on_change=take,
            width=200,
        )
        options: list[By] = ["difference", "tuned", "untuned"]
        by = choose_in_address("colour", "Colours", options, format_func=lambda name: COLOURS[name])
    st.html(STYLE + key_html(by, grey="not judged") + strip_html(tokens, by))
    show_token_table(tokens, name=f"general-text-{_NAMES[row].lower()}.csv", key=f"passage {row}")
