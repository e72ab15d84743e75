"""Finds out how lines of text become fields: which delimiter, and how many fields a row has."""

import csv
from collections import Counter
from dataclasses import dataclass

from lib.data.header import looks_like_names
from lib.data.records import cut_literally

DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "vertical bars", ",": "commas"}
# Stands in for a delimiter where there is only one column; no text file uses it.
_NO_DELIMITER = "\x1f"


@dataclass(frozen=True)
class Layout:
    """How lines become fields: the delimiter (None: one column) and the usual number of fields."""

    delimiter: str | None
    width: int

    @property
    def separator(self) -> str:
        """The character to cut at."""
        return self.delimiter or _NO_DELIMITER


def _field_counts(sample: list[str], delimiter: str) -> list[int]:
    try:
        counts = [len(row) for row in csv.reader(sample, delimiter=delimiter) if any(map(str.strip, row))]
    except csv.Error:
        counts = []
    literal = [len(cut_literally(line, delimiter)) for line in sample if line.strip()]
    # An unclosed quote swallows the sample: then quotes say nothing and plain counts say more.
    return counts if len(counts) >= len(literal) / 4 else literal


def detect_layout(sample: list[str]) -> Layout:
    """The delimiter under which the sample's records agree best on their number of fields.

    Fields are counted with quotes honoured. A delimiter also wins when the first record reads as names
    and nearly no record has fewer fields: then the surplus is unquoted punctuation in text.
    """
    best: tuple[float, Layout] | None = None
    fallback: Layout | None = None
    for delimiter in DELIMITERS:
        counts = _field_counts(sample, delimiter)
        if not counts:
            continue
        width, agreeing = Counter(counts).most_common(1)[0]
        fits = counts[0] == width or counts[0] == width - 1
        # R leaves out the name of the column of row names: then the first record has no say in the share.
        share = agreeing / (len(counts) - (counts[0] == width - 1))
        if width >= 2 and (share >= 0.8 or (fits and counts[0] == width and share >= 0.5)):
            score = share + (0.5 if fits else 0.0)
            if best is None or score > best[0] + 1e-9:
                best = (score, Layout(delimiter, width))
        first = cut_literally(sample[0], delimiter)
        names = len(first) >= 2 and looks_like_names(first)
        if names and sum(count >= len(first) for count in counts) >= 0.9 * len(counts) and not fallback:
            fallback = Layout(delimiter, len(first))
    if fallback and (best is None or best[0] < 1.3):
        return fallback
    return best[1] if best else Layout(None, 1)
