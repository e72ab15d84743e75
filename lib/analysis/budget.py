"""What more labelled rows would buy: a power law through the scores of runs that learned from fewer and fewer rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.analysis.intervals import Interval, number
from lib.analysis.paired import middle
from lib.analysis.scores import title

# Two points fit any curve.
FEWEST_SIZES = 3
_EXPONENTS = np.geomspace(0.02, 3.0, 200)


@dataclass(frozen=True)
class PowerLaw:
    """error(n) = a · n^−b + c with a ≥ 0, 0.02 ≤ b ≤ 3 and c ≥ 0, for n training rows; each float64[laws]."""

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray

    def error(self, rows: float | np.ndarray) -> np.ndarray:
        """The error of every law at every number of rows: float64[laws, numbers]."""
        n = np.atleast_1d(np.asarray(rows, dtype=float))
        return self.a[:, None] * n[None, :] ** -self.b[:, None] + self.c[:, None]


def fitted(rows: np.ndarray, errors: np.ndarray) -> PowerLaw:
    """The law with the least squares through each line of `errors`: float64[laws, sizes], at `rows`: float64[sizes].

    For an exponent b the best a and c are a straight line's, by formula (a or c held at 0 where it would be negative);
    b is the best of 200 between 0.02 and 3. So no start has to be guessed and no fit can fail. The form is the one
    that learning curves are found to follow (Hestness et al. 2017, arXiv 1712.00409).
    """
    best = np.full(len(errors), np.inf)
    found = np.zeros((3, len(errors)))
    mean_y = errors.mean(axis=1)
    # n counts from the largest size, so that powers of it stay near 1.
    scale = float(rows.max())
    for b in _EXPONENTS:
        x = (rows / scale) ** -b
        spread = x - x.mean()
        a = (errors @ spread) / (spread @ spread)
        c = mean_y - a * x.mean()
        a, c = np.where(a < 0, 0.0, a), np.where(a < 0, mean_y, c)
        below = c < 0
        a, c = np.where(below, (errors @ x) / (x @ x), a), np.where(below, 0.0, c)
        off = ((a[:, None] * x + c[:, None] - errors) ** 2).sum(axis=1)
        better = off < best - 1e-15
        best = np.where(better, off, best)
        found[:, better] = np.stack([a * scale**b, np.full(len(a), b), c])[:, better]
    return PowerLaw(*found)


@dataclass(frozen=True)
class Budget:
    """A learning curve: `rows` int64[sizes] rising, `scores` and their ends, and the law fitted to their errors.

    `drawn` are the laws of all draws, `higher_is_better` says how error and score go together: 1 − score, or the
    score itself where less is better.
    """

    score: str
    higher_is_better: bool
    rows: np.ndarray
    scores: np.ndarray
    intervals: list[Interval]
    law: PowerLaw
    drawn: PowerLaw
    seeds: int

    def at(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The curve's score and its 95 % band at numbers of training rows: float64[numbers] each."""
        middle_, many = self.law.error(rows)[0], self.drawn.error(rows)
        low, high = np.quantile(many, (0.025, 0.975), axis=0)
        if self.higher_is_better:
            return 1 - middle_, 1 - high, 1 - low
        return middle_, low, high

    def gain(self, more: int) -> tuple[float, Interval]:
        """How much better the score would be with so many more rows, and the 95 % interval of that: never below 0."""
        ends = np.array([self.rows[-1], self.rows[-1] + more], dtype=float)
        one, many = self.law.error(ends)[0], self.drawn.error(ends)
        return float(one[0] - one[1]), middle(many[:, 0] - many[:, 1])


def budget(
    score: str,
    rows: Sequence[int],
    values: np.ndarray,
    draws: np.ndarray,
    *,
    higher_is_better: bool,
    seed: int = 0,
) -> Budget:
    """The curve of runs that learned from `rows` training rows each: int[runs].

    `values` float64[runs] are their scores on the same test rows, `draws` float64[draws, runs] those on shared draws of
    the test rows. Runs of one size are seeds: each draw takes as many of them again, so that their luck is in the
    interval too. Raises ValueError for fewer than three sizes.
    """
    sizes = np.unique(np.asarray(rows))
    if len(sizes) < FEWEST_SIZES:
        raise ValueError(f"{len(sizes)} sizes say nothing of a curve's form")
    random = np.random.default_rng(seed)
    lines = np.arange(len(draws))[:, None]
    scores, drawn, seeds = [], [], []
    for size in sizes:
        mine = np.flatnonzero(np.asarray(rows) == size)
        picked = mine[random.integers(0, len(mine), (len(draws), len(mine)))]
        scores.append(values[mine].mean())
        drawn.append(draws[lines, picked].mean(axis=1))
        seeds.append(len(mine))
    known, many = np.array(scores), np.stack(drawn, axis=1)
    sign = (lambda part: 1 - part) if higher_is_better else (lambda part: part)
    return Budget(
        score,
        higher_is_better,
        sizes,
        known,
        [middle(column) for column in many.T],
        fitted(sizes.astype(float), sign(known)[None, :]),
        fitted(sizes.astype(float), sign(many)),
        min(seeds),
    )


def budget_sentence(found: Budget, more: int) -> str:
    """What more rows would buy, with how little is known of it."""
    value, (low, high) = found.gain(more)
    name, now = title(found.score), int(found.rows[-1])
    step = "higher" if found.higher_is_better else "lower"
    said = f"With {more:,} more training rows (from {now:,} to {now + more:,})"
    ends = f"95 % interval {number(low, decimals=3)} to {number(high, decimals=3)}"
    if high < 0.0005:
        return f"{said} {name} would hardly change ({ends}), if the curve goes on as it went."
    return f"{said} {name} would be about {number(value, decimals=3)} {step} ({ends}), if the curve goes on as it went."
