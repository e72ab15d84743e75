"""Small changes of a text, to see whether a model's answer hangs on how something is written."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Change = Callable[[str, np.random.Generator], str]

_WORD = re.compile(r"[^\W\d_]{4,}")
_MARKS = re.compile(r"[^\w\s@#&'’\-/]+")
_AUXILIARY = re.compile(
    r"\b(am|is|are|was|were|do|does|did|can|could|will|would|should|must|may|might|has|have|had)\b(?!\s+not\b|n?['’]t)",
    re.IGNORECASE,
)
# One word in ten, as in texts typed in a hurry; always one at least, so that short texts are changed too.
_TYPO_SHARE = 0.1


@dataclass(frozen=True)
class TextChange:
    """One way to change a text.

    `keeps_length`: every character keeps its place, so that spans of the text stay true. `keeps_meaning`: the right
    answer stays right; where it may not, only how often the answer stays the same can be told.
    """

    name: str
    title: str
    explanation: str
    apply: Change
    keeps_length: bool = True
    keeps_meaning: bool = True


def with_typos(text: str, random: np.random.Generator) -> str:
    """Two neighbouring letters swapped within one word in ten of four letters or more; first letters stay."""
    words = [match for match in _WORD.finditer(text) if len(set(match.group()[1:])) > 1]
    if not words:
        return text
    letters = list(text)
    for place in random.choice(len(words), size=max(1, round(_TYPO_SHARE * len(words))), replace=False):
        start, end = words[place].span()
        places = [at for at in range(start + 1, end - 1) if letters[at] != letters[at + 1]]
        at = int(random.choice(places))
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


def in_capitals(text: str, random: np.random.Generator) -> str:
    """Every letter a capital, but for those that become two (ß)."""
    return "".join(large if len(large := letter.upper()) == 1 else letter for letter in text)


def in_small_letters(text: str, random: np.random.Generator) -> str:
    """No letter a capital."""
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def without_marks(text: str, random: np.random.Generator) -> str:
    """Without punctuation; @, # and what joins words stay."""
    return " ".join(_MARKS.sub(" ", text).split())


def without_accents(text: str, random: np.random.Generator) -> str:
    """Letters without their accents: é becomes e."""
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(part for part in apart if not unicodedata.combining(part)))


def negated(text: str, random: np.random.Generator) -> str:
    """English: "not" after the first auxiliary verb that is not followed by one."""
    found = _AUXILIARY.search(text)
    return text if found is None else f"{text[: found.end()]} not{text[found.end() :]}"


TEXT_CHANGES: tuple[TextChange, ...] = (
    TextChange("typos", "Typing mistakes", "Two letters are swapped in one word of ten.", with_typos),
    TextChange("capitals", "ALL CAPITALS", "Every letter is a capital.", in_capitals),
    TextChange("small", "no capitals", "No letter is a capital.", in_small_letters),
    TextChange(
        "marks", "No punctuation", "Full stops, commas, quotes and the like are gone.", without_marks,
        keeps_length=False,
    ),
    TextChange(
        "accents", "No accents", "Letters lose their accents; only texts that have some count.", without_accents,
        keeps_length=False,
    ),
    TextChange(
        "negation", "Negated (English)", "“not” follows the first auxiliary verb, which turns what many texts say.",
        negated, keeps_length=False, keeps_meaning=False,
    ),
)  # fmt: skip


def changed_texts(change: TextChange, texts: list[str], *, seed: int = 0) -> list[str]:
    """The texts changed, each by its own stream of random numbers, so that leaving rows out changes no other."""
    return [change.apply(text, np.random.default_rng((seed, place))) for place, text in enumerate(texts)]
