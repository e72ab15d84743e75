"""Reads spans that are marked within a text, as in "to [Berlin](city)", and takes the marks out."""

import json
import re
from typing import Any

_MARK = re.compile(
    r"\[([^\[\]\n]{1,300})\](?:\(([A-Za-z][\w.+-]{0,50})(:[^()\n]{0,100})?\)|(\{[^{}\n]{1,300}\}))"
)
# What ends like this in round brackets is an address, not a label.
_ADDRESS = re.compile(r"(?i)^(www\.|.*\.(com|org|net|io|de|fr|html?|php|pdf|png|jpe?g|gif|md)$)")


def marks_in(text: str) -> int:
    """How many spans are marked in a text."""
    return sum(_label(match) is not None for match in _MARK.finditer(text))


def without_marks(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text as a person reads it, and its spans as {"start", "end", "label"} in characters of it."""
    pieces: list[str] = []
    spans: list[dict[str, Any]] = []
    at = size = 0
    for match in _MARK.finditer(text):
        label = _label(match)
        if label is None:
            continue
        before = text[at : match.start()]
        pieces += [before, match[1]]
        size += len(before)
        spans.append({"start": size, "end": size + len(match[1]), "label": label})
        size += len(match[1])
        at = match.end()
    return "".join([*pieces, text[at:]]), spans


def _label(match: re.Match[str]) -> str | None:
    """The label of a mark; None when it is a link or something else in brackets."""
    if match[4] is None:
        return None if _ADDRESS.match(match[2]) or match[2] in ("http", "https", "mailto") else match[2]
    try:
        about = json.loads(match[4])
    except ValueError:
        return None
    entity = about.get("entity")
    return entity if isinstance(entity, str) and entity.strip() else None
