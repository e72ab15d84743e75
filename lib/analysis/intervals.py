"""How far a score might be off because only so many rows were looked at."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.margins import Margins, resampled
from lib.analysis.scores import SCORES

Interval = tuple[float, float]


@dataclass(frozen=True)
class Difference:
    """How much better (above zero) or worse one set of predictions is than another, with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def within_noise(self) -> bool:
        """Whether the interval holds zero, so that the two cannot be told apart on these rows."""
        return self.low <= 0 <= self.high


def wilson(successes: Any, n: Any, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """The interval of a share, low and high: float64 of the arguments' common shape, in [0, 1].

    Wilson (1927): (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n). Holds also for few rows and for shares
    of 0 and 1. Where n is 0 nothing is known: 0 to 1.
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    successes, n = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    known = np.maximum(n, 1)
    share = successes / known
    middle = share + z**2 / (2 * known)
    half = z * np.sqrt(share * (1 - share) / known + z**2 / (4 * known**2))
    scale = 1 + z**2 / known
    # 0 and n successes end exactly at 0 and 1; rounding would leave them a hair beside it.
    low = np.where((n <= 0) | (successes <= 0), 0.0, (middle - half) / scale)
    high = np.where((n <= 0) | (successes >= n), 1.0, (middle + half) / scale)
    return low, high


def f1_interval(correct: Any, support: Any, predicted: Any) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval of one label's F1, low and high: float64[labels].

    Among the J rows where the label is true or predicted, a share s is right, and F1 = 2s / (1 + s). Given J
    those right are binomial, so Wilson's interval for s, carried over, is one for F1. It agrees with the
    bootstrap where rows are many and, unlike it, does not shrink to a point when a few rows are all right.
    """
    correct = np.asarray(correct, dtype=float)
    low, high = wilson(correct, np.asarray(support) + np.asarray(predicted) - correct)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def bootstrap(
    matrix: ConfusionMatrix, names: Iterable[str] = tuple(SCORES), *, draws: int = 2000, seed: int = 0
) -> dict[str, Interval]:
    """The 95 % percentile interval of each named score: {"macro_f1": (0.755, 0.805), …}.

    Resamples the filled cells of the matrix, which has the same distribution as resampling the rows (see
    `margins.resampled`). The same seed gives the same numbers. When every row is right all resamples are
    perfect too; Wilson's interval for that many rows stands in for the point the bootstrap would give.
    Raises UserError when the matrix holds no rows, ValueError when it is reduced.
    """
    names = tuple(names)
    if Margins.of(matrix).correct.sum() == matrix.total:
        low, high = wilson(matrix.total, matrix.total)
        return dict.fromkeys(names, (float(low), float(high)))
    values: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for (margins,) in resampled(
        matrix.true, (matrix.predicted,), matrix.rows, len(matrix), draws=draws, seed=seed
    ):
        for name in names:
            values[name].append(SCORES[name](margins))
    return {name: _middle(np.concatenate(parts)) for name, parts in values.items()}


def paired_bootstrap(
    gold: Any, predicted_a: Any, predicted_b: Any, name: str, *, draws: int = 2000, seed: int = 0
) -> Difference:
    """How much better `predicted_a` is than `predicted_b` on the same rows, by one score of SCORES.

    Each resample holds the same rows for both, so that rows hard for both cancel out. Each argument is
    label names[rows]. Raises UserError for no rows, ValueError for lengths that differ or labels missing.
    """
    gold, first, second = (np.asarray(values, dtype=object) for values in (gold, predicted_a, predicted_b))
    labels = ConfusionMatrix.of(np.concatenate([gold, gold]), np.concatenate([first, second])).labels
    one = ConfusionMatrix.of(gold, first, labels=labels)
    other = ConfusionMatrix.of(gold, second, labels=labels)
    value = float(SCORES[name](Margins.of(one)) - SCORES[name](Margins.of(other)))
    place = {label: position for position, label in enumerate(labels)}
    codes = np.array([[place[str(label)] for label in values] for values in (gold, first, second)])
    (true, a, b), rows = np.unique(codes, axis=1, return_counts=True)
    parts = [
        SCORES[name](of_a) - SCORES[name](of_b)
        for of_a, of_b in resampled(true, (a, b), rows, len(labels), draws=draws, seed=seed)
    ]
    return Difference(value, *_middle(np.concatenate(parts)))


def _middle(values: np.ndarray) -> Interval:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def number(value: float, *, decimals: int | None = None, digits: int = 2) -> str:
    """A number with two significant `digits`, or with so many decimals: "0.78", "0.0012", "12", "1,421".

    A share just below 1 is never rounded up to 1, nor one just above 0 down to 0.
    """
    if not math.isfinite(value):
        return "not a number"
    if decimals is None:
        decimals = _two_digits(value) if digits == 2 else _decimals(value, digits)
    while decimals < 8 and value not in (0, 1, -1) and round(value, decimals) in (0, 1, -1):
        decimals += 1
    return f"{value:,.{decimals}f}".replace("-", "−")


def described(value: float, interval: Interval | None = None) -> str:
    """A score and its interval with as many digits as the interval allows: "0.78 (95 % interval 0.755–0.805)"."""
    if interval is None:
        return number(value)
    half = (interval[1] - interval[0]) / 2
    sure = max(0, -math.floor(math.log10(half))) if half > 0 else 2
    shown = max(min(_two_digits(value), 3), sure)
    low, high = (number(end, decimals=max(shown, sure + 1)) for end in interval)
    return f"{number(value, decimals=shown)} (95 % interval {low}–{high})"


def _two_digits(value: float) -> int:
    """Decimals that show two significant digits; 0 and 1 stand for shares and get two as well."""
    return 2 if value in (0, 1, -1) else _decimals(value, 2)


def _decimals(value: float, digits: int) -> int:
    """Decimals that show so many significant digits of a number."""
    return max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else digits


def describe(value: float, interval: Interval | None, rows: int, split: str) -> str:
    """A score said in full: "0.78 (95 % interval 0.755–0.805) on 1,421 test rows"."""
    return f"{described(value, interval)} on {rows:,} {split} row{'' if rows == 1 else 's'}"
