"""What somebody said, exactly as it is, and the same text with the model's probabilities under the pointer."""

import html
import json
from typing import Any

import pandas as pd
import streamlit as st

from lib.ui.numbers import count
from lib.ui.surprise_strip import MOST_TOKENS, STYLE, key_html, strip_html

# What is longer is in the file to keep; a browser should not have to hold it in every turn.
MOST_SHOWN = 12_000
NOTHING = "(nothing: the model ended at once)"
_STYLE = """
<style>
.atelier-said { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.6; max-width: 75ch; }
.atelier-said.nothing { color: var(--atelier-muted); }
.atelier-said.writing::after { content: "▍"; color: var(--atelier-accent); }
</style>
"""


def said_html(text: str, *, writing: bool = False) -> str:
    """The text as HTML, all of it escaped."""
    kind = " writing" if writing else "" if text.strip() else " nothing"
    shown = text.strip("\n") if text.strip() or writing else NOTHING
    return f'<div class="atelier-said{kind}" dir="auto">{html.escape(shown[:MOST_SHOWN])}</div>'


def show_said(text: str, *, writing: bool = False) -> None:
    """Show it."""
    st.html(_STYLE + said_html(text, writing=writing))
    if len(text) > MOST_SHOWN and not writing:
        st.caption(f"The first {MOST_SHOWN:,} of {len(text):,} characters; the file to keep has them all.")


def show_tokens(answer: dict[str, Any]) -> None:
    """The answer's tokens coloured by how unlikely the model found them; point at one for what it stood against."""
    frame = tokens_frame(answer)
    st.html(STYLE + key_html("tuned") + strip_html(frame, "tuned"))
    if len(frame) > MOST_TOKENS:
        st.caption(f"The first {MOST_TOKENS:,} of {count(len(frame), 'token')}.")
    st.caption(
        "Point at a token for its probability and for what the model would rather have written. These are the model's "
        "own probabilities, before temperature, top-p and repetition penalty; the last token is the mark that ends the "
        "answer, where it ended by itself."
    )


def tokens_frame(answer: dict[str, Any]) -> pd.DataFrame:
    """One line a token as `surprise_strip` takes it: text, loss, rank, others."""
    lines = [
        {"text": name, "loss": float(loss), "rank": int(rank), "others": json.dumps(others)}
        for name, loss, rank, others in answer.get("tokens", ())
    ]
    return pd.DataFrame(lines, columns=["text", "loss", "rank", "others"])
