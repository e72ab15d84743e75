"""The attention view of the Explain page: every head, one head whole, one token of it."""

import numpy as np
import streamlit as st

from lib.charts.attention_bars import attention_bars
from lib.charts.attention_head import attention_head, clicked_query
from lib.charts.attention_mosaic import attention_mosaic, clicked_head
from lib.errors import UserError
from lib.inference.attended import STACKS, Attention
from lib.ui.address_choice import choose_in_address
from lib.ui.attention_change import show_change
from lib.ui.attention_data import attention_for, head_for
from lib.ui.attention_picture import show_patches
from lib.ui.attention_segments import show_segments
from lib.ui.attention_table import show_head_table
from lib.ui.attention_teacher import show_teacher
from lib.ui.charts import current_theme, picked, show_chart
from lib.ui.explain_example import Example
from lib.ui.frame import guarded, guarded_callback, section
from lib.ui.token_strip import show_strip
from lib.ui.words import escape_markdown, shorten

TITLE = "Attention weights (where information is routed)"
CAPTION = (
    "Shows which tokens each position reads from. It does not show whether a token raised or lowered the score. "
    "For influence on this prediction use *Relevance*."
)
_MOSAIC, _HEAD, _TOKEN = "attention mosaic", "attention head", "attention token"
_NONE = "no-attention"
_STYLE = """
<style>
.st-key-explain-caption { margin-top: -0.6rem; }
.st-key-explain-caption [data-testid="stCaptionContainer"] p { max-width: none; }
.st-key-section-attention-weights-where-information-is-routed- { margin-top: 0; }
</style>
"""


def show_attention(example: Example) -> None:
    """The view, or a sentence where the architecture has no attention to show."""
    _view(example)


@st.fragment
@guarded
def _view(example: Example) -> None:
    st.html(_STYLE)
    section(TITLE)
    with st.container(key="explain-caption"):
        st.caption(CAPTION)
    try:
        first = attention_for(example)
    except UserError as error:
        if all(problem.code == _NONE for problem in error.problems):
            st.info(
                escape_markdown(" ".join(f"{p.what} {p.fix}" for p in error.problems)), icon=":material/info:"
            )
            return
        raise
    stack = choose_in_address("stack", "Which attention", first.stacks, format_func=STACKS.__getitem__)
    found = first if stack == first.stack else attention_for(example, stack)
    for note in found.notes:
        st.caption(f":material/content_cut: {escape_markdown(note)}")
    layer, head = head_in_address(found)
    every, one = st.columns(2, gap="medium")
    with every:
        _mosaic(example, found, layer, head)
    weights = head_for(example, found, layer, head)
    token = token_in_address(found)
    with one:
        _one_head(example, found, weights, layer, head, token)
    _one_token(example, found, weights, layer, head, token)
    show_head_table(example, found, layer, head)
    show_segments(example, found, layer, head)
    show_change(example, found, layer, head)
    show_teacher(example, found, weights, layer, head)
    _rollout(example, found, token)


def head_in_address(found: Attention) -> tuple[int, int]:
    """The head that the address names, from 0; the first of the last layer, which the answer is read from."""
    return (
        _number("layer", found.layers, found.layers - 1),
        _number("head", found.heads, 0),
    )


def token_in_address(found: Attention) -> int:
    """The query that the address names, from 0; the first, or where only the last has read all, the last."""
    last = len(found.queries) - 1
    sees_later = found.stack != "encoder" or bool(np.triu(found.pooled[0, 0], 1).any())
    return _number("token", len(found.queries), 0 if sees_later else last)


def _number(name: str, most: int, usual: int) -> int:
    text = st.query_params.get(name, "")
    return int(text) - 1 if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= most else usual


