"""Learning curves made by hand: what a run's metrics would hold."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lib.analysis.findings.case import Case

RANGES = {
    "learning_rate": (1e-7, 0.1), "epochs": (0.01, 100), "weight_decay": (0.0, 1.0), "max_length": (8, 8192),
    "rank": (1, 1024), "alpha": (1, 4096), "gradient_accumulation": (1, 1024),
}  # fmt: skip
OPTIONS = {
    "epochs": 4.0, "learning_rate": 1.5e-4, "batch_size": 16, "gradient_accumulation": 1, "weight_decay": 0.01,
    "warmup": 0.1, "max_gradient_norm": 1.0, "max_length": 128, "class_weights": "none",
}  # fmt: skip
USUAL = {"epochs": 4.0, "learning_rate": 1.5e-4}
FOUR_LABELS = {"anger": 100, "joy": 100, "sadness": 100, "optimism": 100}  # chance is ln 4 = 1.386


def noisy(values: Sequence[float], *, spread: float = 0.15, seed: int = 0) -> list[float]:
    """The values as losses of single batches: each off by a factor, with the given spread of its logarithm."""
    random = np.random.default_rng(seed)
    return [float(value * np.exp(random.normal(0, spread))) for value in values]


def falling(start: float, end: float, steps: int) -> list[float]:
    """A loss as it usually goes: fast at first, then slower, with the noise of batches."""
    way = np.linspace(0, 1, steps)
    return noisy([end + (start - end) * float(np.exp(-5 * at)) for at in way])


def flat(level: float, steps: int) -> list[float]:
    """A loss that only jumps around its level."""
    return noisy([level] * steps, spread=0.05)


def records(
    train: Sequence[float],
    *,
    norms: Sequence[float] = (),
    epoch_steps: int = 50,
    **validation: Mapping[int, float],
) -> list[dict[str, Any]]:
    """Metrics of a run with these training losses at steps 1, 2, … and these validation values by step."""

    def record(split: str, name: str, step: int, value: float) -> dict[str, Any]:
        return {"step": step, "epoch": step / epoch_steps, "split": split, "name": name, "value": value}

    found = [record("train", "loss", step, value) for step, value in enumerate(train, 1)]
    found += [record("train", "gradient_norm", step, value) for step, value in enumerate(norms, 1)]
    return found + [
        record("validation", name, step, value)
        for name, values in validation.items()
        for step, value in values.items()
    ]


def case(
    train: Sequence[float] = (), *, norms: Sequence[float] = (), options: Mapping[str, Any] | None = None,
    validation: Mapping[str, Mapping[int, float]] | None = None, **parts: Any,
) -> Case:  # fmt: skip
    """A case of a run with four labels that has ended, with what is said about it changed."""
    told: dict[str, Any] = {
        "usual": USUAL, "ranges": RANGES, "score": "macro_f1", "label_counts": FOUR_LABELS, "ended": True,
        "steps": len(train), "total_steps": len(train),
    }  # fmt: skip
    return Case(
        metrics=records(train, norms=norms, **(validation or {})),
        options={**OPTIONS, **(options or {})},
        **told | parts,
    )
