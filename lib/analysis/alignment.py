"""How a written text stands to the text it was written from: what it copies, what is new in it, what it repeats."""

import re
from collections import defaultdict
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

# Written without blanks between words, so that a character has to stand for a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"\d+(?:[.,:]\d+)*|[{_UNSPACED}]|[^\W{_UNSPACED}]+(?:['’\-][^\W{_UNSPACED}]+)*")
_SENTENCE_END = re.compile(r"[.!?…:;\n]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# Words looked at of one text: what is longer is cut, or one row of a book would hold up all others.
MOST_WORDS = 20_000
COPIED_FROM = 2
REPEATED = 3

Kind = Literal["word", "number", "name"]


class Word(NamedTuple):
    """A word of a text: its characters, and the form in which it is compared."""

    start: int
    end: int
    form: str
    kind: Kind


class Copied(NamedTuple):
    """A run of words that stands in the written text and in the source: places of words, ends exclusive."""

    start: int
    end: int
    source: int


def words_of(text: str) -> list[Word]:
    """The words of a text, compared without their case, numbers without separators of thousands.

    A word with a digit is a "number". A "name" begins with a capital within a sentence, or has a second capital; at
    the beginning of a sentence a capital alone says nothing.
    """
    found: list[Word] = []
    at = 0
    for match in _WORD.finditer(text):
        if len(found) == MOST_WORDS:
            break
        word, begins = match[0], not found or _SENTENCE_END.search(text, at, match.start()) is not None
        kind: Kind = "word"
        if any(letter.isdigit() for letter in word):
            kind = "number"
        elif (
            word != "I" and word[0].isupper() and (not begins or any(letter.isupper() for letter in word[1:]))
        ):
            kind = "name"
        form = _THOUSANDS.sub("", word) if kind == "number" else word
        found.append(Word(match.start(), match.end(), form.casefold(), kind))
        at = match.end()
    return found


def copied_runs(source: Sequence[Word], written: Sequence[Word], *, least: int = COPIED_FROM) -> list[Copied]:
    """The longest runs of at least `least` words that the source has too, from the left and without overlap.

    Greedy as the extractive fragments of Grusky et al. (2018), which begin at a single word; of runs of the same
    length the source's first one.
    """
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place in range(len(source) - least + 1):
        places[tuple(word.form for word in source[place : place + least])].append(place)
    runs, at = [], 0
    while at <= len(written) - least:
        best = Copied(at, at, 0)
        for place in places.get(tuple(word.form for word in written[at : at + least]), ()):
            length = least
            while (
                at + length < len(written)
                and place + length < len(source)
                and written[at + length].form == source[place + length].form
            ):
                length += 1
            if length > best.end - best.start:
                best = Copied(at, at + length, place)
        if best.end > best.start:
            runs.append(best)
        at = max(best.end, at + 1)
    return runs


def novel_words(source: Sequence[Word], written: Sequence[Word]) -> list[bool]:
    """For each word of the written text whether the source has it nowhere: bool[words]."""
    there = {word.form for word in source}
    return [word.form not in there for word in written]


# What is measured of a row: the column, its name on screen, what it says, and whether it is a share.
MEASURES: dict[str, tuple[str, str, bool]] = {
    "novel_facts": ("Novel numbers and names", "Numbers and capitalised names that the source does not have.", False),
    "novel_bigrams": ("Novel word pairs", "Of the pairs of neighbours, the share the source does not have.", True),
    "novel_words": ("Novel words", "Of the words, the share the source does not have.", True),
    "copy_length": ("Longest copy", "The most words in a row that stand in the source just so.", False),
    "repetition": ("Repetition", "Of the runs of three words, the share that stood there before.", True),
}  # fmt: skip


def alignment(source: str, written: str) -> dict[str, float]:
    """The columns of MEASURES for one row; missing where there are too few words to say.

    novel_bigrams is the share of all bigrams, each time it occurs (See et al. 2017); repetition is 1 − distinct / all
    trigrams (Welleck et al. 2020, there with n = 4).
    """
    read, words = words_of(source), words_of(written)
    new = novel_words(read, words)
    pairs, there = _grams(words, 2), set(_grams(read, 2))
    triples = _grams(words, REPEATED)
    return {
        "novel_bigrams": float(np.mean([pair not in there for pair in pairs])) if pairs else np.nan,
        "novel_words": float(np.mean(new)) if words else np.nan,
        "novel_facts": sum(is_new and word.kind != "word" for is_new, word in zip(new, words, strict=True)),
        "copy_length": _longest_copy(read, words, new),
        "repetition": 1 - len(set(triples)) / len(triples) if triples else np.nan,
    }


def _longest_copy(source: Sequence[Word], written: Sequence[Word], new: Sequence[bool]) -> int:
    longest = max((run.end - run.start for run in copied_runs(source, written)), default=0)
    return longest or int(not all(new))


def _grams(words: Sequence[Word], size: int) -> list[tuple[str, ...]]:
    forms = [word.form for word in words]
    return list(zip(*(forms[shift:] for shift in range(size)), strict=False))


def alignment_table(sources: Sequence[str], written: Sequence[str]) -> pd.DataFrame:
    """The columns of MEASURES, one row a text, float64."""
    rows = [alignment(source, text) for source, text in zip(sources, written, strict=True)]
    return pd.DataFrame(rows, columns=list(MEASURES), dtype=np.float64)


class Piece(NamedTuple):
    """A part of a comparison: text that both have, that only the written text has, or only the reference."""

    change: Literal["same", "added", "left out"]
    text: str


def word_changes(reference: str, written: str) -> list[Piece]:
    """The written text against its reference, word by word and in order; case does not count.

    "same" and "added" pieces are the written text's own characters, all of them; "left out" ones are the reference's.
    """
    before, after = words_of(reference), words_of(written)
    matcher = SequenceMatcher(
        None, [word.form for word in before], [word.form for word in after], autojunk=False
    )
    pieces: list[Piece] = []
    at = 0
    for change, i1, i2, j1, j2 in matcher.get_opcodes():
        if i2 > i1 and change != "equal":
            pieces.append(Piece("left out", reference[before[i1].start : before[i2 - 1].end]))
        if j2 > j1:
            start, end = after[j1].start, after[j2 - 1].end
            pieces += [Piece("same", written[at:start])] if start > at else []
            pieces.append(Piece("same" if change == "equal" else "added", written[start:end]))
            at = end
    return [*pieces, Piece("same", written[at:])] if at < len(written) else pieces
