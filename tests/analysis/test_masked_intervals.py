"""Intervals of guessed hidden tokens: they hold the scores, and rows without hidden tokens change nothing."""

import numpy as np
import pytest

from lib.analysis.masked_intervals import masked_intervals


def rows(count: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    tokens = random.integers(1, 9, count)
    return random.gamma(2.0, 1.0, count) * tokens, tokens, random.binomial(tokens, 0.3)


def test_every_score_lies_in_its_interval() -> None:
    nll, tokens, hits = rows()
    found = masked_intervals(nll, tokens, hits)
    loss = nll.sum() / tokens.sum()
    values = {"perplexity": np.exp(loss), "loss": loss, "token_accuracy": hits.sum() / tokens.sum()}
    assert set(found) == set(values)
    for name, value in values.items():
        low, high = found[name]
        assert low < value < high


def test_the_interval_of_the_accuracy_is_as_wide_as_that_of_a_ratio_of_means() -> None:
    _, tokens, hits = rows(2_000)
    low, high = masked_intervals(np.ones(2_000), tokens, hits)["token_accuracy"]
    share = hits.sum() / tokens.sum()
    # The delta method: the residuals hits − share · tokens, over the mean of tokens.
    error = np.std(hits - share * tokens) / tokens.mean() / np.sqrt(2_000)
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.1)


def test_rows_without_hidden_tokens_add_nothing() -> None:
    nll, tokens, hits = rows(50)
    found = masked_intervals(np.append(nll, 0), np.append(tokens, 0), np.append(hits, 0))
    expected = masked_intervals(nll, tokens, hits)
    for name, ends in expected.items():
        assert found[name] == pytest.approx(ends, rel=0.1)


def test_nothing_guessed_is_not_certain() -> None:
    low, high = masked_intervals([3.0, 4.0], [1, 1], [0, 0])["token_accuracy"]
    assert low == 0 and high > 0.1
