"""Finds merged cells in a sheet of Excel while it streams past, and gives their value to every row they span."""

import re
from dataclasses import dataclass
from typing import IO

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}[1-9]\d{0,6}:[A-Z]{1,3}[1-9]\d{0,6})"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_PIECE = 1 << 20
_OVERLAP = 200
# Beyond this, merging is decoration; the longest block that is filled.
_MOST_BLOCKS = 50_000
_MOST_ROWS = 100_000


@dataclass(frozen=True)
class SheetInside:
    """What a sheet's XML says besides its values: blocks merged over several rows, and whether there are formulas."""

    merged: list[str]
    formulas: bool


def look_into_sheet(source: IO[bytes]) -> SheetInside:
    """Read a sheet's XML piece by piece for merged blocks and formulas."""
    merged: dict[str, None] = {}
    formulas, rest = False, b""
    while piece := source.read(_PIECE):
        text = rest + piece
        formulas = formulas or _FORMULA.search(text) is not None
        for match in _MERGED.finditer(text):
            if len(merged) < _MOST_BLOCKS and _rows_of(block := match[1].decode()) > 1:
                merged[block] = None
        rest = text[-_OVERLAP:]
    return SheetInside(list(merged), formulas)


def _rows_of(block: str) -> int:
    first, last = (int(re.sub(r"\D", "", corner)) for corner in block.split(":"))
    return last - first + 1


class MergedCells:
    """Blocks merged downwards, to be filled while the rows come in order."""

    def __init__(self, blocks: list[str]) -> None:
        self._starts: dict[int, list[tuple[int, int]]] = {}
        self._open: list[tuple[int, int, str]] = []
        for block in blocks:
            corner, other = block.split(":")
            column = _column(corner)
            first, last = int(re.sub(r"\D", "", corner)), int(re.sub(r"\D", "", other))
            if last - first < _MOST_ROWS:
                self._starts.setdefault(first, []).append((column, last))

    def fill(self, number: int, cells: list[str]) -> None:
        """Put the values of blocks that reach into this row into its cells; remember blocks that begin in it."""
        self._open = [one for one in self._open if one[1] >= number]
        for column, _, value in self._open:
            if value:
                cells.extend([""] * (column + 1 - len(cells)))
                cells[column] = cells[column] or value
        for column, last in self._starts.pop(number, ()):
            self._open.append((column, last, cells[column] if column < len(cells) else ""))


def _column(corner: str) -> int:
    """The place of a column from 0, by its letters."""
    place = 0
    for letter in re.sub(r"\d", "", corner):
        place = place * 26 + ord(letter) - 64
    return place - 1
