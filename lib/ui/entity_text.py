"""A text with labelled spans in it: each span coloured, underlined and named, whatever the text contains."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

# Nobody reads more than this here, and the browser should not have to hold it.
MOST_CHARACTERS = 6_000
_STYLE = """
<style>
.atelier-entities { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 2.1; max-width: 75ch;
  max-height: 26rem; overflow-y: auto; font-size: 1.05rem; }
.atelier-entities mark { color: inherit; border-radius: 0.25rem; padding: 0.1rem 0.2rem;
  margin: 0 0.15rem; border-bottom: 2px solid;
  border-color: var(--label); background: color-mix(in srgb, var(--label) 22%, transparent);
  -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.atelier-entities small { font-size: 0.72em; font-weight: 600; margin-left: 0.35em; white-space: nowrap; }
</style>
"""


def marked_html(text: str, spans: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> str:
    """The text as HTML with each span marked by the colour and the name of its label.

    Spans have `start`, `end` and `label`, rise and do not overlap; those beyond the part that is shown are left out.
    """
    parts, at = [], 0
    shown = text[:MOST_CHARACTERS]
    for span in spans:
        start, end, label = span["start"], span["end"], str(span["label"])
        if start < at or end > len(shown):
            continue
        colour = colours.get(label, "#687878")
        parts.append(html.escape(shown[at:start]))
        parts.append(
            f'<mark style="--label: {colour}">{html.escape(shown[start:end])}<small>{html.escape(label)}</small></mark>'
        )
        at = end
    parts.append(html.escape(shown[at:]))
    return "".join(parts)


def show_marked(text: str, spans: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> None:
    """Show a text with its spans."""
    body = marked_html(text, spans, colours)
    st.html(f'{_STYLE}<div class="atelier-entities" dir="auto" tabindex="0">{body}</div>')
    show_cut(text)


def show_cut(text: str) -> None:
    """Say so when only the beginning of a text is shown."""
    if len(text) > MOST_CHARACTERS:
        st.caption(
            f"The first {MOST_CHARACTERS:,} of {len(text):,} characters; the file to download has them all."
        )
