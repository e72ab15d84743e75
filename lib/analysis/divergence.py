"""How far two models attend differently, head by head."""

import numpy as np

from lib.errors import Problem, UserError


def head_divergence(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Jensen–Shannon divergence in bits, float64[layers, heads] in [0, 1], averaged over queries.

    Both are float[layers, heads, queries, keys] whose rows sum to 1; on rows pooled in blocks it is a lower bound
    of that of the whole rows (data processing inequality). Raises UserError when the two have not
    the same heads or tokens.
    """
    if one.shape != other.shape:
        raise UserError(
            Problem(
                "The two models have not the same heads, or cut the text into other tokens.",
                "model",
                "Compare models of the same size and vocabulary.",
                code="other-shape",
            )
        )
    first, second = (np.asarray(weights, dtype=np.float64) for weights in (one, other))
    middle = (first + second) / 2
    parts = sum(_relative(weights, middle) for weights in (first, second)) / 2
    return np.asarray(np.clip(parts, 0, 1).mean(axis=2))


def _relative(weights: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Kullback–Leibler divergence in bits of each row from the row in the middle."""
    share = np.divide(weights, middle, out=np.ones_like(weights), where=weights > 0)
    total: np.ndarray = (weights * np.log2(share)).sum(axis=-1)
    return total
