"""What lengths.json says of the training examples: padding as batches really have it, rows that teach nothing."""

import numpy as np
import pytest
from datasets import Dataset

from lib.errors import UserError
from lib.training.reading import check_learned, padding_share, read_facts, unlearned_share
from lib.training.sampler import order


def test_padding_is_what_the_batches_of_the_first_epoch_hold() -> None:
    lengths = np.random.default_rng(0).integers(3, 120, 500)
    rows = order(lengths, batch_size=16, seed=3, epoch=0)
    tokens = places = 0
    for start in range(0, len(rows), 16):
        batch = [int(lengths[row]) for row in rows[start : start + 16]]
        width = max(batch)
        while width % 8:
            width += 1
        tokens, places = tokens + sum(batch), places + width * len(batch)
    assert padding_share(lengths, batch_size=16, seed=3) == pytest.approx(1 - tokens / places)


@pytest.mark.parametrize(
    ("lengths", "batch_size", "expected"),
    [
        ([1, 1, 1], 2, 0.0),  # pictures
        ([8, 8, 4, 4], 4, 1 - 24 / 32),
        ([16, 16, 8, 8], 2, 0.0),  # sorted by length, batches are full
        ([8, 4, 4], 2, 1 - 16 / 24),  # the last batch is smaller
    ],
)
def test_padding_of_small_cases(lengths: list[int], batch_size: int, expected: float) -> None:
    assert padding_share(np.asarray(lengths), batch_size=batch_size, seed=0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([[-100, 5], [-100, -100], [], [7]], 0.5),
        ([[1, 2]], 0.0),
        ([3, 1], 0.0),  # one label a row
        ([[0.0, 1.0], [0.0, 0.0]], 0.0),  # many labels, none of them true
    ],
)
def test_rows_without_a_label_that_counts(labels: list[object], expected: float) -> None:
    assert unlearned_share(Dataset.from_dict({"labels": labels})) == expected


def test_labels_that_are_made_in_the_batch_are_not_missed() -> None:
    assert unlearned_share(Dataset.from_dict({"input_ids": [[1]]})) == 0


def test_a_run_that_could_learn_nothing_is_refused_with_a_reason() -> None:
    rows = Dataset.from_dict({"labels": [[-100]], "length": [5], "truncated": [True]})
    with pytest.raises(UserError, match="No training row teaches anything"):
        check_learned(read_facts(rows, batch_size=2, seed=0))


def test_no_row_at_all_is_refused() -> None:
    with pytest.raises(UserError, match="No training row is left"):
        read_facts(Dataset.from_dict({"labels": [], "length": [], "truncated": []}), batch_size=2, seed=0)
