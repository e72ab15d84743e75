import math

import numpy as np
import pytest

from lib.analysis.perplexity_intervals import perplexity_intervals
from lib.errors import UserError


def drawn(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    tokens = random.integers(1, 40, rows)
    return random.gamma(3, 1, rows) * tokens, tokens


def test_the_interval_is_that_of_texts_drawn_and_scored_again():
    sums, tokens = drawn(30)
    fast = perplexity_intervals(sums, tokens, draws=200, seed=9)
    random, losses = np.random.default_rng(9), []
    for _ in range(200):
        rows = random.integers(0, 30, 30)
        losses.append(sums[rows].sum() / tokens[rows].sum())
    low, high = np.quantile(losses, (0.025, 0.975))
    assert fast["loss"] == pytest.approx((low, high))
    assert fast["perplexity"] == pytest.approx((math.exp(low), math.exp(high)))


def test_intervals_hold_the_scores_and_repeat_with_the_seed():
    sums, tokens = drawn(300)
    found = perplexity_intervals(sums, tokens)
    loss = sums.sum() / tokens.sum()
    assert found["loss"][0] < loss < found["loss"][1]
    assert found["perplexity"][0] < math.exp(loss) < found["perplexity"][1]
    assert perplexity_intervals(sums, tokens) == found != perplexity_intervals(sums, tokens, seed=1)


def test_pieces_of_one_document_are_drawn_together():
    sums, tokens = drawn(20)
    pieces = perplexity_intervals(
        np.repeat(sums / 2, 2), np.repeat(tokens / 2, 2), groups=np.repeat(range(20), 2)
    )
    assert pieces["loss"] == pytest.approx(perplexity_intervals(sums, tokens)["loss"])


def test_rows_without_tokens_add_nothing():
    sums, tokens = drawn(20)
    with_empty = perplexity_intervals([*sums, 0, 0], [*tokens, 0, 0])
    assert with_empty == perplexity_intervals(sums, tokens)


@pytest.mark.parametrize(
    ("sums", "tokens", "groups"),
    [([2.0], [4], None), ([2.0, 0.0], [4, 0], None), ([2.0, 3.0], [4, 4], ["a", "a"]), ([0.0], [0], None)],
)
def test_fewer_than_two_texts_tell_nothing(sums, tokens, groups):
    assert perplexity_intervals(sums, tokens, groups=groups) == {}


def test_no_rows_have_no_interval():
    with pytest.raises(UserError, match="no rows"):
        perplexity_intervals([], [])
