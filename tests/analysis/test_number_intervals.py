import math

import numpy as np
import pytest
from scipy import stats

from lib.analysis.number_intervals import number_intervals, spearman_interval
from lib.errors import UserError
from lib.tasks.regression import number_scores


def drawn(rows: int, seed: int = 0, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    gold = random.normal(shift, 2, rows)
    return gold, gold + random.normal(0, 1, rows)


@pytest.mark.parametrize("shift", [0.0, 1e7])
def test_the_interval_is_that_of_rows_drawn_and_scored_again(shift):
    gold, predicted = drawn(40, shift=shift)
    fast = number_intervals(gold, predicted, draws=200, seed=5)
    random = np.random.default_rng(5)
    rows = [random.integers(0, 40, 40) for _ in range(200)]
    slow = [number_scores(gold[chosen], predicted[chosen]) for chosen in rows]
    for name in ("mae", "rmse", "r2", "pearson"):
        assert fast[name] == pytest.approx(
            tuple(np.quantile([row[name] for row in slow], (0.025, 0.975))), rel=1e-6
        )


def test_the_interval_of_few_tied_numbers_survives_draws_without_spread():
    gold, predicted = [1, 1, 1, 2], [1, 1, 2, 2]
    fast = number_intervals(gold, predicted, draws=300, seed=6)
    random = np.random.default_rng(6)
    rows = [random.integers(0, 4, 4) for _ in range(300)]
    slow = [number_scores(np.array(gold)[chosen], np.array(predicted)[chosen]) for chosen in rows]
    for name in ("r2", "pearson"):
        assert fast[name] == pytest.approx(tuple(np.quantile([row[name] for row in slow], (0.025, 0.975))))


def test_intervals_hold_the_scores_and_repeat_with_the_seed():
    gold, predicted = drawn(300)
    found, scores = number_intervals(gold, predicted), number_scores(gold, predicted)
    assert found.keys() == scores.keys()
    for name, value in scores.items():
        assert found[name][0] < value < found[name][1]
    assert number_intervals(gold, predicted) == found != number_intervals(gold, predicted, seed=1)


def test_the_interval_of_spearman_worked_out_by_hand():
    # 13 rows: n − 3 = 10.
    gold = np.arange(13)
    predicted = gold.copy()
    predicted[[0, 12]] = predicted[[12, 0]]
    r = stats.spearmanr(gold, predicted).statistic
    half = 1.959964 * math.sqrt((1 + r**2 / 2) / 10)
    expected = math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)
    assert spearman_interval(gold, predicted) == pytest.approx(expected)


def test_the_interval_of_spearman_holds_the_truth_about_as_often_as_it_says():
    # Of two normal columns with correlation ρ, Spearman's is 6/π · asin(ρ/2).
    random, rho, held = np.random.default_rng(0), 0.6, 0
    truth = 6 / math.pi * math.asin(rho / 2)
    for _ in range(500):
        one = random.normal(size=50)
        low, high = spearman_interval(one, rho * one + math.sqrt(1 - rho**2) * random.normal(size=50))
        held += low <= truth <= high
    assert 0.92 <= held / 500 <= 0.98


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ([1, 2, 3], [1, 2, 3], (-1, 1)),
        ([1, 2, 3, 4, 5], [2, 2, 2, 2, 2], (0, 0)),
        ([1, 1, 1, 1, 1], [1, 2, 3, 4, 5], (0, 0)),
    ],
)
def test_spearman_of_too_little_to_go_by(gold, predicted, expected):
    assert spearman_interval(gold, predicted) == expected


def test_a_perfect_order_is_not_taken_for_certain():
    low, high = spearman_interval(range(10), range(10))
    assert high == 1 and 0.8 < low < 1
    assert spearman_interval(range(10), range(10)[::-1]) == pytest.approx((-high, -low))


def test_constant_predictions_have_no_correlation_in_any_draw():
    found = number_intervals([1.0, 2.0, 3.0, 4.0], [2.5] * 4)
    assert found["pearson"] == found["spearman"] == (0, 0) and found["mae"][0] < 1 < found["mae"][1]


def test_one_row_tells_nothing():
    assert number_intervals([1.0], [2.0]) == {}
    assert number_intervals([1.0, 2.0], [2.0, 3.0], groups=["a", "a"]) == {}


def test_no_rows_have_no_interval():
    with pytest.raises(UserError, match="no rows"):
        number_intervals([], [])
