"""Reads CoNLL files: a word and its tag on each line, an empty line after each sentence."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePosixPath

import pandas as pd

from lib.data.account import encoding_said, plural, set_aside
from lib.data.cells import is_tag, to_cell
from lib.data.encoding import head_lines, lines, recognise
from lib.data.foreign import foreign_problem, nul_problem
from lib.data.read_as import ReadAs
from lib.data.records import SHOWN_CHARACTERS
from lib.data.table import RejectedLine, Table
from lib.errors import Problem, UserError
from lib.settings import get_settings

CONLL_SUFFIXES = frozenset({".conll", ".bio", ".iob", ".iob2", ".bilou", ".bioes", ".conllu"})
# Universal Dependencies: of ten columns between tabs the second is the word and the fourth its part of speech.
_UNIVERSAL_WIDTH = 10
_SAMPLE_LINES = 500
_SPACE = " \t\r\n\ufeff"


def is_conll(raw: bytes, name: str) -> bool:
    """Whether the bytes are CoNLL: by the file's name, else by lines that end in tags and empty lines among them."""
    if PurePosixPath(name).suffix.lower() in CONLL_SUFFIXES:
        return foreign_problem(raw, name) is None
    sample = head_lines(raw)[:_SAMPLE_LINES]
    shaped = plain = gaps = 0
    for line in sample:
        fields = _fields(line)
        if not fields:
            gaps += shaped > 0
        elif len(fields) >= 2 and fields[0] and is_tag(fields[-1]):
            shaped += 1
        elif not line.startswith(("#", "-DOCSTART-")):
            plain += 1
    return shaped >= 3 and gaps >= 1 and plain <= 0.1 * shaped


def read_conll(raw: bytes, name: str, read_as: ReadAs) -> Table:
    """The sentences of a CoNLL file: columns `tokens` and `tags`, each cell a JSON list of equally many texts.

    The first column is the token and the last the tag (in CoNLL-U the word and its part of speech); lines with
    `-DOCSTART-` and comments are skipped.
    Raises UserError when no line has a token and a tag.
    """
    encoding = recognise(raw, read_as.encoding)
    if not encoding.name.startswith(("utf-16", "utf-32")) and b"\0" in raw:
        raise UserError(nul_problem(name, raw.count(b"\0"), raw.index(b"\0")))
    sentences = _Sentences(*_usual_form(lines(raw, encoding)))
    for number, line in enumerate(lines(raw, encoding), 1):
        sentences.add(number, line)
    sentences.end()
    if not sentences.tokens:
        fix = "Give a file with a word and its tag on each line, and an empty line after each sentence."
        raise UserError(Problem(f"“{name}” holds no tagged words.", where=name, fix=fix, code="no-rows"))
    frame = pd.DataFrame(
        {
            "tokens": pd.array(sentences.tokens, dtype="str"),
            "tags": pd.array(sentences.tags, dtype="str"),
        }
    )
    said = [
        f"Read as CoNLL: {plural(len(frame), 'sentence')} with {plural(sentences.words, 'tagged word')}.",
        *encoding_said(encoding),
    ]
    form = {"format": "conll", "encoding": encoding.name, "bom": bool(encoding.bom)}
    rejected = tuple(sentences.rejected)
    return Table(frame, name, tuple(said), form, rejected, set_aside(rejected))


def _fields(line: str) -> list[str]:
    """The fields of a line, cut at tabs if it has any, else at spaces; none for a line of white space."""
    bare = line.rstrip(_SPACE).lstrip("\ufeff")
    if not bare.strip(_SPACE):
        return []
    return (
        [field.strip(" ") for field in bare.split("\t")] if "\t" in bare else re.split(" +", bare.strip(" "))
    )


def _usual_form(stream: Iterator[str]) -> tuple[int, bool]:
    """How many fields most lines at the start have, and whether they are numbered words of CoNLL-U."""
    sample = [_fields(line) for line in islice(stream, _SAMPLE_LINES) if not line.startswith("#")]
    widths = Counter(map(len, sample))
    widths.pop(0, None)
    width = max(widths, key=lambda width: (width >= 2, widths[width]), default=2)
    usual = [fields for fields in sample if len(fields) == width]
    numbered = sum(fields[0].isdigit() for fields in usual) >= 0.9 * len(usual)
    return width, width == _UNIVERSAL_WIDTH and numbered


class _Sentences:
    """Collects lines into sentences."""

    def __init__(self, width: int, universal: bool) -> None:
        self._width = width
        self._universal = universal
        self._limits = get_settings()
        self._words: list[str] = []
        self._marks: list[str] = []
        self._start = 0
        self.tokens: list[str] = []
        self.tags: list[str] = []
        self.words = 0
        self.rejected: list[RejectedLine] = []

    def add(self, number: int, line: str) -> None:
        fields = _fields(line)
        if not fields or fields[0].startswith("-DOCSTART-"):
            self.end()
        elif self._is_comment(line, fields):
            return
        elif len(fields) < 2:
            self._reject(number, line, "It has a word but no tag.")
        elif not fields[0]:
            self._reject(number, line, "It has a tag but no word.")
        else:
            word, tag = fields[0], fields[-1]
            if self._universal and len(fields) == _UNIVERSAL_WIDTH:
                if not word.isdigit():  # "1-2" and "1.1" repeat words or stand for none
                    return
                word, tag = fields[1], fields[3]
            self._start = self._start or number
            self._words.append(word)
            self._marks.append(tag)

    def _is_comment(self, line: str, fields: list[str]) -> bool:
        # A hashtag is a word like any other: only a line that is not shaped like its neighbours is a comment.
        return line.startswith("#") and not (
            len(fields) == self._width and ("\t" in line.strip(_SPACE) or is_tag(fields[-1]))
        )

    def end(self) -> None:
        """Close the sentence in hand. Raises UserError when there are too many by now."""
        if not self._words:
            return
        tokens, tags = to_cell(self._words), to_cell(self._marks)
        if max(len(tokens), len(tags)) > self._limits.max_cell_characters:
            reason = f"The sentence that starts here has {len(self._words):,} words, too many for one row."
            self._reject(self._start, " ".join(self._words[:200]), reason)
        else:
            self.tokens.append(tokens)
            self.tags.append(tags)
            self.words += len(self._words)
        if len(self.tokens) > self._limits.max_rows:
            raise UserError(
                Problem(
                    f"The file has more than {self._limits.max_rows:,} sentences.",
                    where="rows",
                    fix="Give a sample of it, or raise ATELIER_MAX_ROWS.",
                    code="too-many-rows",
                )
            )
        self._words, self._marks, self._start = [], [], 0

    def _reject(self, number: int, line: str, reason: str) -> None:
        self.rejected.append(RejectedLine(number, line.rstrip("\r\n")[:SHOWN_CHARACTERS], reason))
