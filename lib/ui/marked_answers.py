"""A text with places marked in it: what a model chose, and what is true; whatever the text contains stays text."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import streamlit as st

# Around the marks of a longer text so many characters are shown on each side.
AROUND = 1_500

_STYLE = """<style>
.atelier-answer {white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.75; max-width: 75ch;
  max-height: 24rem; overflow-y: auto;}
.atelier-answer mark {color: inherit; background: none; border-radius: 2px; padding: 0.05em 0;}
.atelier-answer mark.chosen {background: light-dark(#cfe4f3, #1f4a69);}
.atelier-answer mark.true {text-decoration: underline 3px light-dark(#b35900, #f0a94b); text-underline-offset: 0.25em;
  text-decoration-skip-ink: none;}
.atelier-answer-key {color: var(--atelier-muted); font-size: 0.85rem; margin-bottom: 0.35rem;}
.atelier-answer-key mark {margin-right: 0.2em; padding: 0.05em 0.3em;}
</style>"""
_WORDS = {"chosen": "the model’s answer", "true": "an accepted answer"}


@dataclass(frozen=True)
class Mark:
    """A place to mark: the characters `start` to `end` (exclusive), chosen by the model or true."""

    start: int
    end: int
    kind: Literal["chosen", "true"]


def show_answers(text: str, marks: Sequence[Mark]) -> None:
    """The text with its marks and a line that explains them; a long one only around the marks."""
    real = [mark for mark in marks if 0 <= mark.start < mark.end <= len(text)]
    start, end = _shown(text, real)
    cut = ("…" if start else "", "…" if end < len(text) else "")
    st.html(
        f'{_STYLE}<div class="atelier-answer">{_key(real)}<div dir="auto" tabindex="0" role="group" '
        f'aria-label="Text with answers marked">{cut[0]}{answers_html(text, real, start, end)}{cut[1]}</div></div>'
    )
    if end - start < len(text):
        st.caption(f"Characters {start + 1:,} to {end:,} of {len(text):,}.")


def answers_html(text: str, marks: Sequence[Mark], start: int, end: int) -> str:
    """The characters `start` to `end` of the text as HTML; where marks overlap, a part bears the classes of all."""
    borders = {
        start,
        end,
        *(place for mark in marks for place in (mark.start, mark.end) if start < place < end),
    }
    ordered = sorted(borders)
    parts = []
    for first, last in pairwise(ordered):
        kinds = [
            kind
            for kind in _WORDS
            if any(m.kind == kind and m.start <= first and last <= m.end for m in marks)
        ]
        piece = html.escape(text[first:last])
        said = " and ".join(_WORDS[kind] for kind in kinds)
        parts.append(f'<mark class="{" ".join(kinds)}" title="{said}">{piece}</mark>' if kinds else piece)
    return "".join(parts)


def _key(marks: Sequence[Mark]) -> str:
    kinds = [kind for kind in _WORDS if any(mark.kind == kind for mark in marks)]
    said = " &nbsp; ".join(f'<mark class="{kind}">{_WORDS[kind]}</mark>' for kind in kinds)
    return f'<div class="atelier-answer-key">{said}</div>' if kinds else ""


def _shown(text: str, marks: Sequence[Mark]) -> tuple[int, int]:
    first = min((mark.start for mark in marks), default=0)
    last = max((mark.end for mark in marks), default=0)
    # A little more than twice the margin is shown whole: nothing is gained by cutting a sentence off.
    if len(text) <= 3 * AROUND:
        return 0, len(text)
    return max(0, first - AROUND), min(len(text), last + AROUND)
