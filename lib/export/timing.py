"""How long a model takes to answer, from the text or picture to its scores, one row or 32 at a time."""

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.inference.taught import Taught

WARM_UP = 2
# Either ends a series; a few answers are timed however slow they are.
MOST_SECONDS = 8.0
MOST_TIMED = {1: 100, 32: 16}
FEWEST_TIMED = 3


@dataclass(frozen=True)
class Latency:
    """Milliseconds for a batch of `batch` rows: the median and the 95th percentile of `timed` batches."""

    batch: int
    p50_ms: float
    p95_ms: float
    rows_per_second: float
    timed: int

    def to_json(self) -> dict[str, Any]:
        """As plain JSON data."""
        return asdict(self)


def latency(taught: Taught, rows: pd.DataFrame, *, batch: int) -> Latency:
    """The time of batches of so many of the rows, in the order they come, begun again when they end."""
    seconds: list[float] = []
    began = time.perf_counter()
    for number in range(WARM_UP + MOST_TIMED[batch]):
        places = np.arange(number * batch, (number + 1) * batch) % len(rows)
        start = time.perf_counter()
        answer_rows(taught, rows.iloc[places])
        if number >= WARM_UP:
            seconds.append(time.perf_counter() - start)
        if len(seconds) >= FEWEST_TIMED and time.perf_counter() - began > MOST_SECONDS:
            break
    middle, slow = np.quantile(seconds, (0.5, 0.95))
    return Latency(batch, 1000 * float(middle), 1000 * float(slow), batch / float(middle), len(seconds))


def answer_rows(taught: Taught, rows: pd.DataFrame) -> list[Any]:
    """What the model says of the rows, read all at once: encoded, padded, computed."""
    import torch

    from lib.tasks.predict import model_features, quiet

    task, brief = taught.task, taught.brief
    plain = {str(name): rows[name].tolist() for name in rows}
    with torch.inference_mode(), quiet(taught.processor):
        features = task.encode(taught.processor, plain, brief)
        collate = task.collator(taught.processor, brief, training=False)
        batch = collate([model_features(features, number) for number in range(len(features["length"]))])
        return task.predict_batch(taught.model, batch, taught.processor, brief)
