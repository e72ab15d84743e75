"""How far the scores of predicted numbers might be off."""

import math
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy.stats import rankdata

from lib.analysis.intervals import Interval
from lib.analysis.resampling import DRAWS, Statistic, bootstrap_means, ratio, units
from lib.errors import UserError

# A spread this small beside the numbers themselves is what rounding leaves of a column that never changes.
_NO_SPREAD = 1e-12


def number_intervals(
    gold: Any, predicted: Any, *, draws: int = DRAWS, seed: int = 0, groups: Any = None
) -> dict[str, Interval]:
    """The 95 % intervals of mae, rmse, r2, pearson and spearman of finite numbers[rows].

    Four are bootstrapped from sums over the rows; spearman, which is none of sums, comes from
    `spearman_interval` (rows, never groups). One row or group has no intervals at all.
    Raises UserError for no rows.
    """
    true, guess = np.asarray(gold, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if not len(true):
        raise UserError("There are no rows to score.")
    if units(np.ones(len(true)), groups) == 1:
        return {}
    values = number_sums(true, guess)
    found = bootstrap_means(values, NUMBER_STATISTICS, draws=draws, seed=seed, groups=groups)
    return found | {"spearman": spearman_interval(true, guess)}


def number_sums(true: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """What each row adds to the scores of NUMBER_STATISTICS: float64[rows, 9], of finite float64[rows]."""
    error = guess - true
    # Correlation and r2 do not change when each side is centred and scaled; sums of squares keep their digits.
    x, y = _standard(true), _standard(guess)
    spread = float(true.std()) or 1.0
    scaled = error / spread
    return np.column_stack(
        [np.ones(len(true)), x, y, x * x, y * y, x * y, np.abs(error), error**2, scaled**2]
    )


def spearman_interval(gold: Any, predicted: Any, *, level: float = 0.95) -> Interval:
    """The interval of Spearman's rank correlation by Fisher's z: tanh(atanh r ± z √((1 + r²/2)/(n − 3))).

    The variance is that of Bonett & Wright, Sample size requirements for estimating Pearson, Kendall and
    Spearman correlations, Psychometrika 65 (2000). With three rows or fewer: −1 to 1. If a side never changes
    the correlation is 0 by definition, and so is the interval. For a perfect order, where z has no bounds, the
    inner end is that of two neighbours having changed places, the least that an order can be wrong.
    """
    one, other = rankdata(gold), rankdata(predicted)
    rows = len(one)
    if rows and (np.ptp(one) == 0 or np.ptp(other) == 0):
        return 0.0, 0.0
    if rows <= 3:
        return -1.0, 1.0
    r = float(np.corrcoef(one, other)[0, 1])
    limit = 1 - 12 / (rows * (rows**2 - 1))
    inner = min(max(r, -limit), limit)
    half = NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt((1 + inner**2 / 2) / (rows - 3))
    low, high = math.tanh(math.atanh(inner) - half), math.tanh(math.atanh(inner) + half)
    return (low if r > -limit else -1.0), (high if r < limit else 1.0)


def _standard(values: np.ndarray) -> np.ndarray:
    """The values centred and divided by their spread; all 0 when they never change."""
    if np.ptp(values) == 0:
        return np.zeros(len(values))
    return (values - values.mean()) / values.std()


def _mae(sums: np.ndarray) -> np.ndarray:
    return sums[:, 6] / sums[:, 0]


def _rmse(sums: np.ndarray) -> np.ndarray:
    return np.sqrt(sums[:, 7] / sums[:, 0])


def _squares(sums: np.ndarray, single: int, product: int) -> np.ndarray:
    """The sum of squares around the mean, 0 where only rounding is left of it."""
    around = sums[:, product] - sums[:, single] ** 2 / sums[:, 0]
    return np.where(around > _NO_SPREAD * np.maximum(sums[:, product], 1), around, 0.0)


def _r2(sums: np.ndarray) -> np.ndarray:
    """1 − Σe² / Σ(y − ȳ)²; a draw of one gold value has 1 if every row is right, else 0."""
    total = _squares(sums, 1, 3)
    without_spread = np.where(sums[:, 8] > 0, 0.0, 1.0)
    return np.where(total > 0, 1 - ratio(sums[:, 8], total), without_spread)


def _pearson(sums: np.ndarray) -> np.ndarray:
    together = sums[:, 5] - sums[:, 1] * sums[:, 2] / sums[:, 0]
    spread = np.sqrt(_squares(sums, 1, 3) * _squares(sums, 2, 4))
    return np.clip(ratio(together, spread), -1, 1)


# Each score as one of sums over rows as `number_sums` has them.
NUMBER_STATISTICS: dict[str, Statistic] = {"mae": _mae, "rmse": _rmse, "r2": _r2, "pearson": _pearson}
