"""How far predicted numbers are from the true ones, and whether they rise and fall together."""

from typing import Any

import numpy as np
import pandas as pd

from lib.errors import UserError


def number_scores(gold: Any, predicted: Any) -> dict[str, float]:
    """mae and rmse (in the unit of the numbers), r2 (at most 1), pearson and spearman (in [−1, 1]).

    Both arguments are finite numbers[rows]. pearson and spearman are 0.0 when either side never changes: they
    are undefined there, and a model that always says the same has learned no relation. r2 of a gold
    that never changes is 1.0 if every prediction equals it and else 0.0, as in scikit-learn.
    Raises UserError for no rows, ValueError for lengths that differ or numbers that are not finite.
    """
    true, guess = np.asarray(gold, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if true.shape != guess.shape or true.ndim != 1:
        raise ValueError(f"gold is {true.shape} but predicted {guess.shape}")
    if not len(true):
        raise UserError("There are no rows to score.")
    if not (np.isfinite(true).all() and np.isfinite(guess).all()):
        raise ValueError("gold and predicted must be finite numbers")
    error = guess - true
    return {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "r2": _r2(true, error),
        "pearson": _correlation(true, guess),
        "spearman": _correlation(_ranks(true), _ranks(guess)),
    }


def _r2(true: np.ndarray, error: np.ndarray) -> float:
    if np.ptp(true) == 0:
        return float(not error.any())
    # In units of the range, so that squares neither vanish nor overflow.
    size = np.ptp(true)
    return float(1 - ((error / size) ** 2).sum() / (((true - true.mean()) / size) ** 2).sum())


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    a, b = ((values - values.mean()) / np.ptp(values) for values in (one, other))
    value = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.clip(value, -1, 1))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1; values that tie share the mean of their ranks."""
    return pd.Series(values).rank(method="average").to_numpy(dtype=np.float64)
