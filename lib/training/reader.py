"""What a pretrained model makes of rows before it has learned anything of them: one vector a row, for a quick audit."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.tasks.base import Brief, OnRows, Task
from lib.tasks.loading import load_pretrained
from lib.tasks.predict import read_rows

# What a stopped session has read is kept in parts of this many rows.
ROWS_KEPT = 2_048


class PooledTask:
    """A task whose model gives the mean of its last layer instead of an answer; all else is the task's own."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def predict_batch(self, model: Any, batch: dict[str, Any], processor: Any, brief: Brief) -> list[Any]:
        """The mean over tokens or patches, padding left out: float32[width] for each feature."""
        last = model(**batch).last_hidden_state.float()
        if last.ndim == 4:  # a convolutional network: channels before places
            return list(last.mean(dim=(2, 3)).cpu().numpy())
        mask = batch.get("attention_mask")
        if mask is None or mask.shape != last.shape[:2]:
            return list(last.mean(dim=1).cpu().numpy())
        weights = mask[..., None].float()
        return list(((last * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)).cpu().numpy())


def read_vectors(
    folder: Path, task: Task, frame: pd.DataFrame, brief: Brief, *, device: str, kept: Path, on_rows: OnRows
) -> np.ndarray:
    """float32[rows, width], in the order of `frame`. What an earlier session has read lies in the folder `kept`.

    `on_rows(done)` is called after each batch and may raise to end the work.
    """
    kept.mkdir(exist_ok=True)
    starts = range(0, len(frame), ROWS_KEPT)
    paths = [kept / f"rows-{start:09d}.npy" for start in starts]
    missing = [start for start, path in zip(starts, paths, strict=True) if not path.is_file()]
    if missing:
        pooled: Any = PooledTask(task)
        processor = task.load_processor(folder)
        model = load_pretrained(folder, auto_class="AutoModel", wanted="a pretrained model").to(device)
        for start in missing:
            rows = frame.iloc[start : start + ROWS_KEPT]
            tell = partial(_tell_from, start, on_rows)
            # Tasks that give each row one label read it as one feature.
            chunks = read_rows(pooled, model, processor, rows, brief, on_rows=tell)
            vectors = np.stack([vector for raw, _, _ in chunks for vector in raw])
            work = kept / f".{start}.npy"
            np.save(work, vectors.astype(np.float32))
            work.replace(kept / f"rows-{start:09d}.npy")
    return np.concatenate([np.load(path) for path in paths])


def _tell_from(start: int, on_rows: OnRows, done: int) -> None:
    on_rows(start + done)
