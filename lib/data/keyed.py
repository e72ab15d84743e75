"""Collects objects (a value under each of some keys) into columns of text, chunk by chunk."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from lib.data.account import plural
from lib.data.cells import to_cell, whole_text
from lib.data.gathered import CHUNK_ROWS
from lib.data.header import name_columns
from lib.data.records import SHOWN_CHARACTERS
from lib.data.table import RejectedLine
from lib.errors import Problem, UserError
from lib.settings import get_settings


def cell_of(value: Any) -> str | None:
    """A JSON value as a cell: texts as they are, blank ones, null and NaN missing, everything else as JSON."""
    if isinstance(value, str):
        return whole_text(value) if value and not value.isspace() else None
    if value is None or value != value:
        return None
    return to_cell(value) if isinstance(value, list | dict) else json.dumps(value)


class KeyedRows:
    """Objects on their way into columns: one for each key, in the order in which the keys first occur."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._limits = get_settings()
        self._chunks: dict[str, list[pa.Array]] = {}
        self._waiting: list[dict[str, str | None]] = []
        self._count = 0
        self.blank = 0
        self.rejected: list[RejectedLine] = []

    def add(self, number: int, row: Mapping[str, Any]) -> None:
        """Take in the object of that line or place. Raises UserError when there are too many rows or keys."""
        cells = {str(key): cell_of(value) for key, value in row.items()}
        if not any(cells.values()):
            self.blank += 1
            return
        for key, cell in cells.items():
            if cell is not None and len(cell) > self._limits.max_cell_characters:
                most = self._limits.max_cell_characters
                reason = f"Its “{key}” has {len(cell):,} characters; at most {most:,} are accepted."
                self.reject(number, cell, reason)
                return
        self._waiting.append(cells)
        if len(self._waiting) >= CHUNK_ROWS:
            self._flush()

    def reject(self, number: int, text: str, reason: str) -> None:
        """Note what could not become a row."""
        self.rejected.append(RejectedLine(number, whole_text(text[:SHOWN_CHARACTERS]), reason))

    def _flush(self) -> None:
        for row in self._waiting:
            if not row.keys() <= self._chunks.keys():
                self._new_keys(row)
        for key, chunks in self._chunks.items():
            chunks.append(pa.array([row.get(key) for row in self._waiting], pa.large_string()))
        self._count += len(self._waiting)
        self._waiting = []
        if self._count > self._limits.max_rows:
            raise UserError(
                Problem(
                    f"The file has more than {self._limits.max_rows:,} rows.",
                    where="rows",
                    fix="Give a sample of it, or raise ATELIER_MAX_ROWS.",
                    code="too-many-rows",
                )
            )

    def _new_keys(self, row: Mapping[str, Any]) -> None:
        for key in row:
            if key not in self._chunks:
                before = [pa.nulls(self._count, pa.large_string())] if self._count else []
                self._chunks[key] = before
        if len(self._chunks) > self._limits.max_columns:
            most = self._limits.max_columns
            raise UserError(
                Problem(
                    f"“{self._name}” has more than {most:,} different keys; at most {most:,} are accepted.",
                    where=self._name,
                    fix="Keep only the keys you need.",
                    code="too-many-columns",
                )
            )

    def frame(self) -> tuple[pd.DataFrame, list[str]]:
        """The columns that are not empty throughout, as a frame of `str`, and what was done in sentences.

        Raises UserError when there are no rows.
        """
        self._flush()
        columns = {key: pa.chunked_array(chunks, pa.large_string()) for key, chunks in self._chunks.items()}
        if not self._count:
            why = f" {self.rejected[0].reason}" if self.rejected else ""
            raise UserError(
                Problem(
                    f"“{self._name}” holds no rows.{why}",
                    where=self._name,
                    fix='Give objects such as {"text": "…", "label": "…"}, one on each line or in a list.',
                    code="no-rows",
                )
            )
        hollow = [place for place, cells in enumerate(columns.values()) if cells.null_count == len(cells)]
        names, said = name_columns(list(columns), len(columns), removed=hollow)
        series = {
            name: pd.array(cells, dtype="str")
            for place, (name, cells) in enumerate(zip(names, columns.values(), strict=True))
            if place not in hollow
        }
        if self.blank:
            said.append(f"{plural(self.blank, 'empty row')} {'was' if self.blank == 1 else 'were'} removed.")
        if hollow:
            shown = ", ".join(names[place] for place in hollow[:5]) + (" …" if len(hollow) > 5 else "")
            verb = "was" if len(hollow) == 1 else "were"
            said.append(f"{plural(len(hollow), 'empty column')} {verb} removed ({shown}).")
        return pd.DataFrame(series), said
