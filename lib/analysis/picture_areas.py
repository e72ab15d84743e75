"""The areas under the deletion and insertion curves of a picture, against random orders (Petsiuk et al. 2018)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PictureAreas:
    """Areas under f over the share of patches, from 0 to 1, by trapezoids: the map's, mean and sd of random orders.

    Deletion hides the most relevant patches first, so a good map's area is small; insertion shows them first on an
    empty picture, so a good map's is large.
    """

    deletion: float
    insertion: float
    random_deletion: tuple[float, float]
    random_insertion: tuple[float, float]

    @classmethod
    def of(
        cls, shares: Sequence[float], deleted: Sequence[Sequence[float]], inserted: Sequence[Sequence[float]]
    ) -> "PictureAreas":
        """From shares in per cent, rising from 0 to 100, and float[1 + orders][shares], the map's own order first."""
        sides = [
            np.trapezoid(np.asarray(values, dtype=float), np.asarray(shares, dtype=float) / 100, axis=1)
            for values in (deleted, inserted)
        ]
        (deletion, insertion), randoms = (side[0] for side in sides), [side[1:] for side in sides]
        spreads = [
            (float(side.mean()), float(side.std(ddof=1)) if len(side) > 1 else 0.0) for side in randoms
        ]
        return cls(float(deletion), float(insertion), spreads[0], spreads[1])
