"""The training rows of a run, encoded once into memory-mapped Arrow files."""

import json
import shutil
import tempfile
import time
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from datasets import Dataset, disable_progress_bars, load_from_disk

from lib.data.label_cells import chosen_columns
from lib.runs.spec import Spec
from lib.settings import get_settings
from lib.tasks.base import Brief, Task

# Encoded data sets kept for the next run; the least recently used go first.
MOST_KEPT = 12

disable_progress_bars()


def encode_rows(
    frame: pd.DataFrame, task: Task, processor: Any, brief: Brief, spec: Spec, *, fingerprint: str
) -> Dataset:
    """The training features with labels, memory-mapped from disk; encoded now or found from an earlier run.

    `fingerprint` is the data set's: with the brief, the rows, the seed, the model and the code it names the result.
    """
    # Features name pictures by whole paths, and the data set's folder may move.
    places = [
        str(Path(frame[brief.columns[role.name]].iloc[0]).parent)
        for role in task.roles
        if role.kind == "image" and role.name in brief.columns and len(frame)
    ]
    key = sha256(
        json.dumps(
            [
                fingerprint,
                task.slug,
                brief.to_json(),
                spec.revision,
                spec.options["seed"],
                _code_mark(),
                *places,
            ],
            sort_keys=True,
        ).encode()
        + np.asarray(frame.index, dtype=np.int64).tobytes()
    ).hexdigest()[:24]
    root = get_settings().cache / "encoded"
    folder = root / key
    if not folder.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        _encode_into(folder, frame, task, processor, brief)
        forget_oldest(root)
    folder.touch()
    return load_from_disk(str(folder))


def content_mark(frame: pd.DataFrame) -> str:
    """A digest of what the cells hold: of examples that are not the data set's own, as a teacher wrote some of it."""
    return sha256(pd.util.hash_pandas_object(frame).to_numpy().tobytes()).hexdigest()


@lru_cache(maxsize=1)
def _code_mark() -> str:
    """A digest of the tasks' code, so that features which another version encoded are not taken for this one's."""
    files = sorted((Path(__file__).resolve().parents[1] / "tasks").glob("*.py"))
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _encode_into(folder: Path, frame: pd.DataFrame, task: Task, processor: Any, brief: Brief) -> None:
    """Encode batch by batch through a file, so that memory does not grow with the rows; then move in one step."""
    used = chosen_columns(brief.columns, map(str, frame.columns))

    def encode(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        features = task.encode_training(processor, batch, brief)
        return {name: values for name, values in features.items() if name != "row" and name[0] != "_"}

    work = Path(tempfile.mkdtemp(prefix=".encoding-", dir=folder.parent))
    try:
        plain = Dataset.from_pandas(frame[used], preserve_index=False)
        encoded = plain.map(
            encode,
            batched=True,
            batch_size=1_000,
            remove_columns=plain.column_names,
            cache_file_name=str(work / "encoded.arrow"),
            new_fingerprint=folder.name,
        )
        encoded.save_to_disk(str(work / "saved"))
        try:
            (work / "saved").rename(folder)
        except OSError:
            if not folder.is_dir():  # another worker was faster: its result is the same
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def forget_oldest(root: Path) -> None:
    """Keep the folders of a cache that were used last; what a run may still be reading is left alone."""
    kept = sorted(
        (path for path in root.iterdir() if not path.name.startswith(".")),
        key=lambda path: path.stat().st_mtime,
    )
    for path in kept[:-MOST_KEPT]:
        if time.time() - path.stat().st_mtime > 3_600:  # a run that started lately may still be reading it
            shutil.rmtree(path, ignore_errors=True)
