"""A text with the part marked that a language model learns and is judged on; whatever it contains stays text."""

import html
import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

MOST_CHARACTERS = 12_000

_STYLE = """<style>
.atelier-learned {white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.7; max-width: 75ch;
  max-height: 26rem; overflow-y: auto;}
.atelier-learned mark {color: inherit; background: light-dark(#cfe4f3, #1f4a69); border-radius: 2px; padding: 0.05em 0;
  box-decoration-break: clone; -webkit-box-decoration-break: clone;}
.atelier-learned-key {color: var(--atelier-muted); font-size: 0.85rem; margin-bottom: 0.35rem;}
.atelier-learned-key mark {color: inherit; background: light-dark(#cfe4f3, #1f4a69); border-radius: 2px;
  padding: 0.05em 0.3em;}
</style>"""


def learned_parts(cell: object) -> list[dict[str, Any]]:
    """The runs of {"text", "trained"} that a judged row holds; none where the cell is damaged or missing."""
    try:
        value = json.loads(str(cell))
    except ValueError:
        return []
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def learned_html(parts: Sequence[dict[str, Any]]) -> str:
    """The parts as HTML, at most 12,000 characters of them, those that are learned marked."""
    found, room = [], MOST_CHARACTERS
    for part in parts:
        text = str(part.get("text", ""))[:room]
        room -= len(text)
        shown = html.escape(text)
        found.append(f'<mark title="learned">{shown}</mark>' if part.get("trained") and shown else shown)
    return "".join(found)


def show_learned(cell: object) -> None:
    """The text as the model reads it, with a line that explains the marks."""
    parts = learned_parts(cell)
    st.html(
        f'{_STYLE}<div class="atelier-learned-key">As the model reads it. <mark>Marked</mark>: what it learns from '
        "such rows and is judged on.</div>"
        '<div class="atelier-learned" dir="auto" tabindex="0" role="group" aria-label="Text with learned parts marked">'
        f"{learned_html(parts)}</div>"
    )
    length = sum(len(str(part.get("text", ""))) for part in parts)
    if length > MOST_CHARACTERS:
        st.caption(f"The first {MOST_CHARACTERS:,} of {length:,} characters.")
