"""A text token by token, each coloured by a number from nothing to one; whatever the text contains stays text."""

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from lib.charts.text import percent
from lib.inference.read_tokens import Token

_STYLE = """
<style>
.atelier-strip { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 2; max-width: 85ch; max-height: 24rem;
  overflow-y: auto; font-size: 1.05rem; padding: 0 3px; margin-left: -3px; }
.atelier-strip span { border-radius: 0.2rem; padding: 0.12rem 0.05rem;
  background: color-mix(in srgb, light-dark(#3d86b8, #337fb8) calc(var(--w) * 100%), transparent); }
.atelier-strip span.special { color: var(--atelier-muted); font-size: 0.85em; padding: 0.12rem 0.2rem; }
.atelier-strip span.asked { outline: 2px solid var(--atelier-accent); outline-offset: 1px; }
.atelier-strip-key { color: var(--atelier-muted); font-size: 0.85rem; margin-bottom: 0.3rem; }
.atelier-strip-key i { display: inline-block; width: 4rem; height: 0.75em; border-radius: 0.2rem; margin: 0 0.3rem;
  border: 1px solid var(--atelier-line);
  background: linear-gradient(90deg, transparent, light-dark(#3d86b8, #337fb8)); }
</style>
"""


def strip_html(tokens: Sequence[Token], weights: np.ndarray, *, top: float, asked: int | None = None) -> str:
    """The tokens as HTML, coloured by float[tokens] weights from 0 to `top`; `asked` has a frame.

    Special tokens are small, and a line break in the text is one here.
    """
    parts = []
    for place, (token, weight) in enumerate(zip(tokens, weights, strict=True)):
        names = [name for name, on in (("special", token.special), ("asked", place == asked)) if on]
        kind = f' class="{" ".join(names)}"' if names else ""
        share = min(max(float(weight) / top, 0.0), 1.0) if top else 0.0
        note = html.escape(f"{place + 1}: {percent(float(weight))}", quote=True)
        before = html.escape(token.before) if place else ""
        shown = html.escape(token.text)
        parts.append(f'{before}<span{kind} style="--w:{share:.3f}" title="{note}">{shown}</span>')
    return "".join(parts)


def show_strip(
    tokens: Sequence[Token],
    weights: np.ndarray,
    *,
    says: str,
    asked: int | None = None,
    specials: bool = True,
) -> None:
    """Show the tokens, below a line that says what the colour is.

    Without `specials` the colours run to the largest weight of the others, and the share on special tokens is said.
    """
    special = np.array([token.special for token in tokens], dtype=bool)
    hidden = float(weights[special].sum())
    shown = np.where(special, 0.0, weights) if not specials else weights
    top = float(shown.max(initial=0.0))
    left = (
        "" if specials or not special.any() else f"; {percent(hidden)} lies on special tokens, not coloured"
    )
    st.html(
        f'{_STYLE}<div class="atelier-strip-key">{html.escape(says)}: 0 %<i></i>'
        f"{html.escape(percent(top) + left)}</div>"
        f'<div class="atelier-strip" dir="auto" tabindex="0" role="group" aria-label="{html.escape(says, quote=True)}">'
        f"{strip_html(tokens, shown, top=top, asked=asked)}</div>"
    )
