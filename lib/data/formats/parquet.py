"""Reads Parquet files: nested values become JSON, labels that are numbers become their names, pictures become files."""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.data.account import plural, set_aside
from lib.data.built import check_width
from lib.data.cells import whole_text
from lib.data.formats.picture_cells import PictureCells
from lib.data.header import name_columns
from lib.data.keyed import cell_of
from lib.data.read_as import ReadAs
from lib.data.table import RejectedLine, Table
from lib.errors import Problem, UserError
from lib.settings import Settings, get_settings

# Rows decoded at once: few, as each cell may be large.
_BATCH = 2_000


def is_parquet(raw: bytes, name: str) -> bool:
    """Whether bytes begin as Parquet files do."""
    return raw[:4] == b"PAR1"


def read_parquet(source: bytes | Path, name: str, read_as: ReadAs) -> Table:
    """The table in a Parquet file. Raises UserError when it is damaged, or larger than is accepted."""
    settings = get_settings()
    try:
        with pq.ParquetFile(source if isinstance(source, Path) else BytesIO(source)) as file:
            _check_size(file, name, settings)
            return _Columns(file.schema_arrow, name, settings).read(
                batch for batch in file.iter_batches(batch_size=_BATCH, use_threads=False)
            )
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        what = f"“{name}” is a Parquet file, but it is damaged or not complete."
        raise UserError(Problem(what, name, "Write it again.", code="broken-parquet")) from error


def _check_size(file: pq.ParquetFile, name: str, settings: Settings) -> None:
    about = file.metadata
    check_width(len(file.schema_arrow.names), name, settings)
    if about.num_rows > settings.max_rows:
        what = f"“{name}” has {about.num_rows:,} rows; at most {settings.max_rows:,} are accepted."
        raise UserError(
            Problem(what, "rows", "Give a sample of it, or raise ATELIER_MAX_ROWS.", code="too-many-rows")
        )
    size = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    if size > settings.max_unpacked_mb * 1_000_000:
        raise _too_large(name, settings)
    if not about.num_rows:
        raise UserError(Problem(f"“{name}” holds no rows.", name, "Give a file with rows.", code="no-rows"))


def _too_large(name: str, settings: Settings) -> UserError:
    what = f"“{name}” holds more than {settings.max_unpacked_mb:,} MB when unpacked."
    return UserError(
        Problem(what, name, "Give a part of it, or raise ATELIER_MAX_UNPACKED_MB.", code="archive-too-large")
    )


