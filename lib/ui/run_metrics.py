"""The metrics of a run as they grow: only what is new is read each time."""

import json
import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pandas as pd

from lib.charts.chart import Chart
from lib.charts.colours import Theme
from lib.charts.curves import loss_curves, score_curves
from lib.runs.folder import RunFolder

_COLUMNS = ("step", "epoch", "split", "name", "value")
# Not drawn here, and two thirds of the file.
_PASSED_OVER = ("gradient_norm", "learning_rate", "epoch")
_KEPT = 16


class Tail:
    """What has been read of one metrics.jsonl; thread-safe, as several tabs may watch one run."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._forget()

    def _forget(self, inode: int = 0) -> None:
        self._inode, self._offset = inode, 0
        self._records: list[tuple[Any, ...]] = []
        self._charts: dict[tuple[Any, ...], Chart] = {}

    def charts(self, names: tuple[str, ...], best_step: int | None, theme: Theme) -> tuple[Chart, Chart]:
        """The curves of losses and of validation scores; the same objects until something is new."""
        with self._lock:
            self._catch_up()
            what = (len(self._records), names, best_step, theme)
            if ("loss", *what) not in self._charts:
                frame = pd.DataFrame(self._records, columns=list(_COLUMNS))
                self._charts = {
                    ("loss", *what): loss_curves(frame, best_step=best_step, theme=theme),
                    ("score", *what): score_curves(frame, names=names, best_step=best_step, theme=theme),
                }
            return self._charts["loss", *what], self._charts["score", *what]

    @property
    def empty(self) -> bool:
        """Whether nothing has been measured yet."""
        with self._lock:
            self._catch_up()
            return not self._records

    def _catch_up(self) -> None:
        try:
            with self._path.open("rb") as file:
                about = os.fstat(file.fileno())
                # A resumed run replaces the file, to drop what is trained again.
                if about.st_ino != self._inode or about.st_size < self._offset:
                    self._forget(about.st_ino)
                file.seek(self._offset)
                new = file.read()
        except OSError:
            self._forget()
            return
        whole = new[: new.rfind(b"\n") + 1]  # the last line may still be being written
        self._offset += len(whole)
        for line in whole.splitlines():
            if record := _record(line):
                self._records.append(record)


def _record(line: bytes) -> tuple[Any, ...] | None:
    try:
        record = json.loads(line)
        values = tuple(record[column] for column in _COLUMNS)
    except (ValueError, KeyError, TypeError):  # what a killed worker left half written
        return None
    step, _, split, name, value = values
    numbers = isinstance(step, int) and isinstance(value, int | float)
    wanted = numbers and isinstance(split, str) and isinstance(name, str) and name not in _PASSED_OVER
    return values if wanted else None


_tails: OrderedDict[Path, Tail] = OrderedDict()
_guard = threading.Lock()


def tail_of(run: RunFolder) -> Tail:
    """The tail of a run's metrics; the runs looked at last are remembered."""
    with _guard:
        tail = _tails.pop(run.metrics_path, None) or Tail(run.metrics_path)
        _tails[run.metrics_path] = tail
        while len(_tails) > _KEPT:
            _tails.popitem(last=False)
        return tail
