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
.atelier-entities mark.wrong { outline: 2px dashed light-dark(#22262c, #e6e4df); outline-offset: 1px; }
.atelier-entities small { font-size: 0.72em; font-weight: 600; margin-left: 0.35em; white-space: nowrap; }
.atelier-entities-title { color: var(--atelier-muted); font-size: 0.85rem; margin: 0.4rem 0 0.1rem; }
</style>
"""


def marked_html(
    text: str, spans: Sequence[Mapping[str, Any]], colours: Mapping[str, str], notes: Sequence[str] = ()
) -> str:
    """The text as HTML with each span marked by the colour and the name of its label.

    `notes` say something more of each span, such as "missed"; a span with a note has a dashed frame. Spans have
    `start`, `end` and `label`, rise and do not overlap; those beyond the part that is shown are left out.
    """
    parts, at = [], 0
    shown = text[:MOST_CHARACTERS]
    for span, note in zip(spans, notes or [""] * len(spans), strict=True):
        start, end, label = span["start"], span["end"], str(span["label"])
        if start < at or end > len(shown):
            continue
        said = f"{label} · {note}" if note else label
        colour = colours.get(label, "#7F7F7F")
        parts.append(html.escape(shown[at:start]))
        parts.append(
            f'<mark class="{"wrong" if note else "right"}" style="--label: {colour}">{html.escape(shown[start:end])}'
            f"<small>{html.escape(said)}</small></mark>"
        )
        at = end
    parts.append(html.escape(shown[at:]))
    return "".join(parts)


def show_marked(
    text: str,
    spans: Sequence[Mapping[str, Any]],
    colours: Mapping[str, str],
    *,
    notes: Sequence[str] = (),
    title: str = "",
) -> None:
    """Show a text with its spans, below a small title."""
    head = f'<div class="atelier-entities-title">{html.escape(title)}</div>' if title else ""
    body = marked_html(text, spans, colours, notes)
    st.html(f'{_STYLE}{head}<div class="atelier-entities" dir="auto" tabindex="0">{body}</div>')
    if len(text) > MOST_CHARACTERS:
        st.caption(
            f"The first {MOST_CHARACTERS:,} of {len(text):,} characters; the file to download has them all."
        )