class _Columns:
    """The columns of a file on their way into text, batch by batch."""

    def __init__(self, schema: pa.Schema, name: str, settings: Settings) -> None:
        self._name, self._settings = name, settings
        self._schema = schema
        self._label_names = label_names(schema)
        self._left_out = [field.name for field in schema if _is_bytes(field.type)]
        self._pictures = PictureCells(name)
        self._size = 0
        self._seen = 0
        self._rejected: list[RejectedLine] = []

    def read(self, batches: Iterator[pa.RecordBatch]) -> Table:
        """All batches as one table."""
        kept = [place for place, field in enumerate(self._schema) if field.name not in self._left_out]
        if not kept:
            what = f"“{self._name}” holds nothing but bytes."
            raise UserError(Problem(what, self._name, "Give a file with texts.", code="no-rows"))
        chunks: list[list[pa.Array]] = [[] for _ in kept]
        with self._pictures:
            for batch in batches:
                cells = [self._texts(batch.column(place), self._schema.field(place)) for place in kept]
                mask = self._fit(cells, len(batch))
                for chunk, column in zip(chunks, cells, strict=True):
                    chunk.append(column if mask is None else column.filter(mask))
                self._seen += len(batch)
            files = self._pictures.publish()
        columns = [pa.chunked_array(chunk, pa.large_string()) for chunk in chunks]
        names, naming = name_columns([self._schema.names[place] for place in kept], len(kept))
        frame = pd.DataFrame(
            {name: pd.array(cells, dtype="str") for name, cells in zip(names, columns, strict=True)}
        )
        blank = frame.isna().all(axis=1)
        if blank.any():
            frame = frame[~blank].reset_index(drop=True)
            naming.append(
                f"{plural(int(blank.sum()), 'empty row')} {'was' if blank.sum() == 1 else 'were'} removed."
            )
        if not len(frame):
            raise UserError(
                Problem(
                    f"“{self._name}” holds no rows.", self._name, "Give a file with rows.", code="no-rows"
                )
            )
        return self._table(frame, naming, files)

    def _table(self, frame: pd.DataFrame, naming: list[str], files: Path | None) -> Table:
        said = ["Read as Parquet.", *naming]
        if self._label_names:
            shown = ", ".join(list(self._label_names)[:5])
            said.append(f"Numbers of labels were replaced by the names that the file gives them ({shown}).")
        if self._left_out:
            were = "was" if len(self._left_out) == 1 else "were"
            said.append(
                f"{plural(len(self._left_out), 'column')} of bytes {were} left out ({', '.join(self._left_out[:5])})."
            )
        rejected = tuple(sorted((*self._rejected, *self._pictures.rejected), key=lambda line: line.line))
        form: dict[str, Any] = {"format": "parquet"}
        if files is not None:
            form |= {"format": "images", "images": self._pictures.count}
        return Table(frame, self._name, tuple(said), form, rejected, set_aside(rejected, "row"), files=files)

    def _texts(self, cells: pa.Array, field: pa.Field) -> pa.Array:
        """A column as text."""
        if isinstance(cells, pa.ExtensionArray):
            cells = cells.storage
        kind = cells.type
        if is_picture(kind):
            return self._pictures.keep(cells, self._seen + 1)
        to_name = self._label_names.get(field.name)
        if to_name is None and (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            self._weigh(int(pc.sum(pc.binary_length(cells)).as_py() or 0))
            return pa.array(map(_blank_is_missing, cells.to_pylist()), pa.large_string())
        found = []
        for value in cells.to_pylist():
            cell = _cell(to_name(value) if to_name else value)
            self._weigh(len(cell or ""))
            found.append(cell)
        return pa.array(found, pa.large_string())

    def _weigh(self, size: int) -> None:
        self._size += size
        if self._size > self._settings.max_unpacked_mb * 1_000_000:
            raise _too_large(self._name, self._settings)

    def _fit(self, columns: list[pa.Array], rows: int) -> pa.Array | None:
        """Which rows have no cell that is too long and no damaged picture; None for all. The others are set aside."""
        most = self._settings.max_cell_characters
        damaged = {line.line - self._seen - 1 for line in self._pictures.rejected if line.line > self._seen}
        long = {
            place
            for column in columns
            for place in pc.indices_nonzero(
                pc.fill_null(pc.greater(pc.utf8_length(column), most), False)
            ).to_pylist()
        }
        for place in sorted(long):
            reason = f"A cell holds more than {most:,} characters."
            self._rejected.append(RejectedLine(self._seen + place + 1, "", reason))
        out = long | damaged
        return pa.array([place not in out for place in range(rows)]) if out else None


def is_picture(kind: pa.DataType) -> bool:
    """Whether a column holds pictures as data sets of the Hub do: {"bytes", "path"}."""
    if not pa.types.is_struct(kind):
        return False
    fields = {kind.field(place).name: kind.field(place).type for place in range(kind.num_fields)}
    return set(fields) == {"bytes", "path"} and _is_bytes(fields["bytes"])


def _is_bytes(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def _blank_is_missing(text: str | None) -> str | None:
    return None if text is None or not text.strip() else text


def _cell(value: Any) -> str | None:
    """A value as a cell; what JSON does not know is written as text."""
    if isinstance(value, list | dict | tuple):
        return whole_text(json.dumps(value, ensure_ascii=False, default=_plain))
    if isinstance(value, str | bool | int | float) or value is None:
        return cell_of(value)
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def label_names(schema: pa.Schema) -> dict[str, Callable[[Any], Any]]:
    """For columns of numbered labels, how a value becomes names; the `datasets` library writes them into the schema."""
    raw = (schema.metadata or {}).get(b"huggingface", b"")
    try:
        features = json.loads(raw)["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    found = {}
    for name, feature in features.items() if isinstance(features, dict) else ():
        if (names := _names_of(feature)) and name in schema.names:
            found[str(name)] = _namer(names)
    return found


def _names_of(feature: Any) -> list[str] | None:
    """The names of a feature that is a label, or a list of labels."""
    if isinstance(feature, list) and len(feature) == 1:
        return _names_of(feature[0])
    if not isinstance(feature, dict):
        return None
    if feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list):
        return [str(name) for name in feature["names"]]
    return (
        _names_of(feature.get("feature"))
        if feature.get("_type") in ("Sequence", "List", "LargeList")
        else None
    )


def _namer(names: list[str]) -> Callable[[Any], Any]:
    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(item) for item in value]
        # -1 is how unlabelled rows are written.
        return (
            names[value]
            if isinstance(value, int) and 0 <= value < len(names)
            else None
            if value == -1
            else value
        )

    return named
