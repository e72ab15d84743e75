"""The rows of a run: split, cut to the limit, and encoded once into memory-mapped Arrow files."""

import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from datasets import Dataset, disable_progress_bars, load_from_disk

from lib.data.split import SplitPlan
from lib.data.store import StoredDataset, open_rows
from lib.plan.planner import split_rows
from lib.runs.spec import Spec
from lib.settings import get_settings
from lib.tasks.base import Target, Task

PARTS = ("train", "validation", "test")
# Encoded data sets kept for the next run; the least recently used go first.
MOST_KEPT = 12

disable_progress_bars()


@dataclass(frozen=True)
class Rows:
    """A run's rows by part: `frames[part]` keeps the row's number in the data set as its index."""

    frames: Mapping[str, pd.DataFrame]
    stored: StoredDataset

    def count(self) -> dict[str, int]:
        """How many rows each part has."""
        return {part: len(self.frames[part]) for part in PARTS}


def load_rows(spec: Spec, task: Task) -> Rows:
    """Read and split the data set that the spec names. Raises UserError when its rows are gone."""
    stored = open_rows(spec.data.dataset or "", spec.data.fingerprint)
    frame = stored.read()
    parts = split_rows(frame, task, spec.data.columns, SplitPlan.from_json(spec.data.split or {}))
    frames = {part: frame[(parts == part).to_numpy(dtype=bool, na_value=False)] for part in PARTS}
    if spec.data.limit:
        share = min(1.0, spec.data.limit / max(1, sum(map(len, frames.values()))))
        seed = int(spec.options["seed"])
        frames = {part: _sample(rows, share, seed) for part, rows in frames.items()}
    return Rows(frames, stored)


def _sample(rows: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    count = max(1, round(len(rows) * share))
    return rows.sample(count, random_state=seed).sort_index() if count < len(rows) else rows


def encode_rows(
    frame: pd.DataFrame, task: Task, processor: Any, target: Target, spec: Spec, *, fingerprint: str
) -> Dataset:
    """The rows as token ids and labels, memory-mapped from disk; encoded now or found from an earlier run.

    `fingerprint` is the data set's: with the columns, the rows, the model and the length it names the result.
    """
    max_length = int(spec.options["max_length"])
    key = sha256(
        json.dumps(
            [fingerprint, task.slug, sorted(spec.data.columns.items()), target, spec.revision, max_length]
        ).encode()
        + np.asarray(frame.index, dtype=np.int64).tobytes()
    ).hexdigest()[:24]
    root = get_settings().cache / "encoded"
    folder = root / key
    if not folder.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        _encode_into(folder, frame, task, processor, target, spec.data.columns, max_length)
        _forget_oldest(root)
    folder.touch()
    return load_from_disk(str(folder))


def _encode_into(
    folder: Path,
    frame: pd.DataFrame,
    task: Task,
    processor: Any,
    target: Target,
    columns: Mapping[str, str],
    max_length: int,
) -> None:
    """Encode batch by batch through a file, so that memory does not grow with the rows; then move in one step."""
    used = [columns[role.name] for role in task.roles if role.name in columns]

    def encode(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        encoded = task.encode(processor, batch, columns, max_length=max_length)
        encoded["labels"] = task.encode_target(batch, columns, target)
        return encoded

    work = Path(tempfile.mkdtemp(prefix=".encoding-", dir=folder.parent))
    try:
        plain = Dataset.from_pandas(frame[list(dict.fromkeys(used))], preserve_index=False)
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


def _forget_oldest(root: Path) -> None:
    kept = sorted(
        (path for path in root.iterdir() if not path.name.startswith(".")),
        key=lambda path: path.stat().st_mtime,
    )
    for path in kept[:-MOST_KEPT]:
        if time.time() - path.stat().st_mtime > 3_600:  # a run that started lately may still be reading it
            shutil.rmtree(path, ignore_errors=True)
