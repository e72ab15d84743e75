"""Whether a map of relevance points at what a score rests on, against orders drawn at random (DeYoung et al. 2020)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Faithfulness:
    """How far the score falls, by share of the row, in the order of the map and in random orders.

    `shares` in per cent. Comprehensiveness(q) = f(x) − f(x without the top q %), higher is better; sufficiency(q) =
    f(x) − f(only the top q %), lower is better. Of the random orders mean and standard deviation (n − 1). An AOPC is
    the mean over the shares; of random orders, mean and standard deviation of their AOPCs.
    """

    shares: tuple[int, ...]
    comprehensiveness: tuple[float, ...]
    sufficiency: tuple[float, ...]
    random_comprehensiveness: tuple[tuple[float, float], ...]
    random_sufficiency: tuple[tuple[float, float], ...]
    aopc: float
    random_aopc: tuple[float, float]
    sufficiency_aopc: float
    random_sufficiency_aopc: tuple[float, float]

    @property
    def beats_random(self) -> bool:
        """Whether hiding what the map names lowers the score more than mean + 1 sd of the random orders."""
        mean, sd = self.random_aopc
        return self.aopc > mean + sd


def faithfulness(
    shares: Sequence[int],
    value: float,
    removed: Sequence[float],
    kept: Sequence[float],
    random_removed: Sequence[Sequence[float]],
    random_kept: Sequence[Sequence[float]],
) -> Faithfulness:
    """From what the model says: `value` of the whole row, float[shares] of the map, float[orders][shares] at random."""
    fall, rest = value - np.asarray(removed, dtype=float), value - np.asarray(kept, dtype=float)
    random_fall = value - np.asarray(random_removed, dtype=float)
    random_rest = value - np.asarray(random_kept, dtype=float)
    return Faithfulness(
        shares=tuple(shares),
        comprehensiveness=tuple(fall.tolist()),
        sufficiency=tuple(rest.tolist()),
        random_comprehensiveness=tuple(_spread(column) for column in random_fall.T),
        random_sufficiency=tuple(_spread(column) for column in random_rest.T),
        aopc=float(fall.mean()),
        random_aopc=_spread(random_fall.mean(axis=1)),
        sufficiency_aopc=float(rest.mean()),
        random_sufficiency_aopc=_spread(random_rest.mean(axis=1)),
    )


def _spread(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of a sample."""
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
