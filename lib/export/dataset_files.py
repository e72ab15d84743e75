"""A version of a data set as the Hub wants it: one Parquet file a split, pictures inside, and a card."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lib.cards.dataset_card import DatasetFacts, dataset_card
from lib.cards.wish import CardWish
from lib.data.split import SplitPlan
from lib.data.store import open_rows
from lib.errors import Problem, UserError
from lib.export.base import Step
from lib.export.hub_files import Content
from lib.export.source import Source
from lib.plan.rows import split_rows
from lib.plan.run_rows import PARTS
from lib.tasks.base import Columns, Task

# Rows written at once: pictures are read so many at a time.
ROWS = 500


def dataset_files(
    source: Source, *, place: str, wish: CardWish, work: Path, step: Step
) -> dict[str, Content]:
    """All rows of the version that the run learned from, in the run's split, whatever part of them it used."""
    stored = open_rows(source.spec.data.dataset or "", source.spec.data.fingerprint)
    task, columns = source.task, source.spec.data.columns
    frame = stored.read()
    parts = split_rows(frame, task, columns, SplitPlan.from_json(source.spec.data.split or {}))
    frames = {part: frame[(parts == part).to_numpy(dtype=bool, na_value=False)] for part in PARTS}
    frames = {part: rows for part, rows in frames.items() if len(rows)}
    if not frames:
        problem = Problem(
            "No row of the data set can be used.", stored.ref, "Choose another run.", code="no-rows"
        )
        raise UserError(problem)
    files: dict[str, Content] = {}
    names = {}
    for number, (part, rows) in enumerate(frames.items()):
        step(f"writing the {part} rows", 0.05 * number)
        names[part] = f"data/{part}-00000-of-00001.parquet"
        path = work / f"{part}.parquet"
        write_parquet(rows, path, pictures=_pictures(task, columns), folder=stored.files)
        files[names[part]] = path
    facts = DatasetFacts(
        stored,
        task,
        columns,
        {part: len(rows) for part, rows in frames.items()},
        names,
        place,
        _labels(frames, task.stratum(columns)),
    )
    files["README.md"] = dataset_card(facts, wish).encode()
    return files


def write_parquet(frame: pd.DataFrame, path: Path, *, pictures: tuple[str, ...], folder: Path | None) -> None:
    """The rows as `datasets` reads them: text, and pictures with their bytes and names."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from lib.data.files import image_in

    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    kinds = {str(name): picture if name in pictures else pa.string() for name in frame.columns}
    features: dict[str, Any] = {
        name: {"_type": "Image"} if name in pictures else {"dtype": "string", "_type": "Value"}
        for name in kinds
    }
    about = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = pa.schema(list(kinds.items()), metadata=about)
    with pq.ParquetWriter(path, schema) as writer:
        for begin in range(0, max(1, len(frame)), ROWS):
            part = frame.iloc[begin : begin + ROWS]
            columns = []
            for name, kind in kinds.items():
                cells: list[Any] = [None if pd.isna(cell) else str(cell) for cell in part[name]]
                if name in pictures and folder is not None:
                    cells = [
                        None if cell is None else {"bytes": image_in(folder, cell).read_bytes(), "path": cell}
                        for cell in cells
                    ]
                columns.append(pa.array(cells, type=kind))
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _pictures(task: Task, columns: Columns) -> tuple[str, ...]:
    return tuple(columns[role.name] for role in task.roles if role.kind == "image" and columns.get(role.name))


def _labels(frames: Mapping[str, pd.DataFrame], column: str | None) -> dict[str, dict[str, int]]:
    """Rows by label and split, the commonest label first."""
    if column is None:
        return {}
    counts = {part: Counter(rows[column].dropna()) for part, rows in frames.items() if column in rows}
    whole = sum(counts.values(), Counter())
    return {
        str(label): {part: found[label] for part, found in counts.items()} for label, _ in whole.most_common()
    }
