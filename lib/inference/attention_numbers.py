"""What is worked out from the attention weights of one layer: a small picture, figures of each head, and rollout."""

import numpy as np

# The side of a head's small picture; 144 heads of a 12 × 12 model are then 590,000 cells.
MOSAIC = 64
FIGURES = ("entropy", "distance", "special", "first", "previous", "next")


def pooled(weights: np.ndarray, most: int = MOSAIC) -> np.ndarray:
    """float32[heads, ≤most, ≤most] of float[heads, queries, keys]: rows still sum to 1.

    Keys of a block are summed (what is read from the block), queries of a block are averaged.
    """
    rows, columns = (_starts(length, most) for length in weights.shape[1:])
    summed = np.add.reduceat(weights, columns, axis=2)
    sizes = np.diff(np.append(rows, weights.shape[1]))
    return (np.add.reduceat(summed, rows, axis=1) / sizes[None, :, None]).astype(np.float32)


def _starts(length: int, most: int) -> np.ndarray:
    """Where each of at most `most` blocks of nearly equal size begins."""
    blocks = min(length, most)
    return np.arange(blocks) * length // blocks


def figures(
    weights: np.ndarray, special: np.ndarray, *, places: np.ndarray | None, in_order: bool
) -> np.ndarray:
    """float64[heads, 6], in the order of FIGURES, of float[heads, queries, keys]; NaN where a figure means nothing.

    `entropy` is −Σ a ln a / ln keys, averaged over queries: 0 looks at one key, 1 at all alike. `distance` is the mean
    of Σ a |place of query − place of key|; `places` is float[keys, 1 or 2] (tokens, or pixels of patches), None when
    queries and keys are different texts; special keys then stand nowhere and are left out where `in_order` is False.
    The others are shares of the attention on special keys, on the first key, on the key before and the one after
    the query, as Clark et al. (2019) count them; the last two only where tokens stand `in_order`.
    """
    heads, queries, keys = weights.shape
    found = np.full((heads, len(FIGURES)), np.nan)
    logs = np.log(weights, out=np.zeros_like(weights), where=weights > 0)
    if keys > 1:
        found[:, 0] = -(weights * logs).sum(axis=2).mean(axis=1) / np.log(keys)
    if places is not None:
        found[:, 1] = _distance(weights, places, np.ones(keys, bool) if in_order else ~special)
    found[:, 2] = weights[:, :, special].sum(axis=2).mean(axis=1)
    found[:, 3] = weights[:, :, 0].mean(axis=1)
    if in_order and queries == keys and keys > 1:
        at = np.arange(keys)
        found[:, 4] = weights[:, at[1:], at[:-1]].mean(axis=1)
        found[:, 5] = weights[:, at[:-1], at[1:]].mean(axis=1)
    return found


def between_groups(weights: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    """How much of what each group of tokens reads lies in each group: float64[heads, count, count], rows sum to 1.

    `groups` is int[tokens] in [0, count). The mean over the group's tokens as queries of the weights they give to
    the other's as keys; a group without tokens has NaN in its row.
    """
    member = (groups[:, None] == np.arange(count)).astype(np.float64)
    sizes = member.sum(axis=0)
    mass = np.einsum("qi,hqk,kj->hij", member, weights.astype(np.float64), member)
    return np.divide(
        mass, sizes[None, :, None], out=np.full(mass.shape, np.nan), where=sizes[None, :, None] > 0
    )


def _distance(weights: np.ndarray, places: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The mean attention distance of each head among the places that are kept."""
    if not kept.any():
        return np.full(len(weights), np.nan)
    among = weights[:, kept][:, :, kept]
    apart = np.linalg.norm(places[kept][:, None] - places[kept][None], axis=2)
    totals = among.sum(axis=2)
    means = (among * apart).sum(axis=2) / np.maximum(totals, 1e-12)
    # A query that reads nothing but special keys has no distance.
    return np.array([row[total > 1e-6].mean() if (total > 1e-6).any() else np.nan
                     for row, total in zip(means, totals, strict=True)])  # fmt: skip


def rolled(before: np.ndarray | None, weights: np.ndarray) -> np.ndarray:
    """Attention rollout (Abnar & Zuidema 2020) one layer further: float64[tokens, tokens], rows sum to 1.

    Â = ½ (mean over heads + I), row-normalised; the result is Â times what the layers before gave.
    """
    mean = weights.astype(np.float64).mean(axis=0)
    step = 0.5 * (mean + np.eye(len(mean)))
    step /= step.sum(axis=1, keepdims=True)
    return step if before is None else step @ before
