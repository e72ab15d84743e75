"""Risk by coverage, worked by hand, and its area against the definition."""

import numpy as np
import pytest

from lib.analysis.coverage import Coverage


def test_a_hand_worked_curve() -> None:
    found = Coverage.of(np.array([0.6, 0.9, 0.8, 0.7]), np.array([False, True, False, True]))
    assert found.risk == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert found.aurc == pytest.approx((0 + 1 / 2 + 1 / 3 + 2 / 4) / 4)
    rows, error, (low, high), sure = found.at(0.75)
    assert (rows, error, sure) == (3, pytest.approx(1 / 3), 0.7)
    assert low < error < high


def test_rows_of_equal_confidence_share_their_errors_whatever_their_order() -> None:
    confidence, correct = np.array([0.9, 0.5, 0.5, 0.5, 0.5]), np.array([True, True, False, True, False])
    one, other = Coverage.of(confidence, correct), Coverage.of(confidence[::-1], correct[::-1])
    for found in (one, other):
        assert found.risk == pytest.approx([0, 0.25, 1 / 3, 3 / 8, 0.4])


def test_confidence_that_says_nothing_has_the_error_as_its_area() -> None:
    correct = np.random.default_rng(0).random(500) < 0.7
    found = Coverage.of(np.full(500, 0.8), correct)
    assert found.aurc == pytest.approx(1 - correct.mean())
    assert found.error == pytest.approx(1 - correct.mean())


def test_the_interval_holds_the_area_that_such_rows_have_on_average() -> None:
    areas, intervals = [], []
    for seed in range(40):
        random = np.random.default_rng(seed)
        confidence = random.random(400)
        found = Coverage.of(confidence, random.random(400) < confidence, seed=seed)
        areas.append(found.aurc)
        intervals.append(found.interval)
    assert sum(low <= np.mean(areas) <= high for low, high in intervals) >= 34  # 95 % of 40 are 38


def test_no_rows_raise() -> None:
    with pytest.raises(ValueError, match="no rows"):
        Coverage.of(np.zeros(0), np.zeros(0, dtype=bool))
