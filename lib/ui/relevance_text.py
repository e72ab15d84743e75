"""A text with every word in the colour of its relevance: blue raises the score, orange lowers it."""

import html
from collections.abc import Sequence

import streamlit as st

from lib.inference.relevance import Relevance, Weighed
from lib.tasks.words import split_words
from lib.ui.relevance_words import WAY, signed, target_words

MOST_CHARACTERS = 12_000
LEVELS = 10
# Per cent of colour at the highest score: text on it keeps a contrast of 4.5 to 1 in both themes.
_DEEPEST = 70

STYLE = (
    """
.atelier-relevance { --raise: light-dark(#0072b2, #2e7fb8); --lower: light-dark(#e69f00, #b35900); }
.atelier-relevance p.text { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 2; max-width: 75ch;
  max-height: 26rem; overflow-y: auto; font-size: 1.05rem; margin: 0 0 0.5rem; }
.atelier-relevance mark { color: inherit; background: transparent; border-radius: 0.2rem; padding: 0.12rem 0.1rem; }
.atelier-relevance mark.asked { outline: 2px solid; outline-offset: 1px; }
.atelier-relevance .name, .atelier-relevance .key { color: var(--atelier-muted, light-dark(#5c626a, #a9b3be));
  font-size: 0.85rem; }
.atelier-relevance .key { display: flex; flex-wrap: wrap; align-items: center; gap: 0.3rem 0.6rem;
  margin: 0.2rem 0 0.4rem; }
.atelier-relevance .scale { display: inline-block; width: 9rem; height: 0.7rem; border-radius: 0.35rem; }
.atelier-relevance .both { background: linear-gradient(to right, color-mix(in srgb, var(--lower) 70%, transparent),
  transparent, color-mix(in srgb, var(--raise) 70%, transparent)); }
.atelier-relevance .one { background: linear-gradient(to right, transparent,
  color-mix(in srgb, var(--raise) 70%, transparent)); }
.atelier-relevance .unread { opacity: 0.55; }
"""
    + "\n".join(
        f".atelier-relevance .{sign}{level} {{ background: color-mix(in srgb, var(--{name}) "
        f"{level * _DEEPEST // LEVELS}%, transparent); }}"
        for sign, name in (("r", "raise"), ("l", "lower"))
        for level in range(1, LEVELS + 1)
    )
    # Told apart without colour too.
    + "\n.atelier-relevance :is("
    + ", ".join(f".l{level}" for level in range(2, LEVELS + 1))
    + ") "
    "{ text-decoration: underline dotted; text-underline-offset: 0.25em; }\n"
)


def strongest(found: Relevance) -> float:
    """The highest |score|, which has the deepest colour; 0 when all are 0."""
    return max((abs(score) for score in found.scores), default=0.0)


def strip_html(found: Relevance, *, scale: float, specials: bool = False) -> str:
    """The texts as HTML, at most 12,000 characters of each; `scale` is the |score| of the deepest colour."""
    parts = ['<div class="atelier-relevance" dir="auto">', _key(found, scale)]
    if specials and found.specials:
        marked = " ".join(_mark(token, score, scale) for token, score in found.specials)
        parts.append(f'<div class="name">Special tokens</div><p class="text">{marked}</p>')
    for number, (name, text) in enumerate(found.fields):
        words = [word for word in found.words if word.field == number]
        title = f'<div class="name">{html.escape(name)}</div>' if len(found.fields) > 1 else ""
        body = _coloured(text, words, scale, _asked(found))
        parts.append(
            f'{title}<p class="text" tabindex="0" role="group" aria-label="{html.escape(name)}, coloured by relevance">'
            f"{body}</p>"
        )
    return "".join([*parts, "</div>"])


def show_strip(found: Relevance, *, scale: float, specials: bool = False) -> None:
    """Show the coloured text with its key."""
    st.html(f"<style>{STYLE}</style>{strip_html(found, scale=scale, specials=specials)}")
    longest = max((len(text) for _, text in found.fields), default=0)
    if longest > MOST_CHARACTERS:
        st.caption(f"The first {MOST_CHARACTERS:,} of {longest:,} characters; the table has every word.")


def _coloured(text: str, words: Sequence[Weighed], scale: float, asked: tuple[int, int] | None) -> str:
    parts, at = [], 0
    for word in words:
        if word.start < at or word.end > MOST_CHARACTERS:
            continue
        parts.append(html.escape(text[at : word.start]))
        here = asked == (word.start, word.end)
        parts.append(_mark(text[word.start : word.end], word.score, scale, asked=here))
        at = word.end
    rest = html.escape(text[at:MOST_CHARACTERS])
    # Behind the last word that was read: cut away before the model saw it.
    parts.append(f'<span class="unread" title="not read">{rest}</span>' if rest.strip() else rest)
    return "".join(parts)


def _mark(text: str, score: float, scale: float, *, asked: bool = False) -> str:
    level = round(LEVELS * min(1.0, abs(score) / scale)) if scale else 0
    colour = f"{'r' if score > 0 else 'l'}{level}" if level else "none"
    return f'<mark class="{colour}{" asked" if asked else ""}" title="{signed(score)}">{html.escape(text)}</mark>'


def _asked(found: Relevance) -> tuple[int, int] | None:
    """The characters of the word whose tag is explained; None where the score is not about one word."""
    if not found.said or found.place is None:
        return None
    places = split_words(found.fields[0][1])
    return places[found.place] if found.place < len(places) else None


def _key(found: Relevance, scale: float) -> str:
    name = html.escape(target_words(found))
    if WAY[found.method].signed:
        words = (f"{signed(-scale)} lowers", "both", f"raises {signed(scale)}")
    else:
        words = ("0", "one", f"supports {signed(scale)}")
    return (
        f'<div class="key"><span>{words[0]}</span><span class="scale {words[1]}"></span>'
        f"<span>{words[2]}</span><span>· score of <b>{name}</b></span></div>"
    )
