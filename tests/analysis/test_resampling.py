import time

import numpy as np
import pytest

from lib.analysis import resampling
from lib.analysis.intervals import wilson
from lib.analysis.resampling import (
    bootstrap_means,
    bootstrap_shares,
    never_a_point,
    ratio,
    resampled_sums,
    units,
)
from lib.errors import UserError


def mean(sums: np.ndarray) -> np.ndarray:
    return ratio(sums[:, 0], sums[:, 1])


def with_ones(values) -> np.ndarray:
    return np.column_stack([values, np.ones(len(values))])


def test_sums_are_those_of_rows_drawn_one_by_one():
    values = np.arange(12.0).reshape(6, 2)
    sums = np.concatenate(list(resampled_sums(values, draws=50, seed=4)))
    random = np.random.default_rng(4)
    expected = [values[random.integers(0, 6, 6)].sum(axis=0) for _ in range(50)]
    np.testing.assert_array_equal(sums, expected)


def test_groups_are_drawn_whole():
    values, groups = np.array([[1.0], [10.0], [100.0], [1000.0]]), ["a", "b", "a", "b"]
    sums = np.concatenate(list(resampled_sums(values, draws=200, seed=0, groups=groups)))
    assert set(sums[:, 0]) == {202, 1111, 2020}


def test_the_size_of_chunks_changes_nothing(monkeypatch):
    values = np.random.default_rng(0).integers(0, 9, (40, 3))
    whole = np.concatenate(list(resampled_sums(values, draws=101, seed=1)))
    monkeypatch.setattr(resampling, "CHUNK", 7 * 40)
    parts = list(resampled_sums(values, draws=101, seed=1))
    assert len(parts) == 15
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_the_interval_of_a_mean_is_that_of_the_normal_approximation():
    values = np.random.default_rng(0).normal(5, 2, 2000)
    [(low, high)] = bootstrap_means(with_ones(values), {"mean": mean}).values()
    half = 1.96 * values.std() / np.sqrt(2000)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.01)


def test_groups_of_alike_rows_widen_the_interval():
    values, groups = np.repeat(np.random.default_rng(0).random(50), 10), np.repeat(np.arange(50), 10)
    [alone] = bootstrap_means(with_ones(values), {"mean": mean}).values()
    [grouped] = bootstrap_means(with_ones(values), {"mean": mean}, groups=groups).values()
    # Ten copies hold no more than one: the width grows by about √10.
    assert (grouped[1] - grouped[0]) / (alone[1] - alone[0]) == pytest.approx(np.sqrt(10), rel=0.1)


def test_every_row_its_own_group_is_no_group():
    values = with_ones(np.random.default_rng(0).random(30))
    assert bootstrap_means(values, {"m": mean}, groups=range(30)) == bootstrap_means(values, {"m": mean})


def test_intervals_hold_the_true_mean_about_as_often_as_they_say():
    random, held = np.random.default_rng(0), 0
    for trial in range(300):
        values = random.random(60) < 0.3
        [(low, high)] = bootstrap_means(with_ones(values), {"mean": mean}, draws=300, seed=trial).values()
        held += low <= 0.3 <= high
    assert 0.90 <= held / 300 <= 0.98


def test_draws_with_nothing_to_score_are_left_out():
    # One row of 5 has something to score: a third of the draws miss it.
    values = np.array([[1.0, 2.0]] + [[0.0, 0.0]] * 4)
    share = {"share": lambda sums: ratio(sums[:, 0], sums[:, 1], nothing=np.nan)}
    assert bootstrap_means(values, share) == {"share": (0.5, 0.5)}
    low, high = bootstrap_shares(values, share, informative={"share": values[:, 1] > 0})["share"]
    assert (low, high) == tuple(float(end) for end in wilson(0.5, 1))


@pytest.mark.parametrize(
    ("interval", "n", "expected"),
    [
        ((0.2, 0.4), 10, (0.2, 0.4)),
        ((1.0, 1.0), 10, (0.7225, 1.0)),
        ((0.0, 0.0), 10, (0.0, 0.2775)),
        ((0.5, 0.5), 10, (0.2366, 0.7634)),
        ((float("nan"), float("nan")), 0, (0.0, 1.0)),
        ((1.0, 1.0), 0, (0.0, 1.0)),
    ],
)
def test_a_point_gives_way_to_wilson(interval, n, expected):
    assert never_a_point(interval, n) == pytest.approx(expected, abs=5e-5)


def test_chosen_rows_count_once_a_group():
    assert units([True, True, False, True]) == 3
    assert units([True, True, False, True], ["a", "a", "b", None]) == 2


def test_what_cannot_be_resampled_is_refused():
    with pytest.raises(UserError, match="no rows"):
        bootstrap_means(np.zeros((0, 2)), {"mean": mean})
    with pytest.raises(ValueError, match="columns"):
        bootstrap_means(np.zeros(3), {"mean": mean})
    with pytest.raises(ValueError, match="groups"):
        bootstrap_means(np.zeros((3, 2)), {"mean": mean}, groups=["a"])


def test_fifty_thousand_rows_take_seconds_not_minutes():
    begin = time.perf_counter()
    bootstrap_means(np.ones((50_000, 2)), {"mean": mean}, draws=200)
    assert time.perf_counter() - begin < 5
