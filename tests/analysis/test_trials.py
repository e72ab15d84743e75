"""Which trial of a search is the best, and how much of its lead to believe."""

import json
from typing import Any

import pytest

from lib.analysis.trials import Trial, best_trial, search_report, search_verdict, trials_from


def trial(number: int, value: float | None, outcome: str = "finished", half: float | None = 0.02) -> Trial:
    interval = None if value is None or half is None else (value - half, value + half)
    values = () if value is None else (value,)
    return Trial(number, outcome, {"learning_rate": 1e-4 * number}, values, value, interval, 10, 30.0)


def report(*trials: Trial, higher: bool = True) -> dict[str, Any]:
    found = search_report(trials, score="macro_f1", higher_is_better=higher, rows=374)
    assert found is not None
    return found


def test_a_trial_is_the_same_after_a_way_through_a_file() -> None:
    kept = trial(2, 0.7, "pruned")
    assert Trial.from_json(json.loads(json.dumps(kept.to_json()))) == kept
    assert Trial.from_json(trial(1, None).to_json()) == trial(1, None)


def test_records_that_are_damaged_or_there_twice_are_left_out() -> None:
    records = [trial(2, 0.7).to_json(), {"trial": 3}, {}, trial(1, 0.6).to_json(), trial(2, 0.9).to_json()]
    assert [(item.trial, item.value) for item in trials_from(records)] == [(1, 0.6), (2, 0.7)]


BEST = [
    ("the highest", [trial(1, 0.6), trial(2, 0.8), trial(3, 0.7)], True, 2),
    ("the lowest", [trial(1, 0.6), trial(2, 0.8), trial(3, 0.5)], False, 3),
    ("the earliest of equals", [trial(1, 0.8), trial(2, 0.8)], True, 1),
    ("one that was cut", [trial(1, 0.6), trial(2, 0.8, "cut")], True, 2),
    ("none that diverged", [trial(1, 0.6), trial(2, 0.8, "diverged")], True, 1),
    ("none without a score", [trial(1, None, "cut")], True, None),
]


@pytest.mark.parametrize(("trials", "higher", "best"), [case[1:] for case in BEST], ids=[c[0] for c in BEST])
def test_the_best_trial_is(trials: list[Trial], higher: bool, best: int | None) -> None:
    found = best_trial(trials, higher_is_better=higher)
    assert (found and found.trial) == best


def test_no_trials_have_no_report() -> None:
    assert search_report([], score="macro_f1", higher_is_better=True, rows=1) is None


def test_the_gain_is_positive_when_a_lower_score_is_better_too() -> None:
    found = report(trial(1, 0.6), trial(2, 0.5), higher=False)
    assert (found["gain"], found["noise"]) == (pytest.approx(0.1), pytest.approx(0.02))


WORDS = [
    (
        "clear",
        [trial(1, 0.70), trial(2, 0.80)],
        "The gain of 0.100 is more than chance in these rows explains",
    ),
    ("noise", [trial(1, 0.79), trial(2, 0.80)], "The gain of 0.010 is within noise"),
    ("own options", [trial(1, 0.80), trial(2, 0.70)], "none did better than the run's own options"),
    ("no score", [trial(1, None, "cut")], "No trial came as far as a validation"),
    ("first diverged", [trial(1, None, "diverged"), trial(2, 0.7)], "number 2 did best"),
    ("no interval", [trial(1, 0.7), trial(2, 0.8, half=None)], "against 0.700 with the run's own options"),
]


@pytest.mark.parametrize(("trials", "words"), [case[1:] for case in WORDS], ids=[case[0] for case in WORDS])
def test_the_verdict_says(trials: list[Trial], words: str) -> None:
    assert words in search_verdict(report(*trials))


def test_a_winner_is_said_to_be_flattered_by_having_been_picked() -> None:
    words = search_verdict(report(trial(1, 0.7), trial(2, 0.8)))
    assert "on 374 validation rows" in words
    assert "its score there flatters it; the test rows had no part in the search" in words
