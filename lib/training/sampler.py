"""The order in which rows are learned: batches of similar length, shuffled anew each epoch, repeatable."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from torch.utils.data import Sampler

# Rows are sorted by length only within pools of this many batches, so that batches stay random enough.
BATCHES_PER_POOL = 50


class LengthBuckets(Sampler[int]):
    """Row numbers, epoch by epoch, so that each run of `batch_size` has texts of similar length.

    The order is a pure function of the seed and the epoch, so a resumed run sees exactly what an uninterrupted
    one would have. The longest batch comes first in the first epoch: if memory is too small, it shows at once.
    """

    def __init__(
        self, lengths: Sequence[int], *, batch_size: int, seed: int, epoch: Callable[[], int]
    ) -> None:
        self._lengths = np.asarray(lengths)
        self._batch_size, self._seed, self._epoch = batch_size, seed, epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        return iter(order(self._lengths, batch_size=self._batch_size, seed=self._seed, epoch=self._epoch()))


def order(lengths: "np.ndarray[Any, Any]", *, batch_size: int, seed: int, epoch: int) -> list[int]:
    """A permutation of the rows for one epoch; `lengths`: int[rows] in tokens."""
    # Philox is counter-based: its stream for a key is fixed by its definition, not by numpy's version.
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch]))
    rows = np.argsort(generator.random(len(lengths)), kind="stable")
    pool = BATCHES_PER_POOL * batch_size
    batches: list[np.ndarray[Any, Any]] = []
    for start in range(0, len(rows), pool):
        chunk = rows[start : start + pool]
        chunk = chunk[np.argsort(-lengths[chunk], kind="stable")]
        batches += [chunk[at : at + batch_size] for at in range(0, len(chunk), batch_size)]
    # The one batch that may be smaller stays last, or every batch after it would straddle two.
    last = batches.pop() if batches and len(batches[-1]) < batch_size else None
    batches = [batches[index] for index in np.argsort(generator.random(len(batches)), kind="stable")]
    if epoch == 0 and batches:
        longest = max(range(len(batches)), key=lambda index: int(lengths[batches[index]].max()))
        batches.insert(0, batches.pop(longest))
    if last is not None:
        batches.append(last)
    return [int(row) for batch in batches for row in batch]
