"""What a model reads of a row: its tokens, where the limit cuts, and which tag each token gets."""

import html

import streamlit as st

from lib.errors import UserError
from lib.models.sources import ModelInfo
from lib.models.tokens import Piece, pieces_of
from lib.tasks.annotated import tags_in, words_in
from lib.ui.numbers import count
from lib.ui.subject import Subject
from lib.ui.words import escape_markdown

ROWS, _MOST_PIECES = 3, 400
_SPECIAL, _CUT = "atelier-piece special", "atelier-piece cut"
# Whole rows of tokens are one element each: a thousand widgets would be slow.
_STYLE = """<style>
.atelier-pieces {line-height: 2.1; overflow-wrap: anywhere; font-size: 0.875rem}
.atelier-piece {border: 1px solid rgba(128,128,128,.35); border-radius: 4px; padding: 1px 4px; margin: 0 1px;
  white-space: pre-wrap}
.atelier-piece.special {opacity: .65; font-family: monospace; font-size: .75rem}
.atelier-piece.cut {opacity: .45; text-decoration: line-through}
.atelier-piece b {font-size: .6875rem; font-weight: 600; margin-left: 4px}
</style>"""


def show_pieces(subject: Subject, reader: ModelInfo, limit: int, *, column: str, tags: str = "") -> None:
    """The first rows as the model gets them; with a column of tags, what each token has to answer."""
    with st.expander("What the model reads", icon=":material/visibility:"):
        cells = subject.rows(0, 50)
        shown = cells[cells[column].notna()].head(ROWS)
        said = "Each box is a token. Struck through is what the limit cuts off; special tokens are the model’s own."
        if tags:
            said += " The first token of a word answers for it; the others are not learned from."
        st.caption(said)
        for number, row in shown.iterrows():
            try:
                st.html(_STYLE + _line(row[column], row[tags] if tags else None, reader, limit))
            except (UserError, FileNotFoundError):
                st.caption(f"The tokenizer of {escape_markdown(reader.title)} is not at hand.")
                return
            except ValueError:
                st.caption(f"Row {count(int(str(number)) + 1)} cannot be shown.")


def _line(text: str, tags: str | None, reader: ModelInfo, limit: int) -> str:
    words = words_in(text) if tags is not None else None
    pieces = pieces_of(words if words is not None else text[:20_000], reader.ref)
    marks = _marks(pieces, tags_in(tags) or []) if tags is not None else [""] * len(pieces)
    specials = sum(piece.special for piece in pieces)
    room, boxes, read = limit - specials, [], 0
    for piece, mark in list(zip(pieces, marks, strict=True))[:_MOST_PIECES]:
        read += not piece.special
        kind = _SPECIAL if piece.special else _CUT if read > room else "atelier-piece"
        shown = html.escape(piece.token if piece.special or not piece.text else piece.text)
        answer = f"<b>{html.escape(mark)}</b>" if mark else ""
        boxes.append(f'<span class="{kind}">{shown}{answer}</span>')
    more = f" and {len(pieces) - _MOST_PIECES:,} more" if len(pieces) > _MOST_PIECES else ""
    return f'<p class="atelier-pieces">{"".join(boxes)}{more}</p>'


def _marks(pieces: list[Piece], tags: list[str]) -> list[str]:
    """The tag of each word at its first token; nothing at the others and at special ones."""
    marks, before = [], None
    for piece in pieces:
        first = not piece.special and piece.word is not None and piece.word != before
        marks.append(tags[piece.word] if first and piece.word is not None and piece.word < len(tags) else "")
        before = piece.word
    return marks
