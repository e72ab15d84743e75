"""Runs that differ in the seed alone: how much a score varies from seed to seed, and what that says of differences."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from lib.analysis.intervals import Interval, number
from lib.analysis.scores import title as score_title

# What tells runs apart but not their recipes: names, times, machines, and the versions they were made with.
NOT_THE_RECIPE = ("name", "created", "versions", "parent", "device")


def seed_key(spec: Mapping[str, Any]) -> str:
    """A text that is the same for specs (as `Spec.to_json` gives them) that differ in the seed alone.

    Rows are the same when their fingerprint is, whatever the data set is called.
    """
    parts = {name: value for name, value in spec.items() if name not in NOT_THE_RECIPE}
    data = dict(parts.get("data") or {})
    if data.get("fingerprint"):
        data.pop("dataset", None)
    options = {name: value for name, value in (parts.get("options") or {}).items() if name != "seed"}
    return json.dumps(parts | {"data": data, "options": options}, sort_keys=True, default=str)


@dataclass(frozen=True)
class SeedScore:
    """One run's score: its seed, the value, the value's own 95 % interval if known, and which run it is."""

    seed: int
    value: float
    interval: Interval | None = None
    run: str = ""


@dataclass(frozen=True)
class Spread:
    """The scores of k ≥ 2 seeds: mean, standard deviation (n − 1), lowest, highest, and what they say.

    `interval` is Student's 95 % interval for the mean over all seeds: mean ± t(k−1)·s/√k. `apart` is how far two
    single runs may lie apart by the seed alone, 95 times in 100: t(k−1)·s·√2, as the difference of two draws has
    √2 times their spread.
    """

    seeds: int
    mean: float
    deviation: float
    low: float
    high: float
    interval: Interval
    apart: float


def one_per_seed(scores: Sequence[SeedScore]) -> list[SeedScore]:
    """The scores by rising seed; a seed that ran twice counts once (the first one given)."""
    found: dict[int, SeedScore] = {}
    for score in scores:
        found.setdefault(score.seed, score)
    return [found[seed] for seed in sorted(found)]


def spread(values: Sequence[float], *, level: float = 0.95) -> Spread:
    """What the scores of k seeds come to. Raises ValueError for fewer than two."""
    if len(values) < 2:
        raise ValueError(f"{len(values)} seeds have no spread")
    known = np.asarray(values, dtype=float)
    mean, deviation = float(known.mean()), float(known.std(ddof=1))
    t = float(stats.t.ppf(0.5 + level / 2, df=len(known) - 1))
    half = t * deviation / math.sqrt(len(known))
    return Spread(
        seeds=len(known),
        mean=mean,
        deviation=deviation,
        low=float(known.min()),
        high=float(known.max()),
        interval=(mean - half, mean + half),
        apart=t * deviation * math.sqrt(2),
    )


def spread_words(score: str, found: Spread, *, rows: int, split: str = "test") -> str:
    """What the spread means, in sentences."""
    name = score_title(score)
    shown = [_shown(value, found) for value in (found.mean, *found.interval, found.low, found.high)]
    first = (
        f"Over {found.seeds} seeds {name} is {shown[0]} on average (95 % interval of the mean {shown[1]}–{shown[2]}; "
        f"lowest {shown[3]}, highest {shown[4]}) on {rows:,} {split} row{'' if rows == 1 else 's'}."
    )
    if found.deviation == 0:
        return f"{first} All seeds came to the same score."
    noise = (
        f"Between seeds it varies by ± {_small(found.deviation)} (standard deviation): two single runs that differ by "
        f"less than about {_small(found.apart)} may differ by the seed alone."
    )
    few = (
        " With so few seeds that bound is itself rough; more seeds make it smaller."
        if found.seeds < 5
        else ""
    )
    return f"{first} {noise}{few}"


def _shown(value: float, found: Spread) -> str:
    """A score with as many decimals as the spread asks for."""
    decimals = 3
    if found.deviation > 0:
        decimals = min(6, max(0, -math.floor(math.log10(found.deviation))))
    return number(value, decimals=decimals)


def _small(value: float) -> str:
    return number(value, digits=2)
