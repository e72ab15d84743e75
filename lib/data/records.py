"""Cuts lines of delimited text into records, strictly where possible and carefully where quotes are broken."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator

from lib.data.table import RejectedLine

# How far a broken quoted cell is followed before its first line is taken as it stands.
_LOOK_AHEAD = 50
# A quoted cell over this many whole-looking lines is taken for a quote that was never closed.
_SWALLOWED = 3
# The values of the outer columns are remembered over this many lines, to recognise a row by them.
_LEARNED = 2_000
SHOWN_CHARACTERS = 2_000


def cut_literally(text: str, delimiter: str) -> list[str]:
    """The fields of one line with quotes as ordinary characters."""
    return text.rstrip("\r\n").split(delimiter)


def cut_leniently(text: str, delimiter: str) -> tuple[list[str], bool]:
    """The fields of a record in which a quote only closes right before a delimiter or the end.

    Returns the fields and whether every quote was closed. Reading stops at the end of the text.
    """
    text = text.rstrip("\r\n")
    fields: list[str] = []
    at, end = 0, len(text)
    while True:
        if at < end and text[at] == '"':
            start, closed = at + 1, -1
            seek = start
            while (quote := text.find('"', seek)) >= 0:
                after = text[quote + 1 : quote + 2]
                if after == '"':
                    seek = quote + 2
                elif after in ("", delimiter):
                    closed = quote
                    break
                else:
                    seek = quote + 1
            if closed < 0:
                return [*fields, text[at:]], False
            fields.append(text[start:closed].replace('""', '"'))
            at = closed + 1
        else:
            stop = text.find(delimiter, at)
            stop = end if stop < 0 else stop
            fields.append(text[at:stop])
            at = stop
        if at >= end:
            return fields, True
        at += 1  # over the delimiter
        if at == end:
            return [*fields, ""], True


class _Source:
    """Lines for csv.reader that can be handed back, and that remembers those of the record in hand."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._back: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> "_Source":
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._lines)
        self.taken.append(line)
        return line

    def hand_back(self, lines: list[str]) -> None:
        self._back.extendleft(reversed(lines))


class Records:
    """The records of delimited text, in order, as (number of its first line, fields).

    `width` is the expected number of fields; it decides between readings of a broken record but records
    of any length are given out. After the iteration `quotes_mended` holds the first line's number of each
    record whose quotes had to be reinterpreted, and `rejected` what was too long to be cells.
    """

    def __init__(self, lines: Iterable[str], *, delimiter: str, width: int, max_cell: int) -> None:
        self._source = _Source(lines)
        self._delimiter = delimiter
        self._width = width
        self._max_cell = max_cell
        self.quotes_mended: list[int] = []
        self.backslashed = 0
        self.returns_split = 0
        self.rejected: list[RejectedLine] = []
        self._seen_first: set[str] = set()
        self._seen_last: set[str] = set()

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        csv.field_size_limit(self._max_cell)  # the csv module has one limit for the whole process
        source = self._source
        reader = csv.reader(source, delimiter=self._delimiter, strict=True)
        number = 1
        while True:
            source.taken = []
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error:
                found = self._mend(number)
            else:
                taken = source.taken
                if len(taken) < _SWALLOWED or not self._swallowed(taken):
                    if number <= _LEARNED and fields:
                        self._seen_first.add(fields[0])
                        self._seen_last.add(fields[-1])
                    yield number, fields
                    number += len(taken)
                    continue
                found = self._take_first(number)
            for fields in found:
                yield number, fields
            number += len(source.taken)

    def _swallowed(self, taken: list[str], *, broken: bool = False) -> bool:
        """Whether a quoted cell seems to have swallowed whole rows because its quote was never closed.

        Every line must be a row on its own. Prose with commas can look like that by chance, so unless the
        quoting is `broken` anyway, the lines must be many or show values that the outer columns are known for.
        """
        if self._width < 2 or len(cut_literally(taken[0], self._delimiter)) != self._width:
            return False
        rows = [cut_leniently(line, self._delimiter) for line in taken[1:]]
        if not all(closed and len(fields) == self._width for fields, closed in rows):
            return False
        inner = [fields for fields, _ in rows]
        return (
            broken
            or len(taken) >= 2 * _SWALLOWED
            or all(fields[-1] in self._seen_last for fields in inner)
            or all(fields[0] in self._seen_first for fields in inner)
        )

    def _keep(self, count: int) -> str:
        """Keep the first `count` lines of the record in hand and hand the others back."""
        source = self._source
        source.hand_back(source.taken[count:])
        source.taken = source.taken[:count]
        return "".join(source.taken)

    def _take_first(self, number: int) -> list[list[str]]:
        """The first line alone, its quotes taken literally: its quote was never closed."""
        line = self._keep(1)
        self.quotes_mended.append(number)
        return [cut_literally(line, self._delimiter)]

    def _mend(self, number: int) -> list[list[str]]:
        """Read the lines that csv.reader stumbled over; leaves in `source.taken` those that are used up."""
        source, delimiter = self._source, self._delimiter
        if not source.taken:
            return []
        if len(source.taken[0]) > self._max_cell and self._too_long(number):
            return []
        if pieces := self._split_at_returns(source.taken[0]):
            self._keep(1)
            return pieces
        if len(source.taken) > 1 and self._swallowed(source.taken[:_LOOK_AHEAD], broken=True):
            return self._take_first(number)
        if fields := self._as_one_record("".join(source.taken), number):
            return [fields]
        if len(cut_literally(source.taken[0], delimiter)) == self._width or self._width == 1:
            return self._take_first(number)
        taken = len(source.taken)
        size = sum(map(len, source.taken))
        while len(source.taken) < taken + _LOOK_AHEAD and size <= self._max_cell:
            line = next(source, None)
            if line is None:
                break
            size += len(line)
            if '"' in line and (fields := self._as_one_record("".join(source.taken), number)):
                return [fields]
        return self._take_first(number)

    def _as_one_record(self, text: str, number: int) -> list[str] | None:
        fields, closed = cut_leniently(text, self._delimiter)
        if closed and len(fields) == self._width:
            self.quotes_mended.append(number)
            return fields
        if '\\"' in text:
            try:
                escaped = list(csv.reader([text], delimiter=self._delimiter, escapechar="\\", strict=True))
            except csv.Error:
                return None
            if len(escaped) == 1 and len(escaped[0]) == self._width:
                self.backslashed += 1
                return escaped[0]
        return None

    def _split_at_returns(self, line: str) -> list[list[str]] | None:
        """Rows ended by bare carriage returns in a file of line feeds, or cells that hold such a return."""
        body = line.rstrip("\r\n")
        if "\r" not in body:
            return None
        pieces = [cut_leniently(piece, self._delimiter) for piece in body.split("\r")]
        if all(closed and len(fields) == self._width for fields, closed in pieces):
            self.returns_split += 1
            return [fields for fields, _ in pieces]
        fields, closed = cut_leniently(body, self._delimiter)
        return [fields] if closed and len(fields) == self._width else None

    def _too_long(self, number: int) -> bool:
        line = self._source.taken[0]
        longest = max(map(len, cut_leniently(line, self._delimiter)[0]))
        if longest <= self._max_cell:
            return False
        self._keep(1)
        reason = f"A cell holds {longest:,} characters; at most {self._max_cell:,} are accepted."
        self.rejected.append(RejectedLine(number, line[:SHOWN_CHARACTERS], reason))
        return True
