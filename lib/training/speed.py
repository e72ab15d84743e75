"""How long models take to answer: milliseconds a batch, with teacher and student taking turns on the same rows."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from lib.tasks.base import Brief, Task
from lib.tasks.predict import model_features, quiet

BATCH_SIZES = (1, 32)
# Turns a batch size gets at most, how many seconds all turns of one size may take, and how many there are in any case.
MOST_TURNS = {1: 100, 32: 40}
SECONDS = 30.0
LEAST_TURNS = 3
# Draws of the bootstrap for the ratio of two medians.
DRAWS = 2_000


@dataclass(frozen=True)
class Side:
    """A model to be timed, in the precision it predicts in, with what it needs to read rows."""

    task: Task
    model: Any
    processor: Any
    brief: Brief


def measure_speed(
    sides: Mapping[str, Side],
    rows: pd.DataFrame,
    *,
    sizes: tuple[int, ...] = BATCH_SIZES,
    seconds: float = SECONDS,
    seed: int = 0,
) -> dict[str, Any]:
    """Milliseconds a batch by side and batch size, from rows in their natural lengths to the model's answers.

    What is timed is what the host does: tokenise (or read the picture), pad to the longest of the batch, run the
    model or let it write; not what makes a table of the answers. A batch is a random draw of `rows`; every side gets
    the same batches, and they take turns, so that whatever else the machine does slows all of them alike. One
    batch a side comes before as a warm-up. Each size stops after MOST_TURNS batches or `seconds`, whichever is first.

    Returns {"device", "threads", "rows": how many to draw from, side: {size: {"p50_ms", "p95_ms", "batches"}}};
    with two sides also "speedup": {size: {"value", "low", "high"}}, how many times as fast the second is as the
    first: the ratio of the medians with a 95 % interval from drawing the turns again. Raises ValueError for no rows.
    """
    if rows.empty:
        raise ValueError("there are no rows to time")
    first = next(iter(sides.values()))
    found: dict[str, Any] = {
        "device": next(first.model.parameters()).device.type,
        "threads": torch.get_num_threads(),
        "rows": len(rows),
    }
    found |= {name: {} for name in sides}
    for size in sizes:
        times = _turns(sides, rows, size, seconds=seconds, random=np.random.default_rng(seed))
        for name, taken in times.items():
            p50, p95 = np.percentile(taken, (50, 95))
            found[name][str(size)] = {"p50_ms": float(p50), "p95_ms": float(p95), "batches": len(taken)}
        if len(times) == 2:
            found.setdefault("speedup", {})[str(size)] = speedup(*times.values(), seed=seed)
    return found


def speedup(slow: Any, fast: Any, *, seed: int = 0) -> dict[str, float]:
    """How many times as fast the second is: median / median, with a 95 % interval over the turns, drawn in pairs.

    `slow` and `fast` are milliseconds[turns], taken in turns.
    """
    pairs = np.column_stack([slow, fast])
    drawn = np.random.default_rng(seed).integers(0, len(pairs), (DRAWS, len(pairs)))
    one, other = np.median(pairs[drawn], axis=1).T
    low, high = np.quantile(one / other, (0.025, 0.975))
    value = np.median(pairs[:, 0]) / np.median(pairs[:, 1])
    return {"value": float(value), "low": float(low), "high": float(high)}


def _turns(
    sides: Mapping[str, Side],
    rows: pd.DataFrame,
    size: int,
    *,
    seconds: float,
    random: np.random.Generator,
) -> dict[str, list[float]]:
    """Milliseconds of each turn by side; all sides have as many turns."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    begun = time.perf_counter()
    for turn in range(-1, MOST_TURNS.get(size, LEAST_TURNS)):
        # With fewer rows than a batch holds, rows come more than once.
        places = random.choice(len(rows), size, replace=len(rows) < size)
        plain = {str(name): rows[name].iloc[places].tolist() for name in rows}
        # Who goes first alternates: the second finds the rows in the processor's cache.
        order = list(sides)[:: 1 if turn % 2 else -1]
        for name in order:
            taken = _seconds_to_answer(sides[name], plain)
            if turn >= 0:
                times[name].append(taken * 1_000)
        spent = time.perf_counter() - begun
        # Where one batch takes longer than all of them should, a single turn must do.
        if spent > seconds and turn + 1 >= (1 if spent > 2 * seconds else LEAST_TURNS):
            break
    return times


def _seconds_to_answer(side: Side, plain: Mapping[str, list[Any]]) -> float:
    """Seconds from the rows to what the model says of them, as `lib.tasks.predict` asks it."""
    task, model, processor, brief = side.task, side.model, side.processor, side.brief
    device = next(model.parameters()).device
    collate = task.collator(processor, brief, training=False)
    model.eval()
    with torch.inference_mode(), quiet(processor):
        begun = time.perf_counter()
        features = task.encode(processor, plain, brief)
        by_length = np.argsort(-np.asarray(features["length"], dtype=np.int64), kind="stable")
        for at in range(0, len(by_length), task.prediction_batch):
            chosen = by_length[at : at + task.prediction_batch]
            batch = collate([model_features(features, place) for place in chosen])
            # It comes back to the CPU, so an accelerator has finished by then.
            task.predict_batch(
                model, {name: part.to(device) for name, part in batch.items()}, processor, brief
            )
        return time.perf_counter() - begun
