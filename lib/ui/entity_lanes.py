"""A text with two lanes below its words: the true spans, and beneath them the predicted ones."""

import html
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

import streamlit as st

from lib.analysis.entities import Match
from lib.ui.entity_text import MOST_CHARACTERS, show_cut

# Each span is a handful of elements; a text with more of them shows its first ones only.
MOST_SPANS = 1_500
_NOTES = {
    "wrong type": "wrong type",
    "wrong borders": "wrong borders",
    "wrong type and borders": "wrong type and borders",
    "spurious": "spurious",
}
_STYLE = """
<style>
.atelier-lanes { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.7; max-width: 75ch;
  max-height: 30rem; overflow-y: auto; font-size: 1.05rem; padding-bottom: 2px; }
.atelier-lanes .spot { display: inline-grid; vertical-align: baseline; max-width: 100%; row-gap: 2px; column-gap: 0;
  margin-bottom: 0.3rem; }
.atelier-lanes .piece { grid-row: 1; white-space: break-spaces; min-width: 0; }
.atelier-lanes .lane { border: 1.5px solid var(--label); border-radius: 0.25rem; font-size: 0.72em; line-height: 1.35;
  font-weight: 600; padding: 0 0.3em; margin-right: 1px; min-width: 0; }
.atelier-lanes .true { grid-row: 2; background: color-mix(in srgb, var(--label) 30%, transparent); }
.atelier-lanes .predicted { grid-row: 3; }
.atelier-lanes .borders { border-style: dashed; }
.atelier-lanes .chosen { outline: 2px solid var(--atelier-accent); outline-offset: 1px; }
.atelier-lanes .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
</style>
"""


def lanes_html(
    text: str,
    gold: Sequence[Mapping[str, Any]],
    predicted: Sequence[Mapping[str, Any]],
    matches: Sequence[Match],
    colours: Mapping[str, str],
    *,
    chosen: Collection[tuple[int, int]] = (),
) -> str:
    """The text as HTML; below each stretch that a span covers stand its true spans and below those the predicted ones.

    `matches` as made by `match_spans`; a dashed frame says that the borders differ. `chosen` are pairs of places in
    the two lists (−1 for none) that are outlined. Spans beyond the part that is shown are left out.
    """
    shown = text[:MOST_CHARACTERS]
    lanes = []
    for match in matches[:MOST_SPANS]:
        is_chosen = (
            -1 if match.true is None else match.true,
            -1 if match.predicted is None else match.predicted,
        ) in chosen
        if match.true is not None:
            note = "missed" if match.outcome == "missed" else ""
            lanes.append((gold[match.true], "true", note, match.outcome, is_chosen))
        if match.predicted is not None:
            note = _NOTES.get(match.outcome, "")
            lanes.append((predicted[match.predicted], "predicted", note, match.outcome, is_chosen))
    lanes = sorted(
        (lane for lane in lanes if lane[0]["end"] <= len(shown)), key=lambda lane: lane[0]["start"]
    )
    parts, at = [], 0
    while lanes:
        start, end, here = lanes[0][0]["start"], lanes[0][0]["end"], []
        while lanes and lanes[0][0]["start"] < end:
            here.append(lanes.pop(0))
            end = max(end, here[-1][0]["end"])
        parts += [html.escape(shown[at:start]), _spot(shown, start, end, here, colours)]
        at = end
    parts.append(html.escape(shown[at:]))
    return "".join(parts)


def _spot(
    text: str, start: int, end: int, lanes: Sequence[tuple[Any, ...]], colours: Mapping[str, str]
) -> str:
    """Spans that overlap, as a grid: the text cut at every border, and each span below the pieces it covers."""
    borders = sorted({start, end, *(span[side] for span, *_ in lanes for side in ("start", "end"))})
    column = {border: number for number, border in enumerate(borders, start=1)}
    pieces = [
        f'<span class="piece" style="grid-column: {column[left]}">{html.escape(text[left:right])}</span>'
        for left, right in pairwise(borders)
    ]
    marks = []
    for span, side, note, outcome, is_chosen in lanes:
        label = str(span["label"])
        said = f"{label} · {note}" if note else label
        sure = f", confidence {100 * span['confidence']:.1f} %" if "confidence" in span else ""
        classes = ["lane", side] + ["borders"] * ("borders" in outcome) + ["chosen"] * is_chosen
        hint = html.escape(f"{side}: {label}{sure}, {outcome}", quote=True)
        place = f"grid-column: {column[span['start']]} / {column[span['end']]}"
        marks.append(
            f'<span class="{" ".join(classes)}" title="{hint}" '
            f'style="{place}; --label: {colours.get(label, "#687878")}">'
            f'<span class="hidden"> {side}: </span>{html.escape(said)}</span>'
        )
    columns = f"grid-template-columns: repeat({len(borders) - 1}, minmax(0, auto))"
    return f'<span class="spot" style="{columns}">{"".join(pieces)}{"".join(marks)}</span>'


def show_lanes(
    text: str,
    gold: Sequence[Mapping[str, Any]],
    predicted: Sequence[Mapping[str, Any]],
    matches: Sequence[Match],
    colours: Mapping[str, str],
    *,
    chosen: Collection[tuple[int, int]] = (),
) -> None:
    """Show a text with its two lanes; what the lanes mean is for the page to say."""
    body = lanes_html(text, gold, predicted, matches, colours, chosen=chosen)
    st.html(f'{_STYLE}<div class="atelier-lanes" dir="auto" tabindex="0">{body}</div>')
    if len(matches) > MOST_SPANS:
        st.caption(f"The first {MOST_SPANS:,} of {len(matches):,} spans are marked.")
    show_cut(text)
