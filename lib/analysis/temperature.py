"""One number that makes a model's probabilities more or less sure without changing its answers (Guo et al. 2017)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lib.analysis.calibration import measures, sureness
from lib.analysis.chances import SMALLEST, Chances, chunks
from lib.analysis.intervals import Difference, Interval

LOWEST, HIGHEST = 0.05, 20.0
# One number needs no more to be known well; more would take seconds.
MOST_PROBABILITIES = 2_000_000
# With fewer rows a temperature fits their chance.
FEWEST_ROWS = 20


@dataclass(frozen=True)
class Temperature:
    """The temperature with the lowest NLL on `rows` rows, and its 95 % interval.

    It is `at_limit` when the best one lies outside of LOWEST to HIGHEST, as when every row is right.
    """

    value: float
    interval: Interval
    rows: int

    @property
    def at_limit(self) -> bool:
        """Whether these rows do not say what it is."""
        return self.value in (LOWEST, HIGHEST)

    @property
    def within_noise(self) -> bool:
        """Whether 1, the model as it is, lies in the interval."""
        return self.interval[0] <= 1 <= self.interval[1]


def fit_temperature(chances: Chances) -> Temperature | None:
    """The temperature that fits these rows best; None for fewer than 20 rows with a label that the model knows.

    With β = 1/T the NLL is convex: its slope, the mean of E_p[z] − z_y for z = ln p, only grows. So the temperature is
    where the slope is 0. The interval is the usual one of a maximum-likelihood estimate, with the sandwich variance, in
    1/T. Of more than 2 million probabilities a seeded sample of rows is used.
    """
    rows = np.flatnonzero(chances.known)
    if len(rows) < FEWEST_ROWS:
        return None
    labels = chances.probabilities.shape[1]
    most = max(FEWEST_ROWS, MOST_PROBABILITIES // max(labels, 1))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(0).choice(rows, most, replace=False))
    logs = np.log(np.maximum(chances.probabilities[rows], SMALLEST))
    true = logs[np.arange(len(rows)), chances.gold[rows]].astype(np.float64)

    def slope(inverse: float) -> float:
        return float(_slopes(logs, true, inverse).mean())

    if slope(1 / LOWEST) <= 0:
        return Temperature(LOWEST, (LOWEST, HIGHEST), len(rows))
    if slope(1 / HIGHEST) >= 0:
        return Temperature(HIGHEST, (LOWEST, HIGHEST), len(rows))
    from scipy.optimize import brentq  # 0.2 s to import

    best = float(brentq(slope, 1 / HIGHEST, 1 / LOWEST, xtol=1e-4))
    slopes, step = _slopes(logs, true, best), 1e-3 * best
    curvature = (slope(best + step) - slope(best - step)) / (2 * step)
    error = float(np.sqrt(np.square(slopes).mean() / len(rows))) / curvature if curvature > 0 else np.inf
    low, high = best - 1.96 * error, best + 1.96 * error
    interval = (max(LOWEST, 1 / high), HIGHEST if low <= 1 / HIGHEST else 1 / low)
    return Temperature(1 / best, interval, len(rows))


def _slopes(logs: np.ndarray, true: np.ndarray, inverse: float) -> np.ndarray:
    """For each row E_p[z] − z_y under p ∝ exp(z · inverse): float64[rows]."""
    slopes = np.empty(len(logs))
    for rows in chunks(*logs.shape):
        part = logs[rows]
        powers = np.exp((part - part.max(axis=1, keepdims=True)) * np.float32(inverse))
        slopes[rows] = np.einsum("ij,ij->i", powers, part) / powers.sum(axis=1) - true[rows]
    return slopes


def nll_gain(before: Chances, after: Chances) -> Difference:
    """By how much the NLL of the same rows falls from one to the other, with its 95 % interval (paired, normal)."""
    gains = (before.losses() - after.losses())[before.known]
    if len(gains) < 2:
        return Difference(float(gains.mean()) if len(gains) else 0.0, -np.inf, np.inf)
    mean, half = float(gains.mean()), 1.96 * float(gains.std(ddof=1)) / float(np.sqrt(len(gains)))
    return Difference(mean, mean - half, mean + half)


def calibration_report(validation: Chances, test: Chances) -> dict[str, Any] | None:
    """What a run's result says of calibration, as JSON; None when no temperature can be fitted.

    The temperature is fitted on the validation rows; `test` has what the test rows say of it: ECE, NLL and Brier with
    the model as it is (`before`, T = 1) and with the temperature (`after`), and the ECE that chance alone makes.
    """
    fitted = fit_temperature(validation)
    if fitted is None or fitted.at_limit:
        return None
    report: dict[str, Any] = {
        "temperature": round(fitted.value, 4),
        "interval": [round(end, 4) for end in fitted.interval],
        "fitted_on": "validation",
        "rows": fitted.rows,
    }
    if not len(test):
        return report
    said: dict[str, Any] = {"rows": len(test)}
    for name, chances in (("before", test), ("after", test.at(fitted.value))):
        found, sure = measures(chances), sureness(chances.confidence, chances.correct)
        values = {
            "ece": found.ece,
            "ece_low": sure.interval[0],
            "ece_high": sure.interval[1],
            "ece_if_perfect": sure.expected,
            "nll": found.nll,
            "brier": found.brier,
        }
        # JSON knows no NaN.
        said[name] = {key: round(value, 5) for key, value in values.items() if np.isfinite(value)}
    return report | {"test": said}
