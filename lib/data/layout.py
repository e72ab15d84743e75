"""Finds out how lines of text become fields: which delimiter, and how many fields a row has."""

import csv
from collections import Counter
from dataclasses import dataclass

from lib.data.header import looks_like_names
from lib.data.records import cut_literally

DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "vertical bars", ",": "commas"}
# Looked for only where none of those fits, as they are rare and stand in texts too.
_RARE = ("\x01", "\x1e", "\x1f", "::", "^", "~", "¦", "§", "¬")
_RARE_NAMES = {"\x01": "control characters (01)", "\x1e": "control characters (1E)", "\x1f": "control characters (1F)",
               " ": "spaces"}  # fmt: skip
# Stands in for a delimiter where there is only one column, and for one of several characters: noncharacters of
# Unicode, which no text holds.
_NO_DELIMITER = "\ufdd0"
_STAND_IN = "\ufdd1"


def delimiter_words(delimiter: str) -> str:
    """What a delimiter is called in a sentence."""
    return DELIMITERS.get(delimiter) or _RARE_NAMES.get(delimiter) or f"“{delimiter}” between fields"


@dataclass(frozen=True)
class Layout:
    """How lines become fields: the delimiter (None: one column) and the usual number of fields."""

    delimiter: str | None
    width: int

    @property
    def separator(self) -> str:
        """The one character to cut at, once lines have gone through `prepared`."""
        if self.delimiter is None:
            return _NO_DELIMITER
        return _STAND_IN if self.several else self.delimiter

    @property
    def several(self) -> bool:
        """Whether the delimiter has more than one character."""
        return len(self.delimiter or "") > 1

    def prepared(self, line: str) -> str:
        """The line with a delimiter of several characters as one."""
        return line.replace(self.delimiter or "", _STAND_IN) if self.several else line

    def restored(self, text: str) -> str:
        """The text as it stood in the file."""
        return text.replace(_STAND_IN, self.delimiter or "") if self.several else text


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
    if best is None:
        rare = _rare_layout(sample)
        return _doubled(sample, rare) if rare else Layout(None, 1)
    return _doubled(sample, best[1]) if best[1].delimiter == "|" else best[1]


def layout_with(sample: list[str], delimiter: str) -> Layout:
    """The layout under a delimiter that a person named."""
    layout = Layout(delimiter, 1)
    counts = _field_counts([layout.prepared(line) for line in sample], layout.separator)
    return Layout(delimiter, Counter(counts).most_common(1)[0][0] if counts else 1)


def _rare_layout(sample: list[str]) -> Layout | None:
    """A layout under a rare delimiter, if nearly all records agree on it from the first on."""
    for delimiter in _RARE:
        if not any(delimiter in line for line in sample[:5]):
            continue
        layout = layout_with(sample, delimiter)
        counts = _field_counts([layout.prepared(line) for line in sample], layout.separator)
        agreeing = sum(count == layout.width for count in counts)
        if (
            layout.width >= 2
            and len(counts) >= 2
            and counts[0] == layout.width
            and agreeing >= 0.95 * len(counts)
        ):
            return layout
    return None


def _doubled(sample: list[str], layout: Layout) -> Layout:
    """The same with the delimiter twice or more, where it never stands alone ("||")."""
    for times in (3, 2):
        several = (layout.delimiter or "") * times
        found = sum(line.count(several) for line in sample)
        if found and found * times == sum(line.count(layout.delimiter or "") for line in sample):
            wide = layout_with(sample, several)
            if wide.width >= 2:
                return wide
    return layout
