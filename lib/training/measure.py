"""A run in miniature, timed part by part: `python -m lib.training.measure RUN_FOLDER OUT.json`.

It is the run itself, on a few of its rows: the longest batch, twice, some usual batches, and some rows to score. So all
that a run needs memory and time for is in it: Trainer, checkpoints, baselines, writing.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import Problem
from lib.plan.relief import OUT_OF_MEMORY, with_relief
from lib.runs.files import write_json
from lib.runs.folder import RunFolder
from lib.runs.memory import memory_here
from lib.tasks.base import Brief, OnRows, Task
from lib.tasks.likelihood import plain_rows
from lib.training.progress import Progress, peak_memory_mb
from lib.training.session import Session, train_run
from lib.training.trouble import trouble_is_told
from lib.training.worker import NICENESS

USUAL_STEPS = 5
ROWS_LOOKED_AT = 2_000
# Scored rows of validation and test, in batches of predicting; writing takes long, so it is one batch then.
BATCHES_SCORED = 2


# Measuring ends when less than this is free, and looks so often.
LEAST_FREE_SHARE, SECONDS_BETWEEN_LOOKS = 0.03, 0.1


class Clock(Progress):
    """A worker's pen that notes when each step ended and how long the parts of the run took."""

    def __init__(self, run: RunFolder, *, device: str) -> None:
        super().__init__(run, device=device)
        self.spent: dict[str, float] = {}
        self.rows: dict[str, int] = {}
        self.calls: dict[str, int] = {}
        self.steps: list[float] = []
        self.scoring_began = 0.0

    @contextlib.contextmanager
    def part(self, name: str, rows: int) -> Iterator[None]:
        """Time a part that has to do with that many rows."""
        begun = time.monotonic()
        yield
        self.spent[name] = self.spent.get(name, 0.0) + time.monotonic() - begun
        self.rows[name] = self.rows.get(name, 0) + rows
        self.calls[name] = self.calls.get(name, 0) + 1

    def tell(self, *, now: bool = False, **parts: Any) -> None:
        """Note the moment a step ends, and when training does."""
        phase = parts.get("phase", "")
        if phase == "training" or (self.steps and parts.get("step", 0) > self.state.step):
            self.steps.append(time.monotonic())
        if phase.startswith("scoring the validation"):
            self.scoring_began = time.monotonic()
        super().tell(now=now, **parts)


class TimedTask:
    """A task whose scoring, writing and baselines are timed; else it is the task."""

    def __init__(self, task: Task, clock: Clock) -> None:
        self._task, self._clock = task, clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def evaluate(
        self,
        model: Any,
        processor: Any,
        rows: pd.DataFrame,
        brief: Brief,
        *,
        on_rows: OnRows | None = None,
    ) -> pd.DataFrame:
        """As the task does."""
        with self._clock.part("validating" if on_rows is None else "scoring", len(rows)):
            return self._task.evaluate(model, processor, rows, brief, on_rows=on_rows)

    def samples(self, model: Any, processor: Any, rows: pd.DataFrame, brief: Brief) -> list[dict[str, str]]:
        """As the task does."""
        with self._clock.part("samples", len(rows)):
            return self._task.samples(model, processor, rows, brief)

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """As the task does."""
        with self._clock.part("baselines", len(train) + len(test)):
            return self._task.baselines(train, test, brief)


class Miniature:
    """Leaves a session the rows that tell what all would cost; `about` says what they stand for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.about: dict[str, Any] = {}

    def __call__(self, session: Session) -> None:
        """Choose the rows. The longest batch is there twice: the first comes before the optimizer's moments."""
        begun = time.monotonic()
        frames, task = dict(session.rows.frames), session.task
        train = frames["train"].sample(min(len(frames["train"]), ROWS_LOOKED_AT), random_state=0)
        with self._clock.part("encoding", len(train)):
            encoded = task.encode_training(session.processor, plain_rows(train), session.brief)
        lengths = np.asarray(encoded["length"])
        places = np.asarray(encoded.get("row", range(len(lengths))), dtype=np.int64)
        size = session.options.batch_size * session.options.gradient_accumulation
        by_length = np.argsort(-lengths, kind="stable")
        longest = by_length[:size]
        # Batches hold rows of similar length, so evenly spread batches stand for all.
        starts = np.linspace(0, max(0, len(by_length) - size), num=USUAL_STEPS + 2).astype(int)[1:-1]
        chosen = [longest, longest, *(by_length[start : start + size] for start in starts)]
        # A row with several features brings them all.
        kept = [np.unique(places[features]) for features in chosen]
        self.about = {
            "all_rows": session.rows.count(),
            "features_per_row": len(lengths) / len(train),
            "longest": float(lengths.max()),
            "padding": 1.0,  # of all rows against those scored here
        }
        per_part = task.prediction_batch
        if task.model_kind == "encoder":
            per_part *= BATCHES_SCORED
        for part in ("validation", "test"):
            frame, by_part = frames[part], _by_length(frames[part], task, session.brief)
            spread = np.linspace(0, len(frame) - 1, num=min(per_part, len(frame))).astype(int)
            if part == "test" and task.model_kind == "encoder":
                sizes = np.asarray([by_part[1][at] for at in spread])
                self.about["padding"] = _padded(by_part[1], per_part) / _padded(sizes, per_part)
            frames[part] = frame.iloc[np.sort(by_part[0][spread])]
        frames["train"] = train.iloc[np.concatenate(kept)]
        session.rows = replace(session.rows, frames=frames)
        session.task = TimedTask(task, self._clock)  # type: ignore[assignment]
        self._clock.spent["choosing"] = time.monotonic() - begun


