"""Whether a map of relevance holds: the score when the most relevant words are hidden, or when only they are left."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lib.inference.attribution.gradients import Read
from lib.inference.attribution.occlusion import measures
from lib.inference.attribution.targets import Target

SHARES = (1, 5, 10, 20, 50)
RANDOM_ORDERS = 5
SEED = 13


def followed(read: Read, target: Target, scores: np.ndarray, tell: Callable[[float], None]) -> dict[str, Any]:
    """The measure of the target with the top q % hidden (`removed`) and with only them left (`kept`).

    For the order of the scores, highest first, and for five random orders of a fixed seed; q are `shares`, `counts`
    how many words or patches that is (at least one). `value` is the measure of the whole row. DeYoung et al. 2020.
    """
    count = read.count
    counts = [max(1, -(-share * count // 100)) for share in SHARES]
    generator = np.random.Generator(np.random.Philox(key=SEED))
    orders = [np.argsort(-scores, kind="stable")]
    orders += [np.argsort(generator.random(count), kind="stable") for _ in range(RANDOM_ORDERS)]
    tops = [order[:size].tolist() for order in orders for size in counts]
    rests = [order[size:].tolist() for order in orders for size in counts]
    said = measures(read, target, [[], *tops, *rests], tell)
    removed, kept = said[1:].reshape(2, len(orders), len(counts))
    return {
        "shares": list(SHARES),
        "counts": counts,
        "value": float(said[0]),
        "removed": removed[0].tolist(),
        "kept": kept[0].tolist(),
        "random_removed": removed[1:].tolist(),
        "random_kept": kept[1:].tolist(),
    }
