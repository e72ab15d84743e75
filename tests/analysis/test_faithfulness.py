"""Comprehensiveness and sufficiency of a worked case, and when a map is no better than chance."""

import pytest

from lib.analysis.faithfulness import Faithfulness, faithfulness

SHARES = (10, 50)


def judged(removed: tuple[float, float], random: list[tuple[float, float]]) -> Faithfulness:
    return faithfulness(SHARES, 0.9, removed, (0.2, 0.8), random, [(0.1, 0.5)] * len(random))


def test_a_case_worked_by_hand() -> None:
    found = judged((0.5, 0.1), [(0.9, 0.5), (0.7, 0.3), (0.8, 0.1)])
    assert found.comprehensiveness == pytest.approx((0.4, 0.8))
    assert found.sufficiency == pytest.approx((0.7, 0.1))
    assert found.aopc == pytest.approx(0.6) and found.sufficiency_aopc == pytest.approx(0.4)
    # The random orders' mean falls are 0.2, 0.4 and 0.45: mean 0.35, sample sd 0.1323.
    assert found.random_aopc == pytest.approx((0.35, 0.1323), abs=1e-4)
    assert found.random_comprehensiveness[1] == pytest.approx((0.6, 0.2))
    assert found.beats_random


@pytest.mark.parametrize(("fall", "beats"), [(0.49, True), (0.48, False), (0.0, False), (-0.2, False)])
def test_a_map_must_fall_deeper_than_mean_plus_one_sd_of_chance(fall: float, beats: bool) -> None:
    random = [(0.7, 0.3), (0.9, 0.5), (0.8, 0.1)]  # mean 0.35, sd 0.1323: the line is 0.4823
    assert judged((0.9 - fall, 0.9 - fall), random).beats_random is beats


def test_where_nothing_changes_the_score_no_map_is_better() -> None:
    assert not judged((0.9, 0.9), [(0.9, 0.9)] * 5).beats_random
