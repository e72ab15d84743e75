"""Reads phrases of chat bots (Rasa, Markdown): one phrase a line, under its intent, with spans marked inside."""

import re
from pathlib import PurePosixPath

import pandas as pd

from lib.data.account import encoding_said, plural, set_aside
from lib.data.encoding import head_lines, lines, recognise
from lib.data.formats.inline_spans import marks_in
from lib.data.read_as import ReadAs
from lib.data.records import SHOWN_CHARACTERS
from lib.data.table import RejectedLine, Table
from lib.errors import Problem, UserError
from lib.settings import get_settings

_SUFFIXES = frozenset({".md", ".markdown", ".yml", ".yaml", ".txt", ""})
_HEADING = re.compile(r"^##\s*(intent|synonym|lookup|regex)\s*:\s*(.+?)\s*$")
_KEY = re.compile(r"^\s*-\s*(intent|synonym|lookup|regex)\s*:\s*(.+?)\s*$")
_PHRASE = re.compile(r"^\s*[-*+]\s+(.*\S)\s*$")
_OTHER = re.compile(r"^\s*(version\s*:.*|nlu\s*:|examples\s*:\s*[|>]?-?|#.*|---)\s*$")
_SAMPLE = 200


def is_training_phrases(raw: bytes, name: str) -> bool:
    """Whether the bytes are phrases under intents, or lines of which many hold marked spans."""
    if PurePosixPath(name).suffix.lower() not in _SUFFIXES or b"\0" in raw[:1000]:
        return False
    sample = [line for line in head_lines(raw)[:_SAMPLE] if line.strip()]
    intents = sum(bool(_HEADING.match(line) or _KEY.match(line)) for line in sample)
    phrases = sum(bool(_PHRASE.match(line)) for line in sample)
    if intents and phrases > intents:
        return True
    return len(sample) >= 2 and sum(marks_in(line) > 0 for line in sample) >= 0.3 * len(sample)


def read_training_phrases(raw: bytes, name: str, read_as: ReadAs) -> Table:
    """The phrases of a file: columns `text` and, where there are headings, `intent`. Marks are still in the texts."""
    encoding = recognise(raw, read_as.encoding)
    texts: list[str] = []
    intents: list[str | None] = []
    rejected: list[RejectedLine] = []
    kind, intent = "intent", None
    most = get_settings().max_cell_characters
    for number, line in enumerate(lines(raw, encoding), 1):
        bare = line.lstrip("\ufeff").rstrip()
        heading = _HEADING.match(bare) or _KEY.match(bare)
        if heading:
            kind, intent = heading[1], heading[2].strip("\"'")
            continue
        if not bare or _OTHER.match(bare):
            continue
        phrase = _PHRASE.match(bare)
        text = phrase[1] if phrase else bare.strip()
        if kind != "intent":
            rejected.append(
                RejectedLine(number, text[:SHOWN_CHARACTERS], f"It stands under “{kind}”, not an intent.")
            )
        elif len(text) > most:
            reason = f"It has {len(text):,} characters; at most {most:,} are accepted."
            rejected.append(RejectedLine(number, text[:SHOWN_CHARACTERS], reason))
        else:
            texts.append(text)
            intents.append(intent)
    if not texts:
        raise UserError(
            Problem(
                f"“{name}” holds no phrases.", name, "Give a file with a phrase on each line.", code="no-rows"
            )
        )
    if len(texts) > get_settings().max_rows:
        raise UserError(
            Problem(f"“{name}” has too many phrases.", "rows", "Give a part of it.", code="too-many-rows")
        )
    columns = {"text": pd.array(texts, dtype="str")}
    if any(intents):
        columns["intent"] = pd.array(intents, dtype="str")
    said = [f"Read as training phrases: {plural(len(texts), 'phrase')}.", *encoding_said(encoding)]
    form = {"format": "phrases", "encoding": encoding.name, "bom": bool(encoding.bom)}
    return Table(pd.DataFrame(columns), name, tuple(said), form, tuple(rejected), set_aside(rejected))
