"""Cutting a text into words and signs, each with its place, so that spans of characters can be told by words."""

import re
import unicodedata

# Scripts written without spaces: each of their characters is a word, or a whole clause would be one.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai and Lao, Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Japanese, Chinese
)
_PIECE = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s]")
_JOINERS = "\u200c\u200d"


def split_words(text: str) -> list[tuple[int, int]]:
    """The characters (start, end) of every word of a text: runs of letters, digits and _, and every other sign alone.

    White space belongs to no word. Marks that combine with a letter (vowel signs, accents, joiners) stay with it.
    """
    words: list[tuple[int, int]] = []
    for match in _PIECE.finditer(text):
        start, end = match.span()
        touches = bool(words) and words[-1][1] == start
        if touches and (_combines(text[start]) or _goes_on(text, start)):
            words[-1] = (words[-1][0], end)
        else:
            words.append((start, end))
    return words


def _combines(sign: str) -> bool:
    return sign in _JOINERS or (not sign.isascii() and unicodedata.category(sign)[0] == "M")


def _goes_on(text: str, start: int) -> bool:
    """Whether a letter follows a mark inside its word, as in हिन्दी."""
    return text[start].isalnum() and _combines(text[start - 1])
