"""Whether a map of relevance holds: the score when the most relevant words are hidden, or when only they are left."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lib.inference.attribution.gradients import Read
from lib.inference.attribution.occlusion import measures
from lib.inference.attribution.targets import Target

SHARES = (1, 5, 10, 20, 50)
# What the curves of a picture have beside these, so that they reach from nothing hidden to all.
CURVE = (1, 5, 10, 20, 35, 50, 65, 80)
RANDOM_ORDERS = 5
SEED = 13


def followed(read: Read, target: Target, scores: np.ndarray, tell: Callable[[float], None]) -> dict[str, Any]:
    """The measure of the target with the top q % hidden (`removed`) and with only them left (`kept`).

    For the order of the scores, highest first, and for five random orders of a fixed seed; q are `shares`, `counts`
    how many words or patches that is (at least one). `value` is the measure of the whole row. DeYoung et al. 2020.
    Of a picture `curves` hold the same at more shares, from 0 to 100 %: `deleted` float[1 + orders][shares], with the
    top hidden, and `inserted`, with only the top left; the map's own order comes first. Petsiuk et al. 2018.
    """
    count = read.count
    shares = CURVE if read.signs == "picture" else SHARES
    counts = [max(1, -(-share * count // 100)) for share in shares]
    generator = np.random.Generator(np.random.Philox(key=SEED))
    orders = [np.argsort(-scores, kind="stable")]
    orders += [np.argsort(generator.random(count), kind="stable") for _ in range(RANDOM_ORDERS)]
    tops = [order[:size].tolist() for order in orders for size in counts]
    rests = [order[size:].tolist() for order in orders for size in counts]
    nothing = [list(range(count))] if read.signs == "picture" else []
    said = measures(read, target, [[], *tops, *rests, *nothing], tell)
    removed, kept = said[1 : 1 + 2 * len(tops)].reshape(2, len(orders), len(counts))
    curves = None
    if nothing:
        whole, empty = (np.full((len(orders), 1), said[place]) for place in (0, -1))
        curves = {
            "shares": [0, *shares, 100],
            "deleted": np.hstack([whole, removed, empty]).tolist(),
            "inserted": np.hstack([empty, kept, whole]).tolist(),
        }
    asked = [shares.index(share) for share in SHARES]
    removed, kept, counts = removed[:, asked], kept[:, asked], [counts[place] for place in asked]
    return {
        "curves": curves,
        "shares": list(SHARES),
        "counts": counts,
        "value": float(said[0]),
        "removed": removed[0].tolist(),
        "kept": kept[0].tolist(),
        "random_removed": removed[1:].tolist(),
        "random_kept": kept[1:].tolist(),
    }
