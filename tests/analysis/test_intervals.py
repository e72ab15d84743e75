import math

import numpy as np
import pytest

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.intervals import (
    bootstrap,
    describe,
    described,
    f1_interval,
    number,
    paired_bootstrap,
    wilson,
)
from lib.analysis.margins import Margins, resampled
from lib.analysis.scores import SCORES, scores
from lib.errors import UserError

NAMES = np.array(["anger", "joy", "optimism", "sadness"], dtype=object)


def predictions(
    rows: int, *, right: float = 0.75, labels: int = 4, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    gold = random.integers(0, labels, rows)
    guess = np.where(random.random(rows) < right, gold, random.integers(0, labels, rows))
    return gold, guess


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # The ends of Wilson's interval solve (p − s/n)² = z² p (1 − p) / n; worked out by hand for 95 %.
        (8, 10, 0.4902, 0.9433),
        (5, 10, 0.2366, 0.7634),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (1, 1, 0.2065, 1.0),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_gives_the_interval_of_a_share(successes, n, low, high):
    assert wilson(successes, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_the_ends_of_wilson_solve_its_equation():
    successes, n, z = np.array([3, 40, 700]), np.array([9, 80, 1000]), 1.959963984540054
    for end in wilson(successes, n):
        np.testing.assert_allclose((end - successes / n) ** 2, z**2 * end * (1 - end) / n)


def test_the_bootstrap_of_cells_gives_the_interval_of_the_bootstrap_of_rows():
    gold, guess = predictions(1000)
    fast = bootstrap(ConfusionMatrix.of(NAMES[gold], NAMES[guess]), draws=2000)
    random = np.random.default_rng(1)
    drawn = []
    for _ in range(2000):
        chosen = random.integers(0, 1000, 1000)
        counts = np.bincount(gold[chosen] * 4 + guess[chosen], minlength=16).reshape(4, 4)
        drawn.append(scores(ConfusionMatrix.from_counts(NAMES, counts)))
    for name in SCORES:
        slow = np.quantile([values[name] for values in drawn], (0.025, 0.975))
        np.testing.assert_allclose(fast[name], slow, atol=1e-2)


def test_intervals_hold_the_score_and_repeat_with_the_seed():
    matrix = ConfusionMatrix.of(*predictions(1421))
    one, again, other = bootstrap(matrix), bootstrap(matrix), bootstrap(matrix, seed=1)
    assert one == again != other
    for name, value in scores(matrix).items():
        assert one[name][0] < value < one[name][1]


def test_a_resample_is_cut_into_chunks_without_losing_draws(monkeypatch):
    matrix = ConfusionMatrix.of(*predictions(200))
    monkeypatch.setattr("lib.analysis.margins.CHUNK", 7 * len(matrix.rows))
    parts = list(resampled(matrix.true, (matrix.predicted,), matrix.rows, 4, draws=100, seed=0))
    assert sum(len(margins.support) for (margins,) in parts) == 100 and len(parts) == 15
    assert all((margins.total == 200).all() for (margins,) in parts)


def test_when_every_row_is_right_the_interval_does_not_shrink_to_a_point():
    low, high = bootstrap(ConfusionMatrix.of(list("abcab") * 2, list("abcab") * 2))["macro_f1"]
    assert (low, high) == (pytest.approx(0.7225, abs=1e-4), 1.0)


def test_a_thousand_labels_are_resampled_too():
    matrix = ConfusionMatrix.of(*predictions(5000, labels=1000))
    low, high = bootstrap(matrix, ["accuracy"], draws=200)["accuracy"]
    wilson_low, wilson_high = wilson(matrix.correct.sum(), matrix.total)
    assert (low, high) == (pytest.approx(wilson_low, abs=5e-3), pytest.approx(wilson_high, abs=5e-3))


def test_the_f1_interval_agrees_with_the_bootstrap_where_rows_are_many():
    matrix = ConfusionMatrix.of(*predictions(4000))
    low, high = f1_interval(matrix.correct, matrix.support, matrix.predicted_rows)
    draws = [m.f1 for (m,) in resampled(matrix.true, (matrix.predicted,), matrix.rows, 4, draws=2000, seed=0)]
    expected = np.quantile(np.concatenate(draws), (0.025, 0.975), axis=0)
    np.testing.assert_allclose([low, high], expected, atol=5e-3)


def test_no_rows_have_no_interval():
    with pytest.raises(UserError):
        bootstrap(ConfusionMatrix.of([], [], labels=["a"]))


def test_two_models_that_differ_on_many_rows_are_told_apart_on_the_same_rows():
    gold, good = predictions(800, right=0.9)
    _, poor = predictions(800, right=0.5)
    found = paired_bootstrap(gold, good, poor, "accuracy")
    assert found.value == pytest.approx((good == gold).mean() - (poor == gold).mean())
    assert 0 < found.low < found.value < found.high and not found.within_noise
    turned = paired_bootstrap(gold, poor, good, "accuracy")
    assert turned.value == -found.value
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), abs=5e-3)


