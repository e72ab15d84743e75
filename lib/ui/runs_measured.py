"""What several runs measured while they learned, as curves to lay over each other."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from lib.charts.overlay import By, Curve
from lib.runs.folder import RunFolder
from lib.ui.run_words import main_score
from lib.ui.runs_list import RunLine

What = Literal["train loss", "validation loss", "main score"]


def curves_of(
    numbered: Sequence[tuple[int, RunLine]], what: What, by: By, groups: Sequence[int]
) -> list[Curve]:
    """One curve a run that has measured it; `groups` are their groups, in the order of the runs."""
    found = []
    for (number, line), group in zip(numbered, groups, strict=True):
        main = main_score(line)
        split, name = ("train", "loss") if what == "train loss" else ("validation", "loss")
        if what == "main score":
            if main is None:
                continue
            name = main.name
        x, y = series(metrics_of(line.run), split, name, by)
        if len(x):
            found.append(Curve(number, line.name, x, y, group))
    return found


def series(metrics: pd.DataFrame, split: str, name: str, by: By) -> tuple[np.ndarray, np.ndarray]:
    """x and y of one measure, float64[points], by rising step; time is in minutes since the first thing measured."""
    part = metrics[(metrics["split"] == split) & (metrics["name"] == name)]
    part = part.sort_values("step", kind="stable").drop_duplicates("step", keep="last")
    x = part[by].to_numpy(dtype=float)
    if by == "time" and len(metrics):
        x = (x - float(metrics["time"].min())) / 60
    return x, part["value"].to_numpy(dtype=float)


def metrics_of(run: RunFolder) -> pd.DataFrame:
    """Losses and validation scores of a run: step, epoch, time, split, name, value; read again when the file grew."""
    try:
        about = run.metrics_path.stat()
    except OSError:
        return _frame([])
    return _read(run.path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=64)
def _read(path: Path, changed: int, size: int) -> pd.DataFrame:
    records = RunFolder(path).read_metrics()
    kept = [
        r
        for r in records
        if isinstance(r, dict) and (r.get("name") == "loss" or r.get("split") == "validation")
    ]
    return _frame(kept)


def _frame(records: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(records, columns=["step", "epoch", "time", "split", "name", "value"])
    for name in ("step", "epoch", "time", "value"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    return frame.dropna(subset=["step"])
