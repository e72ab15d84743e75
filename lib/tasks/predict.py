"""Running a model over rows: the same code for the worker's final scores and for the model host."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from lib.tasks.base import Columns, Target, Task

# Rows are encoded and sorted by length within chunks of this many, so memory does not grow with the rows.
ROWS_PER_CHUNK = 8_192


def predict_rows(
    task: Task,
    model: Any,
    processor: Any,
    frame: pd.DataFrame,
    columns: Columns,
    target: Target,
    *,
    max_length: int,
    batch_size: int = 64,
    on_rows: Callable[[int], bool | None] | None = None,
) -> pd.DataFrame:
    """Predictions for the rows in their order, indexed like `frame`, computed in the model's own precision.

    `on_rows(done)` is called after each batch; returning False ends early with the chunks finished so far.
    """
    import torch

    collate = task.collator(processor)
    device = next(model.parameters()).device
    model.eval()
    chunks: list[pd.DataFrame] = []
    done = 0
    with torch.inference_mode(), _quiet(processor):
        for start in range(0, len(frame), ROWS_PER_CHUNK):
            rows = frame.iloc[start : start + ROWS_PER_CHUNK]
            encoded = task.encode(
                processor, {str(name): rows[name].tolist() for name in rows}, columns, max_length=max_length
            )
            lengths = np.asarray(encoded.pop("length"))
            truncated = encoded.pop("truncated")
            by_length = np.argsort(-lengths, kind="stable")
            parts = []
            for at in range(0, len(rows), batch_size):
                chosen = by_length[at : at + batch_size]
                batch = collate([{name: values[row] for name, values in encoded.items()} for row in chosen])
                outputs = model(**{name: values.to(device) for name, values in batch.items()})
                parts.append(outputs.logits.float().cpu().numpy())
                done += len(chosen)
                if on_rows is not None and on_rows(done) is False:
                    return pd.concat(chunks) if chunks else task.decode(np.empty((0, 1)), target)
            logits = np.concatenate(parts)
            decoded = task.decode(logits[np.argsort(by_length, kind="stable")], target)
            decoded["tokens"] = lengths
            decoded["truncated"] = truncated
            chunks.append(decoded.set_axis(rows.index))
    return pd.concat(chunks)


@contextlib.contextmanager
def _quiet(processor: Any) -> Any:
    """Without the advice to use the tokenizer's own padding, which would not sort by length."""
    noted = getattr(processor, "deprecation_warnings", None)
    if isinstance(noted, dict):
        noted["Asking-to-pad-a-fast-tokenizer"] = True
    yield
