"""A text whose tokens are coloured by how surprised a model is; whatever it contains stays text."""

import html
import json
import math
from typing import Any, Literal

import numpy as np
import pandas as pd

from lib.charts.text import percent

By = Literal["tuned", "untuned", "difference"]

# More tokens than this make a slow page; the table and its file have them all.
MOST_TOKENS = 2_000
# Where the shades of surprise begin, as probabilities: a token as likely as this or less.
SHADES = (0.5, 0.2, 0.05, 0.01, 0.001)
# Where the shades of a difference begin, in nats.
STEPS = (0.1, 0.5, 1.0, 2.0)

# Orange: more surprised. Blue: less surprised than before training. The text keeps its own colour on all of them.
_SURPRISE = {
    1: "light-dark(#fbe9d2, #3a2e20)", 2: "light-dark(#f8d3a3, #553b1d)", 3: "light-dark(#f3b875, #744a1a)",
    4: "light-dark(#eb9a48, #945a17)", 5: "light-dark(#e07f25, #b26a14)",
}  # fmt: skip
_RELIEF = {
    1: "light-dark(#e2edf5, #223342)", 2: "light-dark(#c0daec, #23435c)", 3: "light-dark(#93c1df, #255577)",
    4: "light-dark(#63a5d0, #276893)",
}  # fmt: skip
STYLE = (
    "<style>"
    ".atelier-tokens {white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.95; max-width: 75ch;}"
    ".atelier-tokens b {font-weight: inherit; border-radius: 2px; padding: 0.12em 0; position: relative; cursor: help;}"
    ".atelier-tokens i, .atelier-tokens-key i {font-style: normal; color: var(--atelier-muted); opacity: 0.75;}"
    ".atelier-tokens b:is(:hover, :focus) {outline: 1.5px solid var(--atelier-accent);}"
    ".atelier-tokens b:is(:hover, :focus)::after {content: attr(data-t); white-space: pre-wrap; position: absolute;"
    " left: 0; top: 1.7em; z-index: 50; width: max-content; max-width: 20rem; padding: 0.5rem 0.7rem;"
    " font-size: 0.85rem; line-height: 1.45; text-align: left; border-radius: 6px;"
    " border: 1px solid var(--atelier-line);"
    " background: light-dark(#fffdf9, #2b3440); color: light-dark(#22262c, #e6e4df); pointer-events: none;}"
    "@media (max-width: 640px) {.atelier-tokens b:is(:hover, :focus)::after {position: fixed; left: 1rem; right: 1rem;"
    " top: auto; bottom: 1rem; width: auto; max-width: none;}}"
    ".atelier-tokens-key {color: var(--atelier-muted); font-size: 0.85rem; margin-bottom: 0.5rem;}"
    ".atelier-tokens-key b {font-weight: inherit; color: light-dark(#22262c, #e6e4df); border-radius: 2px;"
    " padding: 0.1em 0.4em;}"
    + "".join(f".atelier-s{shade} {{background: {colour};}}" for shade, colour in _SURPRISE.items())
    + "".join(f".atelier-r{shade} {{background: {colour};}}" for shade, colour in _RELIEF.items())
    + "</style>"
)


def strip_html(tokens: pd.DataFrame, by: By) -> str:
    """The tokens of one row (`lib.inference.token_losses`) in reading order; those not judged are grey."""
    parts = []
    for token in tokens.head(MOST_TOKENS).to_dict("records"):
        shown = html.escape(visible(str(token["text"])))
        if not _known(token.get("loss")):
            parts.append(f"<i>{shown}</i>")
            continue
        kind = shade_class(token, by)
        name = f' class="{kind}"' if kind else ""
        parts.append(f'<b{name} data-t="{html.escape(told(token))}">{shown}</b>')
    named = 'role="group" aria-label="Tokens by their loss"'
    return f'<div class="atelier-tokens" dir="auto" {named}>{"".join(parts)}</div>'


def key_html(by: By, *, grey: str = "") -> str:
    """What the colours mean; `grey` says what is grey, where something is."""
    grey = f" · <i>grey</i>: {grey}" if grey else ""
    if by == "difference":
        less = " ".join(f'<b class="atelier-r{at + 1}">{step:g}</b>' for at, step in enumerate(STEPS))
        more = " ".join(f'<b class="atelier-s{at + 1}">{step:g}</b>' for at, step in enumerate(STEPS))
        return (
            '<div class="atelier-tokens-key">−ln p after training against before, in nats. Likelier by at least '
            f"{less} · less likely by at least {more}{grey}</div>"
        )
    shades = " ".join(
        f'<b class="atelier-s{at + 1}">{100 * shade:g} %</b>' for at, shade in enumerate(SHADES)
    )
    return f'<div class="atelier-tokens-key">Probability of the token at most {shades}{grey}</div>'


def shade_class(token: dict[Any, Any], by: By) -> str:
    """The class of a judged token's colour; "" for one that is as good as expected."""
    if by == "difference":
        change = float(token["loss"]) - float(token["untuned_loss"])
        step = int(np.searchsorted(STEPS, abs(change), side="right"))
        return f"atelier-{'s' if change > 0 else 'r'}{step}" if step else ""
    loss = float(token["untuned_loss" if by == "untuned" else "loss"])
    shade = sum(math.exp(-loss) <= limit for limit in SHADES)
    return f"atelier-s{shade}" if shade else ""


def told(token: dict[Any, Any]) -> str:
    """What is said of a token where the pointer rests: its probability and what the model would rather have written."""
    loss = float(token["loss"])
    name = visible(str(token["text"])).strip() or "part of a letter"
    lines = [
        f"“{name}”  {percent(math.exp(-loss))}",
        f"−ln p {loss:.2f} · {ordinal(int(token['rank']))} choice",
    ]
    if _known(token.get("untuned_loss")):
        lines.append(f"before training {percent(math.exp(-float(token['untuned_loss'])))}")
    lines += [
        "",
        "likeliest here:",
        *(f"{percent(chance)}  {label}" for label, chance in others(token["others"])),
    ]
    return "\n".join(lines)


def others(cell: object) -> list[tuple[str, float]]:
    """The likeliest tokens and their probabilities, with blanks and line breaks made visible."""
    try:
        found = json.loads(str(cell))
    except ValueError:
        return []
    return [(visible(name, blanks=True), float(chance)) for name, chance in found]


def visible(text: str, *, blanks: bool = False) -> str:
    """A token's text with marks for what would not be seen: line breaks, and with `blanks` those at its ends."""
    if not text:
        return "⋯"
    shown = text.replace("\r", "␍").replace("\n", "↵" if blanks else "↵\n")
    if not blanks:
        return shown
    inner = shown.strip(" ")
    left = len(shown) - len(shown.lstrip(" "))
    return "␣" * left + inner + "␣" * (len(shown) - left - len(inner))


def ordinal(rank: int) -> str:
    """A rank as words: "1st", "2nd", "11th", "1,203rd"."""
    ending = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank:,}{ending}"


def _known(value: object) -> bool:
    return isinstance(value, int | float) and not math.isnan(value)
