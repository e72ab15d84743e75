"""A map of relevance to keep: its numbers and its picture, each with method, target, baseline, steps and model."""

import base64
import html
from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from lib.inference.relevance import Relevance
from lib.ui.downloads import csv_bytes
from lib.ui.explain_example import Example
from lib.ui.relevance_picture import overlay, png_bytes, seen
from lib.ui.relevance_text import STYLE, strip_html, strongest
from lib.ui.relevance_words import hidden_words, method_words, score_words, target_words


def facts_of(example: Example, found: Relevance) -> dict[str, str]:
    """What must stand beside every map: plain text by name."""
    proof = found.faithfulness
    return {
        "model": example.ref,
        "model files": found.stamp,
        "row": example.source,
        "target": target_words(found),
        "predicted": found.predicted,
        "true": example.gold or "",
        f"{found.kind} of the target": f"{found.value:.6g}",
        "method": method_words(found),
        "baseline": found.baseline or (hidden_words(found) if found.method == "occlusion" else "none"),
        "steps": "" if found.steps is None else str(found.steps),
        "score": score_words(found),
        "share of |score| on special tokens": f"{found.hidden_mass:.4f}",
        "hidden for faithfulness": f"{', '.join(f'{share} %' for share in proof.shares)}, {hidden_words(found)}",
    }


def score_table(found: Relevance) -> pd.DataFrame:
    """The scores, one row a word, patch or special token, in reading order."""
    if found.grid is not None:
        columns = found.grid[1]
        return pd.DataFrame(
            {
                "row": [place // columns + 1 for place in range(len(found.patches))],
                "column": [place % columns + 1 for place in range(len(found.patches))],
                "score": list(found.patches),
            }
        )
    lines = [
        {
            "word": found.text_of(word),
            "text": found.fields[word.field][0],
            "start": word.start,
            "end": word.end,
            "score": word.score,
        }
        for word in found.words
    ]
    lines += [
        {"word": token, "text": "special token", "start": None, "end": None, "score": score}
        for token, score in found.specials
    ]
    return pd.DataFrame(lines)


def table_with_facts(example: Example, found: Relevance) -> pd.DataFrame:
    """The scores with what must stand beside them in every line."""
    facts: Mapping[str, str] = facts_of(example, found)
    return score_table(found).assign(**{name.replace(" ", "_"): value for name, value in facts.items()})


def page_of(example: Example, found: Relevance) -> str:
    """The map as one HTML file; whatever the texts contain stays text."""
    facts = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in facts_of(example, found).items()
        if value
    )
    if found.grid is None:
        body = strip_html(found, scale=strongest(found), specials=True)
    else:
        pictures = (seen(found), overlay(found, strength=0.7, raw=True, scale=strongest(found)))
        body = "".join(
            f'<img alt="{words}" src="data:image/png;base64,{base64.b64encode(png_bytes(picture)).decode()}"> '
            for words, picture in zip(("What the model saw", "Relevance by patch"), pictures, strict=True)
        )
    return (
        "<!doctype html><html><head><meta charset='utf-8'><title>Relevance</title><style>"
        ":root { color-scheme: light dark; } body { font-family: system-ui, sans-serif; margin: 2rem; } "
        "th { text-align: left; padding-right: 1rem; vertical-align: top; } img { max-width: 46%; }"
        f"{STYLE}</style></head><body><h1>Relevance for {html.escape(target_words(found))}</h1>{body}"
        f"<table>{facts}</table><p>Influence on this score, by this method and baseline; not a reason, and not a sign "
        "that the prediction is right.</p></body></html>"
    )


def keep_map(example: Example, found: Relevance, *, key: str) -> None:
    """A small menu with the scores (CSV) and the map (HTML)."""
    name = f"{example.run.id}-relevance-{found.method}"
    files: tuple[tuple[str, str, Callable[[], bytes | str], str, str], ...] = (
        ("Scores (CSV)", "csv", lambda: csv_bytes(table_with_facts(example, found)), "text/csv", "table"),
        ("Map (HTML)", "html", lambda: page_of(example, found), "text/html", "image"),
    )
    with st.popover("Keep", icon=":material/download:", type="tertiary", key=f"{key} keep"):
        for title, ending, make, kind, icon in files:
            st.download_button(
                title,
                make,
                f"{name}.{ending}",
                kind,
                key=f"{key} {ending}",
                on_click="ignore",
                icon=f":material/{icon}:",
            )
