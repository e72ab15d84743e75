"""What is known about a run when its learning is looked at: curves, options, lengths, answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from lib.analysis.intervals import Interval

# Means over fewer losses say more about which rows were drawn than about the model.
FEWEST_LOSSES = 30


@dataclass(frozen=True)
class Curve:
    """One measured value as it went: `steps` int64[points], `values` float64[points], `epochs` float64[points]."""

    steps: np.ndarray
    values: np.ndarray
    epochs: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def last(self, share: float) -> float:
        """The mean over the last share of the points, at least one."""
        return float(self.values[-max(1, round(share * len(self))) :].mean())

    def between(self, low: float, high: float) -> "Curve":
        """The points with low < step ≤ high."""
        inside = (self.steps > low) & (self.steps <= high)
        return Curve(self.steps[inside], self.values[inside], self.epochs[inside])


@dataclass(frozen=True)
class TestScore:
    """The main score on the test rows: its value, its 95 % interval, and that of each baseline by name."""

    __test__ = False  # not a test, whatever pytest makes of the name

    value: float
    rows: int
    interval: Interval | None = None
    baselines: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything a finding may look at; what is not known (yet) is empty or None.

    `metrics` are records of metrics.jsonl; `options` and `method` the spec's, complete; `usual` the options that
    the balanced preset has for this task, model, method and number of rows; `ranges` low and high (inclusive) of
    options by name; `score` the main score's name. `steps` were taken of `total_steps`; `ended`: the training came
    to its end, by itself or by early stopping; `best_step` is the one that is kept. `lengths` is lengths.json.
    `plain_loss`: what is learned from is measured as the validation loss is, without a teacher's part in it.
    `label_counts`: training rows by label where one label a row is learned with cross-entropy. `answers`: for each
    label, how many validation rows truly have it and how many are given it. `adapter_change`: how large the change
    that an adapter makes has become, as a share of the weights it changes (median over matrices).
    """

    metrics: Sequence[Mapping[str, Any]] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    method: Mapping[str, Any] = field(default_factory=lambda: {"name": "full"})
    usual: Mapping[str, Any] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    score: str = ""
    higher_is_better: bool = True
    steps: int = 0
    total_steps: int = 0
    ended: bool = False
    best_step: int | None = None
    lengths: Mapping[str, float] = field(default_factory=dict)
    model_max_length: int | None = None
    plain_loss: bool = True
    label_counts: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    validation_rows: int = 0
    test: TestScore | None = None
    adapter_change: float | None = None

    def curve(self, split: str, name: str) -> Curve:
        """One value by step, in order; a resumed run's steps count once."""
        found = {
            int(record["step"]): (float(record["value"]), float(record.get("epoch") or 0.0))
            for record in self.metrics
            if record.get("split") == split and record.get("name") == name
        }
        steps = sorted(found)
        return Curve(
            np.asarray(steps, dtype=np.int64),
            np.asarray([found[step][0] for step in steps], dtype=float),
            np.asarray([found[step][1] for step in steps], dtype=float),
        )

    @cached_property
    def losses(self) -> Curve:
        """The training loss by step."""
        return self.curve("train", "loss")

    @cached_property
    def held(self) -> Curve:
        """The loss on validation rows by step."""
        return self.curve("validation", "loss")

    @cached_property
    def scores(self) -> Curve:
        """The main score on validation rows by step."""
        return self.curve("validation", self.score)

    @property
    def rows_per_step(self) -> int:
        """How many rows one step learns from."""
        return int(self.options.get("batch_size", 1)) * int(self.options.get("gradient_accumulation", 1))

    @property
    def rate(self) -> float:
        """The learning rate asked for; 0 when unknown."""
        return float(self.options.get("learning_rate", 0.0))

    @property
    def usual_rate(self) -> float | None:
        """The learning rate of the balanced preset for such a run; None when unknown."""
        return float(self.usual["learning_rate"]) if self.usual.get("learning_rate") else None

    def within(self, name: str, value: float) -> float:
        """The value with two significant digits, moved into the option's range."""
        low, high = self.ranges.get(name, (-np.inf, np.inf))
        return float(min(max(float(f"{value:.2g}"), low), high))

    def option_change(self, name: str, value: Any) -> dict[str, Any]:
        """The changes of a problem that set one option; none when it has that value already."""
        if self.options.get(name) == value:
            return {}
        return {"options": {name: value}}


def short(value: float) -> str:
    """A setting as it is typed: "1.5e-4", "0.1", "128"."""
    if not 0 < abs(value) < 1e-3:
        return f"{value:g}"
    mantissa, exponent = f"{value:.5e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"
