"""Neighbours on a map, and what lies inside a line drawn by hand."""

import numpy as np
import pandas as pd
import pytest

from lib.analysis.neighbours import expected_by_chance, inside, same_label_share


def test_a_row_is_told_how_many_of_its_nearest_share_its_label() -> None:
    gold = pd.Series(["a", "a", "b", "b"])
    assert same_label_share(gold, [[1, 2], [0], [0, 1], []]).tolist()[:3] == [0.5, 1.0, 0.0]
    assert np.isnan(same_label_share(gold, [[1, 2], [0], [0, 1], []])[3])


def test_by_chance_rows_agree_as_often_as_two_rows_drawn_at_random() -> None:
    gold = pd.Series(["a"] * 6 + ["b"] * 3 + ["c"])
    random = np.random.default_rng(0)
    nearest = random.integers(0, 10, size=(10, 4_000)).tolist()
    assert expected_by_chance(gold) == pytest.approx(0.36 + 0.09 + 0.01)
    assert same_label_share(gold, nearest).mean() == pytest.approx(expected_by_chance(gold), abs=0.01)


SQUARE = [[0, 0], [0, 2], [2, 2], [2, 0]]
NOTCHED = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]]


@pytest.mark.parametrize(
    ("corners", "point", "within"),
    [
        (SQUARE, (1, 1), True),
        (SQUARE, (3, 1), False),
        (SQUARE, (-0.1, 1), False),
        (NOTCHED, (2, 0.5), True),
        (NOTCHED, (2, 3), False),  # in the notch
        (NOTCHED, (0.2, 3), True),
    ],
)
def test_a_point_is_inside_by_the_even_odd_rule(corners, point, within: bool) -> None:
    assert inside(np.array([point], dtype=float), np.array(corners, dtype=float)).tolist() == [within]
