"""Running a model over rows: the same code for the worker's scores and for the model host."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lib.tasks.brief import Brief

if TYPE_CHECKING:
    from lib.tasks.base import Features, OnRows, Task

# What is asked of the model for a batch: one answer a feature, from the model, the batch, the processor and the brief.
Say = Callable[[Any, dict[str, Any], Any, Brief], list[Any]]

# Rows are encoded and sorted by length within chunks of this many, so memory does not grow with the rows.
ROWS_PER_CHUNK = 8_192
# Of a feature, but not for the model.
BOOKKEEPING = ("row", "length", "truncated", "target_truncated")


def predict_rows(
    task: "Task",
    model: Any,
    processor: Any,
    frame: pd.DataFrame,
    brief: Brief,
    *,
    on_rows: "OnRows | None" = None,
) -> pd.DataFrame:
    """Predictions for the rows in their order, indexed like `frame`, computed in the model's own precision.

    Beside what the output describes: `tokens` (read, the longest feature of the row) and `truncated`.
    `on_rows(done)` is called after each batch and may raise to end the work.
    """
    chunks = []
    start = 0
    for raw, features, plain in read_rows(task, model, processor, frame, brief, on_rows=on_rows):
        count = len(next(iter(plain.values()), []))
        places, lengths = _places(features, count), np.asarray(features["length"], dtype=np.int64)
        decoded = task.decode(raw, features, plain, brief)
        decoded["tokens"] = _longest(places, lengths, count)
        decoded["truncated"] = _any(places, features["truncated"], count)
        chunks.append(decoded.set_axis(frame.index[start : start + count]))
        start += count
    return pd.concat(chunks)


def read_rows(
    task: "Task",
    model: Any,
    processor: Any,
    frame: pd.DataFrame,
    brief: Brief,
    *,
    on_rows: "OnRows | None" = None,
    say: "Say | None" = None,
) -> "Iterator[tuple[list[Any], Features, dict[str, list[Any]]]]":
    """Chunk by chunk of the rows: what `say` tells of each feature, the features, and the rows by column.

    `say` is the task's `predict_batch` unless something else is wanted of the model. `on_rows(done)` is called after
    each batch and may raise to end the work.
    """
    import torch

    say = say or task.predict_batch

    collate = task.collator(processor, brief, training=False)
    device = next(model.parameters()).device
    model.eval()
    done = 0
    for start in range(0, max(len(frame), 1), ROWS_PER_CHUNK):
        rows = frame.iloc[start : start + ROWS_PER_CHUNK]
        plain = {str(name): rows[name].tolist() for name in rows}
        with torch.inference_mode(), quiet(processor):
            features = task.encode(processor, plain, brief)
            places = _places(features, len(rows))
            lengths = np.asarray(features["length"], dtype=np.int64)
            by_length = np.argsort(-lengths, kind="stable")
            raw: list[Any] = [None] * len(lengths)
            waiting = np.bincount(places, minlength=len(rows))
            for at in range(0, len(by_length), task.prediction_batch):
                chosen = by_length[at : at + task.prediction_batch]
                batch = collate([model_features(features, row) for row in chosen])
                on_device = {name: values.to(device) for name, values in batch.items()}
                for row, said in zip(chosen, say(model, on_device, processor, brief), strict=True):
                    raw[row] = said
                np.subtract.at(waiting, places[chosen], 1)
                if on_rows is not None:
                    on_rows(done + int((waiting == 0).sum()))
        done += len(rows)
        yield raw, features, plain


def _places(features: "Features", rows: int) -> np.ndarray:
    return np.asarray(features.get("row", range(rows)), dtype=np.int64)


def model_features(features: "Features", number: int) -> dict[str, Any]:
    """One feature without what is not for the model."""
    return {
        name: values[number]
        for name, values in features.items()
        if name not in BOOKKEEPING and not name.startswith("_")
    }


def _longest(places: np.ndarray, lengths: np.ndarray, rows: int) -> np.ndarray:
    found = np.zeros(rows, dtype=np.int64)
    np.maximum.at(found, places, lengths)
    return found


def _any(places: np.ndarray, values: list[bool], rows: int) -> np.ndarray:
    found = np.zeros(rows, dtype=bool)
    np.logical_or.at(found, places, np.asarray(values, dtype=bool))
    return found


@contextlib.contextmanager
def quiet(processor: Any) -> Any:
    """Without the advice to use the tokenizer's own padding, which would not sort by length."""
    noted = getattr(processor, "deprecation_warnings", None)
    if isinstance(noted, dict):
        noted["Asking-to-pad-a-fast-tokenizer"] = True
    yield
