"""Rows in ranges: each in exactly one, and the ends where they are said to be."""

import numpy as np
import pytest

from lib.analysis.bins import MOST, binned, count_bins, ratio_bins, share_bins, which_bin


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([0.0, 0.05, 0.1, 0.999, 1.0, np.nan], share_bins()),
        ([0, 1, 1, 7, 300, np.nan], count_bins([0, 1, 1, 7, 300])),
        ([0.4, 1.0, 12.5], ratio_bins([0.4, 1.0, 12.5])),
    ],
)
def test_every_known_row_is_in_exactly_one_range(values: list[float], ends: list[float]) -> None:
    table, places = binned(values, ends), which_bin(values, ends)
    assert table["rows"].sum() == np.isfinite(values).sum()
    for value, place in zip(values, places, strict=True):
        if np.isnan(value):
            assert place == -1
        else:
            assert table["from"][place] <= value <= table["to"][place]
    assert (table["to"] > table["from"]).all()


def test_the_lower_end_belongs_to_a_range() -> None:
    assert which_bin([0.0, 0.1, 0.3, 1.0], share_bins()).tolist() == [0, 1, 3, 9]


def test_small_counts_have_a_range_each_and_large_ones_share() -> None:
    assert count_bins([0, 1, 2]) == [0, 1, 2, 3]
    assert len(count_bins(range(1000))) - 1 <= MOST
    assert count_bins([]) == count_bins([0, 0]) == [0, 1, 2]
    assert ratio_bins([]) == share_bins()
