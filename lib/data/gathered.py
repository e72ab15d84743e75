"""Collects rows into columns, chunk by chunk, and settles what to do with rows of the wrong length."""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from lib.data.records import SHOWN_CHARACTERS
from lib.data.table import RejectedLine
from lib.errors import Problem, UserError

CHUNK_ROWS = 20_000


@dataclass
class GatheredRows:
    """Rows on their way into columns, with what happened to them."""

    width: int
    limit: int
    joins_last: bool = False
    chunks: list[list[pa.Array]] = field(default_factory=list)
    waiting: list[list[str]] = field(default_factory=list)
    count: int = 0
    blank: int = 0
    short: int = 0
    joined: int = 0
    trimmed: int = 0
    rejected: list[RejectedLine] = field(default_factory=list)

    def add(self, number: int, fields: list[str], separator: str) -> None:
        """Take in a record of another length than `width`, or note why that is not possible."""
        surplus = len(fields) - self.width
        if surplus and not any(map(str.strip, fields)):
            self.blank += 1
            return
        if surplus < 0:
            fields = fields + [""] * -surplus
            self.short += 1
        elif surplus > 0:
            if not any(map(str.strip, fields[self.width :])):
                self.trimmed += 1
                fields = fields[: self.width]
            elif self.joins_last:
                self.joined += 1
                fields = [*fields[: self.width - 1], separator.join(fields[self.width - 1 :])]
            else:
                text = separator.join(fields)[:SHOWN_CHARACTERS]
                reason = f"It has {len(fields):,} fields where the others have {self.width:,}."
                self.rejected.append(RejectedLine(number, text, reason))
                return
        self.waiting.append(fields)
        if len(self.waiting) >= CHUNK_ROWS:
            self.flush()

    def flush(self) -> None:
        """Turn the waiting rows into columns. Raises UserError when there are too many rows by now."""
        if not self.waiting:
            return
        self.count += len(self.waiting)
        if self.count > self.limit:
            problem = Problem(
                f"The file has more than {self.limit:,} rows.",
                where="rows",
                fix="Give a sample of it, or raise ATELIER_MAX_ROWS.",
                code="too-many-rows",
            )
            raise UserError(problem)
        self.chunks.append(
            [pa.array(column, pa.large_string()) for column in zip(*self.waiting, strict=True)]
        )
        self.waiting = []

    def columns(self) -> list[pa.ChunkedArray]:
        """The columns, with cells of nothing but white space as null."""
        self.flush()
        columns = []
        for number in range(self.width):
            parts = [chunk[number] for chunk in self.chunks]
            columns.append(pa.chunked_array([_blank_to_null(part) for part in parts], pa.large_string()))
        return columns


def _blank_to_null(cells: pa.Array) -> pa.Array:
    # Cheap test first: only cells that begin with white space can be blank without being empty.
    blank = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(cells)), 0)
    return pc.if_else(blank, pa.scalar(None, pa.large_string()), cells) if pc.any(blank).as_py() else cells