def _by_length(frame: pd.DataFrame, task: Task, brief: Brief) -> tuple[np.ndarray, np.ndarray]:
    """The places of the rows, those with the longest inputs first, and the lengths in that order, in characters."""
    used = task.inputs(brief.columns)
    lengths = frame[used].astype("str").apply(lambda cells: cells.str.len()).sum(axis=1).to_numpy()
    order = np.argsort(-lengths, kind="stable")
    return order, lengths[order]


def _padded(lengths: np.ndarray, rows: int) -> float:
    """The mean length with padding when rows, longest first, are scored so many at a time."""
    half = max(1, rows // BATCHES_SCORED)
    starts = range(0, len(lengths), half)
    return sum(float(lengths[at]) * len(lengths[at : at + half]) for at in starts) / max(1, len(lengths))


def measure(run: RunFolder, clock: Clock) -> dict[str, Any]:
    """Make the run in miniature; seconds and rows of its parts, and its peak memory in MB.

    `step_seconds` is the mean of usual steps, `save_seconds` of a checkpoint, `rest_seconds` what happens once.
    """
    miniature = Miniature(clock)
    began = clock.state.process_started or time.time()
    train_run(run, clock, shrink=miniature)
    total = time.time() - began
    found = run.result() or {}
    ends = np.asarray(clock.steps)
    steps = np.diff(ends)
    # Not the first, in which everything is allocated; and not the other one of the longest batch.
    usual = np.sort(steps[1:])[:-1] if len(steps) > 2 else steps
    training = float(steps.sum())
    after = clock.scoring_began - float(ends[-1])
    validation = clock.spent.get("validating", 0.0)
    sampled = clock.spent.get("samples", 0.0) / max(1, clock.calls.get("samples", 1))
    saving = max(0.0, after - validation - sampled)
    parts = sum(clock.spent.values()) - clock.spent.get("encoding", 0.0)  # which is part of choosing
    return {
        "rest_seconds": max(0.0, total - training - parts - saving),
        "step_seconds": float(usual.mean()) if len(usual) else training,
        "save_seconds": saving,
        "spent": clock.spent,
        "rows": clock.rows,
        "calls": clock.calls,
        "peak_memory_mb": float(found["peak_memory_mb"]),
        **miniature.about,
    }


def _watch_memory(run: RunFolder, clock: Clock) -> None:
    """End this process before the machine has no memory left: measuring must not cost anybody else's work."""
    while True:
        here = memory_here()
        if here.free_mb < LEAST_FREE_SHARE * here.total_mb:
            what = f"It needs more than the {(peak_memory_mb() + here.free_mb) / 1000:.1f} GB of memory that are free."
            problem = Problem(
                what, "memory", "Close other programs, or make the run smaller.", code=OUT_OF_MEMORY
            )
            clock.end("failed", problems=[found.to_json() for found in with_relief(run, [problem])])
            os._exit(1)
        time.sleep(SECONDS_BETWEEN_LOOKS)


def main(folder: Path, out: Path) -> int:
    """Measure the run in the folder and write what was found; or 1, with the problems in the run's state."""
    run = RunFolder(folder)
    clock = Clock(run, device=os.environ.get("ATELIER_DEVICE", "cpu"))
    clock.sign_in()
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    with contextlib.suppress(OSError):  # if memory runs out, the system ends this process before any other
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="utf-8")
    threading.Thread(target=_watch_memory, args=(run, clock), daemon=True).start()
    with trouble_is_told(run, clock):
        write_json(out, measure(run, clock))
    return 0 if out.is_file() else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
