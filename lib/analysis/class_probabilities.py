"""How probable a model found one of two labels, for the rows that have it and for those that have the other."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

BARS = 20


def probability_of(judged: pd.DataFrame, label: str) -> np.ndarray:
    """The probability of `label`, one of two, in each judged row: float64[rows] in [0, 1].

    Of two labels the predicted one has `confidence` and the other one the rest.
    """
    sure = judged["confidence"].to_numpy(dtype=np.float64)
    return np.where((judged["predicted"] == label).to_numpy(dtype=bool), sure, 1 - sure)


def bar_of(probabilities: np.ndarray) -> np.ndarray:
    """Which of the BARS equal ranges of [0, 1] each probability is in, its lower end included: int64[rows]."""
    # A hair is added, as 0.15 · 20 is 2.9999999999999996 and belongs to the fourth range.
    return np.clip(np.floor(probabilities * BARS + 1e-9), 0, BARS - 1).astype(np.int64)


def class_probabilities(judged: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Rows by the probability of the first of two labels: columns from, to, and one of counts for each true label."""
    bars = bar_of(probability_of(judged, labels[0]))
    ends = np.linspace(0, 1, BARS + 1)
    table = pd.DataFrame({"from": ends[:-1], "to": ends[1:]})
    for label in labels:
        true = (judged["gold"] == label).to_numpy(dtype=bool)
        table[f"rows {label}"] = np.bincount(bars[true], minlength=BARS)
    return table
