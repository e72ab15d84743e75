"""What happens to the score when words or patches are hidden: asks the model and nothing else."""

from collections.abc import Callable, Sequence

import numpy as np

from lib.inference.attribution.gradients import Attributed, Read
from lib.inference.attribution.targets import Target

# Tokens (or pictures, counted as so many) read at once.
TOKENS_AT_ONCE, PICTURE_TOKENS = 4_096, 256


def measures(
    read: Read, target: Target, sets: Sequence[Sequence[int]], tell: Callable[[float], None]
) -> np.ndarray:
    """The measure of the target with each set of words or patches hidden, float64[sets]; equal sets are read once."""
    import torch

    distinct = list(dict.fromkeys(tuple(sorted(numbers)) for numbers in sets))
    width = PICTURE_TOKENS if read.signs == "picture" else read.width
    at_once = max(1, min(64, TOKENS_AT_ONCE // max(1, width)))
    found: dict[tuple[int, ...], float] = {}
    with torch.inference_mode():
        for at in range(0, len(distinct), at_once):
            part = distinct[at : at + at_once]
            values = target.measure(target.say(read.hidden(part))[0])
            found |= dict(zip(part, values.double().cpu().tolist(), strict=True))
            tell(len(found) / len(distinct))
    return np.array([found[tuple(sorted(numbers))] for numbers in sets])


def occlusion(read: Read, target: Target, tell: Callable[[float], None]) -> Attributed:
    """measure(x) − measure(x with the word or patch hidden), for each of them."""
    said = measures(read, target, [(), *((number,) for number in range(read.count))], tell)
    return Attributed(said[0] - said[1:], np.zeros(len(read.specials)))
