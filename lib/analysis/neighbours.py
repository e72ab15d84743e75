"""What a row's nearest rows say of it: whether their labels are its own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd


def same_label_share(gold: "pd.Series[Any]", nearest: Sequence[Sequence[int]]) -> np.ndarray:
    """float64[rows]: the share of each row's nearest rows that have its true label; NaN without neighbours.

    `nearest[i]` are places in `gold`. For labels drawn at random it is the label's share of the rows on average.
    """
    labels = gold.astype("str").to_numpy()
    return np.array(
        [
            float(np.mean(labels[list(near)] == label)) if len(near) else np.nan
            for label, near in zip(labels, nearest, strict=True)
        ]
    )


def expected_by_chance(gold: "pd.Series[Any]") -> float:
    """The mean of `same_label_share` for rows that lie anywhere: Σ (share of a label)²."""
    shares = gold.astype("str").value_counts(normalize=True).to_numpy()
    return float((shares**2).sum())


def inside(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """bool[rows]: which points (float[rows, 2]) lie inside the polygon (float[corners, 2]), by the even–odd rule."""
    within = np.zeros(len(points), dtype=bool)
    x, y = points[:, 0], points[:, 1]
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        if y0 != y1:
            within ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return within
