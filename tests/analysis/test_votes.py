"""Votes: a row counts once, an author's last word counts, ties say nothing, and few votes are within noise."""

import math

import pandas as pd
import pytest
from scipy.stats import binomtest

from lib.analysis.votes import by_length, tally, verdicts


def votes(*cast: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(cast, columns=["pair", "author", "verdict"]).assign(row=1)


RULES = [
    ("one voter", [("a", "x", "tuned")], "tuned"),
    ("the last vote of an author", [("a", "x", "tuned"), ("a", "x", "untuned")], "untuned"),
    ("the majority", [("a", "x", "tuned"), ("a", "y", "tuned"), ("a", "z", "untuned")], "tuned"),
    ("equal adds nothing", [("a", "x", "tuned"), ("a", "y", "equal")], "tuned"),
    ("a tie", [("a", "x", "tuned"), ("a", "y", "untuned")], "equal"),
    ("bad for all", [("a", "x", "both bad"), ("a", "y", "both bad")], "both bad"),
    ("bad for some", [("a", "x", "both bad"), ("a", "y", "equal")], "equal"),
]


@pytest.mark.parametrize(("cast", "expected"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_the_verdict_on_a_row(cast: list[tuple[str, str, str]], expected: str) -> None:
    found = verdicts(votes(*cast))
    assert found["verdict"].tolist() == [expected]


def test_the_share_is_of_the_decided_rows_and_its_interval_is_that_of_scipy() -> None:
    found = tally(["tuned"] * 8 + ["untuned"] * 3 + ["equal"] * 4 + ["both bad"])
    assert (found.rows, found.decided, found.share) == (16, 11, pytest.approx(8 / 11))
    expected = binomtest(8, 11).proportion_ci(method="wilson")
    assert found.interval == pytest.approx((expected.low, expected.high))
    assert found.within_noise
    assert not tally(["tuned"] * 9 + ["untuned"]).within_noise


def test_no_votes_say_nothing() -> None:
    found = tally(verdicts(pd.DataFrame(columns=["pair", "author", "verdict", "row"]))["verdict"].tolist())
    assert found.rows == 0 and math.isnan(found.share) and found.interval == (0.0, 1.0)


def test_thirds_by_length_hold_every_row_once() -> None:
    found = by_length(["tuned", "untuned", "equal", "tuned", "tuned"], [50, 10, 20, 900, 30])
    assert {name: part.rows for name, part in found.items()} == {"short": 2, "medium": 2, "long": 1}
    assert (found["short"].untuned, found["long"].tuned) == (1, 1)
    assert by_length([], []) == {}
