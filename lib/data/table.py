"""A table as it was read: its cells, and everything that had to be recognised or repaired to get them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from lib.errors import Problem


@dataclass(frozen=True)
class RejectedLine:
    """A piece of the file that could not become a row.

    `line` counts the file's lines from 1; `text` is the line as it stands there (long ones cut);
    `reason` is a full sentence.
    """

    line: int
    text: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """The line as plain JSON data."""
        return {"line": self.line, "text": self.text, "reason": self.reason}


@dataclass(frozen=True)
class Table:
    """What a file holds.

    `frame` has text columns only (pandas `str`, missing = NA) and a RangeIndex. `repairs` are full
    sentences, only about notable things. `format` says how the bytes were understood (for delimited
    text: format, encoding, bom, delimiter, quoting, header). `rejected` are lines that are not in `frame`.
    `problems` are warnings; what forbids reading is raised as a UserError instead. `files` is the folder of
    the images that cells name, if there are any. `originals` has a line for each cell whose text was mended: row
    (from 1), column, before, after.
    """

    frame: pd.DataFrame
    name: str
    repairs: tuple[str, ...] = ()
    format: dict[str, Any] = field(default_factory=dict)
    rejected: tuple[RejectedLine, ...] = ()
    problems: tuple[Problem, ...] = ()
    files: Path | None = None
    originals: pd.DataFrame | None = None