def test_a_model_against_itself_differs_by_nothing():
    gold, guess = predictions(50)
    found = paired_bootstrap(gold, guess, guess, "macro_f1", draws=50)
    assert (found.value, found.low, found.high) == (0, 0, 0) and found.within_noise


def test_a_few_rows_more_are_within_noise():
    gold, guess = predictions(200)
    other = guess.copy()
    wrong = np.flatnonzero(guess != gold)[:2]
    other[wrong] = gold[wrong]
    assert paired_bootstrap(gold, other, guess, "accuracy").within_noise


@pytest.mark.parametrize("name", SCORES)
def test_a_paired_difference_resamples_the_same_rows_for_both(name):
    gold, a = predictions(300, seed=1)
    _, b = predictions(300, seed=2)
    found = paired_bootstrap(gold, a, b, name, draws=1000)
    random, drawn = np.random.default_rng(5), []
    for _ in range(1000):
        rows = random.integers(0, 300, 300)
        one, other = (ConfusionMatrix.of(gold[rows], guess[rows]) for guess in (a, b))
        drawn.append(SCORES[name](Margins.of(one)) - SCORES[name](Margins.of(other)))
    np.testing.assert_allclose((found.low, found.high), np.quantile(drawn, (0.025, 0.975)), atol=2.5e-2)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.7812, "0.78"),
        (0.05, "0.050"),
        (0.00123, "0.0012"),
        (12.34, "12"),
        (1421.0, "1,421"),
        (0.9996, "0.9996"),
        (0.99999, "0.99999"),
        (1.0, "1.00"),
        (0.0, "0.00"),
        (-0.31, "−0.31"),
        (math.nan, "not a number"),
    ],
)
def test_numbers_show_two_significant_digits_and_never_round_to_perfect(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "interval", "text"),
    [
        (0.7801, (0.7552, 0.8049), "0.78 (95 % interval 0.755–0.805)"),
        (0.57, (0.45, 0.69), "0.57 (95 % interval 0.45–0.69)"),
        (0.99341, (0.99213, 0.99447), "0.993 (95 % interval 0.9921–0.9945)"),
        (1.0, (0.7225, 1.0), "1.00 (95 % interval 0.72–1.00)"),
        (12.3, (11.0, 13.4), "12 (95 % interval 11.0–13.4)"),
        (0.5, None, "0.50"),
    ],
)
def test_a_score_shows_as_many_digits_as_its_interval_allows(value, interval, text):
    assert described(value, interval) == text


def test_a_score_is_said_with_rows_and_split():
    said = describe(0.78, (0.755, 0.805), 1421, "test")
    assert said == "0.78 (95 % interval 0.755–0.805) on 1,421 test rows"
    assert describe(1.0, None, 1, "validation") == "1.00 on 1 validation row"
