"""One version of a stored data set: what is known about it, and its rows, read page by page."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.data.files import image_in
from lib.data.profile import Profile, as_arrow
from lib.data.split import SplitPlan
from lib.data.table import RejectedLine
from lib.errors import Problem, UserError
from lib.settings import get_settings

ROWS_FILE = "rows.parquet"
CHANGES_FILE = "changes.parquet"
ORIGINALS_FILE = "originals.parquet"
REJECTED_FILE = "rejected.parquet"
# Small enough that one page of rows is cheap to read, large enough that the file stays small.
ROW_GROUP = 20_000
FILES_FOLDER = "files"
_LABEL_ROLES = (
    "label", "labels", "target", "tags", "spans", "answers", "answer_start", "summary", "completion",
)  # fmt: skip


@dataclass(frozen=True)
class StoredDataset:
    """One version of a data set in the store.

    `columns` maps a task's roles to columns (empty until chosen); `column_names` are all columns of the
    rows. `rejected` counts lines that could not be read, `rejected_lines` shows the first hundred. `counts`
    are rows per split. `parent` is the version that this one was made from by `changes`. A data set whose files
    are damaged has an error among its `problems` and no rows.
    """

    name: str
    version: int
    folder: Path
    created: str = ""
    fingerprint: str = ""
    rows: int = 0
    column_names: tuple[str, ...] = ()
    source: str = ""
    format: dict[str, Any] = field(default_factory=dict)
    repairs: tuple[str, ...] = ()
    rejected: int = 0
    rejected_lines: tuple[RejectedLine, ...] = ()
    problems: tuple[Problem, ...] = ()
    profile: Profile | None = None
    task: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    split: SplitPlan | None = None
    counts: dict[str, int] = field(default_factory=dict)
    parent: str = ""

    @property
    def ref(self) -> str:
        """NAME@VERSION, as a spec's `dataset:` takes it."""
        return f"{self.name}@{self.version}"

    @property
    def rows_path(self) -> Path:
        """The Parquet file of the rows."""
        return self.folder / ROWS_FILE

    def changes(self) -> pd.DataFrame | None:
        """What was changed against `parent`, one line a row (see `corrections`); None where nothing was."""
        path = self.folder / CHANGES_FILE
        if not path.is_file():
            return None
        with explained(f"reading the changes of “{self.name}”"):
            return pd.read_parquet(path)

    def originals(self) -> pd.DataFrame | None:
        """The cells whose text was mended, as they were (row, column, before, after); None where none was."""
        path = self.folder / ORIGINALS_FILE
        if not path.is_file():
            return None
        with explained(f"reading the original cells of “{self.name}”"):
            return pd.read_parquet(path)

    def all_rejected(self) -> tuple[RejectedLine, ...]:
        """All lines that are not among the rows, not only the first hundred."""
        if self.rejected <= len(self.rejected_lines):
            return self.rejected_lines
        kept, older = self.folder / REJECTED_FILE, self.folder / "rejected.csv"
        with explained(f"reading the lines that “{self.name}” set aside"):
            lines = pd.read_parquet(kept) if kept.is_file() else pd.read_csv(older, keep_default_na=False)
        return tuple(
            RejectedLine(int(line["line"]), str(line["text"]), str(line["reason"]))
            for line in lines.to_dict("records")
        )

    def set_aside(self) -> pd.DataFrame:
        """The same as a table: line, text, reason."""
        lines = [line.to_json() for line in self.all_rejected()]
        return pd.DataFrame(lines, columns=["line", "text", "reason"])

    @property
    def files_path(self) -> Path:
        """The folder of the images that cells name; it is there only when the rows name some."""
        return self.folder / FILES_FOLDER

    @property
    def files(self) -> Path | None:
        """The same folder as a table takes it: None when there is none."""
        return self.files_path if self.files_path.is_dir() else None

    def image(self, name: str) -> Path:
        """Where the image lies that a cell names. Raises UserError when there is none of that name."""
        return image_in(self.files_path, name)

    @property
    def usable(self) -> bool:
        """Whether the files are whole."""
        return not any(problem.severity == "error" for problem in self.problems)

    @property
    def text_columns(self) -> list[str]:
        """The columns of the chosen roles that hold what a model reads (not what it has to answer)."""
        return [column for role, column in self.columns.items() if role not in _LABEL_ROLES]

    @property
    def label_column(self) -> str | None:
        """The column of the chosen role that holds the answer, if there is one."""
        return next((column for role, column in self.columns.items() if role in _LABEL_ROLES), None)

    def read(
        self, columns: Sequence[str] | None = None, start: int = 0, count: int | None = None
    ) -> pd.DataFrame:
        """Rows `start` to `start + count`, of the given columns; touches only the row groups needed.

        The index says each row's place in the data set. Raises UserError for a column that is not there.
        """
        unknown = [name for name in columns or () if name not in self.column_names]
        if unknown:
            fix = f"The columns are {', '.join(self.column_names)}."
            raise UserError(
                *(
                    Problem(f"There is no column “{name}”.", self.ref, fix, code="no-column")
                    for name in unknown
                )
            )
        if not self.usable:
            raise UserError(*self.problems)
        start = min(max(start, 0), self.rows)
        stop = self.rows if count is None else min(start + max(count, 0), self.rows)
        with explained(f"reading “{self.name}”"), pq.ParquetFile(self.rows_path) as file:
            groups = range(start // ROW_GROUP, -(-stop // ROW_GROUP)) if stop > start else range(0)
            wanted = list(columns) if columns is not None else list(self.column_names)
            table = file.read_row_groups(list(groups), columns=wanted)
        first = groups.start * ROW_GROUP
        table = table.select(wanted).slice(start - first if groups else 0, stop - start)
        frame = pd.DataFrame({name: pd.array(table.column(name), dtype="str") for name in wanted})
        frame.index = pd.RangeIndex(start, stop)
        return frame

    def take(self, rows: Sequence[int], columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Single rows, in the order asked for, with their numbers as index; one row group is in memory at a time."""
        wanted = np.asarray(rows, dtype=np.int64)
        parts = []
        for group in np.unique(wanted // ROW_GROUP).tolist():
            here = np.unique(wanted[wanted // ROW_GROUP == group])
            parts.append(self.read(columns, group * ROW_GROUP, ROW_GROUP).loc[here])
        found = pd.concat(parts) if parts else self.read(columns, 0, 0)
        return found.loc[wanted]

    def to_json(self) -> dict[str, Any]:
        """What info.json holds."""
        return {
            "name": self.name,
            "version": self.version,
            "created": self.created,
            "fingerprint": self.fingerprint,
            "rows": self.rows,
            "column_names": list(self.column_names),
            "source": self.source,
            "format": self.format,
            "repairs": list(self.repairs),
            "rejected": self.rejected,
            "rejected_lines": [line.to_json() for line in self.rejected_lines],
            "problems": [problem.to_json() for problem in self.problems],
            "task": self.task,
            "columns": self.columns,
            "split": self.split.to_json() if self.split else None,
            "counts": self.counts,
            "parent": self.parent,
            "profile": self.profile.to_json() if self.profile else None,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any], folder: Path) -> "StoredDataset":
        """The data set that `to_json` described, in its folder. Raises KeyError or TypeError for other data."""
        return cls(
            name=str(value["name"]),
            version=int(value["version"]),
            folder=folder,
            created=str(value["created"]),
            fingerprint=str(value["fingerprint"]),
            rows=int(value["rows"]),
            column_names=tuple(value["column_names"]),
            source=str(value["source"]),
            format=dict(value["format"]),
            repairs=tuple(value["repairs"]),
            rejected=int(value["rejected"]),
            rejected_lines=tuple(RejectedLine(**line) for line in value["rejected_lines"]),
            problems=tuple(Problem(**problem) for problem in value["problems"]),
            profile=Profile.from_json(value["profile"]) if value["profile"] else None,
            task=value["task"],
            columns=dict(value["columns"]),
            split=SplitPlan.from_json(value["split"]) if value["split"] else None,
            counts=dict(value["counts"]),
            parent=str(value.get("parent", "")),
        )


def fingerprint(frame: pd.DataFrame) -> str:
    """`sha256:` and the digest of the columns' names and all values, in their order."""
    digest = hashlib.sha256(f"atelier-table-1:{len(frame)}".encode())
    for name in frame.columns:
        cells = as_arrow(frame[name])
        encoded = str(name).encode()
        digest.update(len(encoded).to_bytes(8, "little") + encoded)
        lengths = pc.fill_null(pc.cast(pc.binary_length(cells), pa.int64()), -1)
        digest.update(np.asarray(lengths).astype("<i8").tobytes())
        for begin in range(0, len(cells), ROW_GROUP):
            digest.update(_text_bytes(cells.slice(begin, ROW_GROUP).drop_null()))
    return f"sha256:{digest.hexdigest()}"


def _text_bytes(cells: pa.Array) -> memoryview:
    """The UTF-8 bytes of all cells (none missing) on end, as Arrow keeps them."""
    if not len(cells):
        return memoryview(b"")
    offsets = np.frombuffer(cells.buffers()[1], dtype=np.int64)
    first, last = offsets[cells.offset], offsets[cells.offset + len(cells)]
    return memoryview(cells.buffers()[2] or b"")[first:last]


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn what the disk refuses into a sentence."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        problem = Problem(
            f"The disk refused while {doing}: {reason}.",
            where=str(get_settings().data),
            fix="Free some space or check the folder's permissions, then try again.",
            code="disk",
        )
        raise UserError(problem) from error
