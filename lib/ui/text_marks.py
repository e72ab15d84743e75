"""Texts side by side as HTML, all of it escaped: what was copied, what is new, what differs from a reference."""

import html
from collections.abc import Sequence

from lib.analysis.alignment import Word, copied_runs, novel_words, word_changes, words_of
from lib.ui.review_row import MOST_CHARACTERS

STYLE = """
<style>
.atelier-written {white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.7; max-width: 75ch;
 max-height: 24rem; overflow-y: auto; font-size: 1.05rem;}
.atelier-written .copied {text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: 3px;
 text-decoration-color: var(--atelier-accent);}
.atelier-written .novel {border-bottom: 2px dotted light-dark(#8a6d00, #e6c34d);}
.atelier-written mark {color: inherit; background: rgba(230,159,0,0.30); border-radius: 3px; padding: 0 0.15em;
 border-bottom: 2px solid #E69F00;}
.atelier-written ins {text-decoration: none; background: rgba(86,180,233,0.25); border-bottom: 2px solid #56B4E9;
 border-radius: 3px;}
.atelier-written del {background: rgba(230,159,0,0.18); border-radius: 3px; opacity: 0.85;}
</style>
"""
_HINTS = {
    "number": "a number the source does not have",
    "name": "a capitalised name the source does not have",
}


def against_source(source: str, written: str) -> tuple[str, str]:
    """The source and the written text as HTML.

    In both, runs of two and more words that the written text copies are underlined; in the written text words that the
    source does not have are dotted, new numbers and names marked. The whole texts are compared, their beginnings shown.
    """
    read, words = words_of(source), words_of(written)
    runs = copied_runs(read, words)
    there = [(run.source, run.source + run.end - run.start) for run in runs]
    new = novel_words(read, words)
    tags: list[tuple[int, int, str, str]] = [_run(words, run.start, run.end) for run in runs]
    for word, is_new in zip(words, new, strict=True):
        if is_new and word.kind == "word":
            tags.append((word.start, word.end, '<span class="novel">', "</span>"))
        elif is_new:
            tags.append((word.start, word.end, f'<mark title="{_HINTS[word.kind]}">', "</mark>"))
    return _tagged(source, [_run(read, *ends) for ends in _united(there)]), _tagged(written, tags)


def against_reference(reference: str, written: str) -> str:
    """The written text as HTML with what it adds marked, and what it leaves out of the reference struck through."""
    kinds = {"same": ("", ""), "added": ("<ins>", "</ins>"), "left out": ("<del>", "</del> ")}
    pieces = word_changes(reference[:MOST_CHARACTERS], written[:MOST_CHARACTERS])
    return "".join(
        f"{kinds[piece.change][0]}{html.escape(piece.text)}{kinds[piece.change][1]}" for piece in pieces
    )


def titled(title: str, body: str) -> str:
    """A small title over a text that is HTML already."""
    return (
        f'<div class="atelier-text-title">{html.escape(title)}</div>'
        f'<div class="atelier-written" dir="auto" tabindex="0">{body}</div>'
    )


def _run(words: Sequence[Word], start: int, end: int) -> tuple[int, int, str, str]:
    return words[start].start, words[end - 1].end, '<span class="copied">', "</span>"


def _united(ends: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges that overlap as one, in order."""
    united: list[tuple[int, int]] = []
    for start, end in sorted(ends):
        if united and start < united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


def _tagged(text: str, tags: Sequence[tuple[int, int, str, str]]) -> str:
    """The beginning of the text escaped, with tags around ranges that do not overlap."""
    text = text[:MOST_CHARACTERS]
    parts: list[str] = []
    at = 0
    for start, end, opening, closing in sorted(tags):
        if end > len(text):
            break
        parts += [html.escape(text[at:start]), opening, html.escape(text[start:end]), closing]
        at = end
    return "".join([*parts, html.escape(text[at:])])
