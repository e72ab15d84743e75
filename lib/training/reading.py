"""What the training examples are like to read: how long, how often cut, how much padding, whether they teach at all."""

from typing import Any

import numpy as np
from datasets import Dataset

from lib.errors import Problem, UserError
from lib.training.sampler import order

IGNORED = -100
# Collators fill up to a multiple of this, for the matrix units.
MULTIPLE = 8


def read_facts(train: Dataset, *, batch_size: int, seed: int) -> dict[str, float]:
    """What lengths.json says: mean and longest length in tokens, and shares in [0, 1].

    `truncated`: examples that were cut; `padding`: places of the first epoch's batches that hold no token;
    `unlearned`: examples without a label that counts. Raises UserError for no example, or none to learn from.
    """
    if not len(train):
        raise UserError(Problem("No training row is left.", "data", "Bring more rows.", code="no-train-rows"))
    lengths = np.asarray(train["length"][:])
    return {
        "mean": float(lengths.mean()),
        "longest": int(lengths.max()),
        "truncated": float(np.mean(train["truncated"][:])),
        "padding": padding_share(lengths, batch_size=batch_size, seed=seed),
        "unlearned": unlearned_share(train),
    }


def check_learned(facts: dict[str, float]) -> None:
    """Raises UserError when no example has a label that counts: the loss would be 0 / 0."""
    if facts["unlearned"] < 1:
        return
    raise UserError(
        Problem(
            "No training row teaches anything: what should be learned is cut off or empty in all of them.",
            "options.max_length",
            "Read longer texts, and check that the column with the answers is the right one.",
            code="unlearned-rows",
        )
    )


def padding_share(lengths: "np.ndarray[Any, Any]", *, batch_size: int, seed: int) -> float:
    """The share of places in the batches of the first epoch that are padding; 0 for inputs of one size (pictures)."""
    if int(lengths.max()) == int(lengths.min()):
        return 0.0
    rows = np.asarray(order(lengths, batch_size=batch_size, seed=seed, epoch=0))
    starts = np.arange(0, len(rows), batch_size)
    widest = np.maximum.reduceat(lengths[rows], starts)
    sizes = np.diff(np.append(starts, len(rows)))
    places = int((-(-widest // MULTIPLE) * MULTIPLE * sizes).sum())
    return 1 - float(lengths.sum()) / places


def unlearned_share(train: Dataset) -> float:
    """The share of examples whose labels are all −100; 0 where labels are not lists or are made in the batch."""
    if "labels" not in train.column_names:
        return 0.0
    silent = 0
    # Arrow's own offsets: lists of millions of tokens are never made into Python's.
    for chunk in train.with_format("arrow")[:]["labels"].chunks:
        if not hasattr(chunk, "offsets"):
            return 0.0
        counted = np.concatenate([[0], np.cumsum(chunk.values.to_numpy(zero_copy_only=False) != IGNORED)])
        ends = chunk.offsets.to_numpy()
        silent += int((counted[ends[1:]] == counted[ends[:-1]]).sum())
    return silent / len(train)