def _mosaic(example: Example, found: Attention, layer: int, head: int) -> None:
    chart = attention_mosaic(
        found.pooled,
        found.figures,
        selected=(layer, head),
        where=example.source,
        unit="px" if found.picture is not None else "tokens",
        theme=current_theme(),
    )

    @guarded_callback
    def on_head() -> None:
        point = picked(_MOSAIC)
        chosen = clicked_head(point.get("customdata")) if point else None
        if chosen is not None:
            st.query_params["layer"], st.query_params["head"] = (str(place + 1) for place in chosen)

    show_chart(chart, _MOSAIC, on_select=on_head)
    st.caption("Click a head to see it whole. Rows of each small picture are queries, columns are keys.")


def _one_head(
    example: Example, found: Attention, weights: np.ndarray, layer: int, head: int, token: int
) -> None:
    chart = attention_head(
        weights,
        [query.text for query in found.queries],
        [key.text for key in found.keys],
        title=f"Layer {layer + 1}, head {head + 1}: who reads from whom",
        where=example.source,
        selected=token,
        query_title="written token (query)" if found.stack == "cross" else "reads (query)",
        theme=current_theme(),
    )

    @guarded_callback
    def on_row() -> None:
        point = picked(_HEAD)
        query = clicked_query(point.get("customdata")) if point else None
        if query is not None:
            st.query_params["token"] = str(query + 1)

    show_chart(chart, _HEAD, on_select=on_row)
    st.caption("Each row sums to 100 %. Click a row to see where its token reads from.")


def _one_token(
    example: Example, found: Attention, weights: np.ndarray, layer: int, head: int, token: int
) -> None:
    st.session_state[_TOKEN] = token
    words, bars = st.columns([6, 5], gap="large")
    with words:
        st.selectbox(
            "Token that writes" if found.stack == "cross" else "Token that reads",
            range(len(found.queries)),
            format_func=lambda place: f"{place + 1} · {shorten(found.queries[place].text, 40)}",
            key=_TOKEN,
            on_change=_take_token,
        )
        if found.picture is not None:
            show_patches(found, weights[token], says=_says(found, token), key="patches of the token")
        else:
            specials = _specials_toggle(found, "token")
            same = found.queries == found.keys
            show_strip(
                found.keys,
                weights[token],
                says=_says(found, token),
                asked=token if same else None,
                specials=specials,
            )
    with bars:
        chart = attention_bars(
            weights[token],
            [key.text for key in found.keys],
            title=f"“{shorten(found.queries[token].text, 24)}” in layer {layer + 1}, head {head + 1}",
            where=example.source,
            theme=current_theme(),
        )
        show_chart(chart, "attention bars")


@guarded_callback
def _take_token() -> None:
    st.query_params["token"] = str(int(st.session_state[_TOKEN]) + 1)


def _says(found: Attention, token: int) -> str:
    word = shorten(found.queries[token].text, 24)
    return f"Attention of “{word}” ({'written' if found.stack == 'cross' else 'reading'}, this head alone)"


def _specials_toggle(found: Attention, key: str) -> bool:
    if not any(token.special for token in found.keys):
        return True
    return st.toggle(
        "Colour special tokens",
        key=f"colour specials {key}",
        persist_state="page",
        help="Many heads rest on [CLS], [SEP] or the first token when they have nothing to do (Clark et al. 2019).",
    )


def _rollout(example: Example, found: Attention, token: int) -> None:
    """What a place has gathered through all layers, if attention were all that moves information."""
    if found.rollout is None:
        return
    section("Through all layers: rollout")
    st.caption(
        "Class-independent. Multiplies the attention of all layers, averaged over heads, half of it staying in place "
        "(Abnar & Zuidema 2020). It says what could have flowed, not what decided, and sees nothing but attention."
    )
    row = found.rollout[token]
    word = shorten(found.queries[token].text, 24)
    says = f"Rollout of “{word}”, mean over {found.heads} heads, {found.layers} layers"
    if found.picture is not None:
        show_patches(found, row, says=says, key="patches of the rollout")
        return
    specials = _specials_toggle(found, "rollout")
    show_strip(found.keys, row, says=says, asked=token, specials=specials)
