"""Numbers read as a person reads them."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from lib.ui import numbers


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.7849, "0.78"), (0.000123, "0.00012"), (12.34, "12"), (1234.5, "1,200"), (0, "0"), (-0.0456, "−0.046"),
        (0.999, "1.0"), (1.2e-9, "1.2e−9"), (None, "–"), (math.nan, "–"), (math.inf, "∞"),
    ],
)  # fmt: skip
def test_two_significant_digits_unless_more_are_meant(value: float | None, expected: str) -> None:
    assert numbers.significant(value) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.2, "under a second"), (40, "40 s"), (89.6, "90 s"), (120, "2 min"), (3900, "1 h 5 min"), (7200, "2 h"),
     (3 * 86400, "3 days")],
)  # fmt: skip
def test_a_duration_is_spoken(seconds: float, expected: str) -> None:
    assert numbers.duration(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(4, "a few seconds"), (33, "about 30 seconds"), (58, "about 1 minute"), (131, "about 2 minutes"),
     (7100, "about 2 hours")],
)  # fmt: skip
def test_an_estimate_says_that_it_is_one(seconds: float, expected: str) -> None:
    assert numbers.about(seconds) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 B"), (999, "999 B"), (1_400_000_000, "1.4 GB"), (91_000_000, "91 MB"), (512_000, "512 kB"),
     (999_600, "1.0 MB")],
)  # fmt: skip
def test_a_size_has_a_unit(size: float, expected: str) -> None:
    assert numbers.size(size) == expected


def test_a_score_comes_with_its_interval_and_its_rows() -> None:
    assert numbers.score_with_interval(0.7812, (0.755, 0.805), rows=1421) == "0.78 ± 0.03 on 1,421 rows"
    assert numbers.score_with_interval(0.99, (0.989, 0.991)) == "0.99 ± <0.01"
    assert numbers.score_with_interval(None, None) == "–"


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(1, 8, "12 %"), (1, 1000, "<1 %"), (999, 1000, ">99 %"), (0, 5, "0 %"), (3, 0, "–")],
)
def test_a_share_never_rounds_something_to_nothing(part: int, whole: int, expected: str) -> None:
    assert numbers.share(part, whole) == expected


def test_a_count_takes_its_noun() -> None:
    assert numbers.count(1, "row") == "1 row"
    assert numbers.count(1421, "test row") == "1,421 test rows"
    assert numbers.count(2, "box", "boxes") == "2 boxes"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(seconds=5), "just now"), (timedelta(minutes=5), "5 min ago"), (timedelta(hours=3), "3 h ago"),
        (timedelta(hours=30), "yesterday"), (timedelta(days=10), "2 Mar 2026"),
    ],
)  # fmt: skip
def test_a_time_is_told_from_now(before: timedelta, expected: str) -> None:
    now = datetime(2026, 3, 12, 12, tzinfo=UTC)
    assert numbers.ago(now - before, now=now) == expected
    assert numbers.ago((now - before).timestamp(), now=now) == expected
