"""The rows of a run: split, cut to the limit, made into examples, and encoded once into memory-mapped Arrow files."""

import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from datasets import Dataset, disable_progress_bars, load_from_disk

from lib.data.label_cells import chosen_columns
from lib.data.split import SPLIT_VALUES, SplitPlan
from lib.data.store import StoredDataset, open_rows
from lib.plan.columns import whole_paths
from lib.plan.rows import split_rows
from lib.plan.shares import nested
from lib.runs.spec import Spec
from lib.settings import get_settings
from lib.tasks.base import Brief, Columns, Task

PARTS = ("train", "validation", "test")
# Encoded data sets kept for the next run; the least recently used go first.
MOST_KEPT = 12

disable_progress_bars()


@dataclass(frozen=True)
class Rows:
    """A run's examples by part: `frames[part]` has the row's number in the data set as its index.

    `columns` are the examples' columns by role; pictures are named by whole paths. `unlabelled` are the rows that hold
    all that is read but not the answer, and no text of the validation and test rows.
    """

    frames: Mapping[str, pd.DataFrame]
    stored: StoredDataset
    columns: Columns
    unlabelled: pd.DataFrame = field(default_factory=pd.DataFrame)

    def count(self) -> dict[str, int]:
        """How many examples each part has."""
        return {part: len(self.frames[part]) for part in PARTS}


def load_rows(spec: Spec, task: Task) -> Rows:
    """Read and split the data set that the spec names. Raises UserError when its rows are gone."""
    stored = open_rows(spec.data.dataset or "", spec.data.fingerprint)
    frame = stored.read()
    split = SplitPlan.from_json(spec.data.split or {})
    parts = split_rows(frame, task, spec.data.columns, split)
    frames = {part: frame[(parts == part).to_numpy(dtype=bool, na_value=False)] for part in PARTS}
    if spec.data.limit:
        share = min(1.0, spec.data.limit / max(1, sum(map(len, frames.values()))))
        seed = int(spec.options["seed"])
        frames = {part: _sample(rows, share, seed) for part, rows in frames.items()}
    if spec.data.train_share:
        frames["train"] = nested(frames["train"], spec.data.train_share)
    frames = {part: whole_paths(rows, task, spec.data.columns, stored.files) for part, rows in frames.items()}
    unlabelled = _unlabelled(frame, parts, task, spec.data.columns, split)
    unlabelled = whole_paths(unlabelled, task, spec.data.columns, stored.files)
    columns: Columns = spec.data.columns
    for number, part in enumerate(PARTS):
        seed = int(spec.options["seed"]) * len(PARTS) + number
        frames[part], columns = task.as_examples(frames[part], spec.data.columns, seed=seed)
    if len(unlabelled):
        unlabelled, _ = task.as_examples(unlabelled, spec.data.columns, seed=int(spec.options["seed"]))
    return Rows(frames, stored, columns, unlabelled)


def _unlabelled(
    frame: pd.DataFrame, parts: "pd.Series[str]", task: Task, columns: Columns, split: SplitPlan
) -> pd.DataFrame:
    """Rows that could be asked but not judged, and are not meant for judging; a missing answer is an empty text."""
    truths = task.truths(columns)
    if not task.takes_answers or len(truths) > 1:
        return frame.iloc[:0]
    free = parts.isna() & task.askable_rows(frame, columns)
    if split.column:
        said = frame[split.column].astype("str").str.strip().str.casefold().map(SPLIT_VALUES)
        free &= ~said.isin(["validation", "test"])
    found = frame[free.to_numpy(dtype=bool)]
    together = task.kept_together(columns)
    held = frame.loc[parts.isin(["validation", "test"]).to_numpy(dtype=bool), together]
    known = set(held.itertuples(index=False, name=None))
    seen = [row in known for row in found[together].itertuples(index=False, name=None)]
    found = found[~np.array(seen, dtype=bool)]
    return found.assign(**{columns[truth.name]: "" for truth in truths})


def _sample(rows: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    count = max(1, round(len(rows) * share))
    return rows.sample(count, random_state=seed).sort_index() if count < len(rows) else rows


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
