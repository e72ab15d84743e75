"""Strict, exact, partial and type scores: the six scenarios of SemEval 2013 by hand, seqeval, and nervaluate itself."""

from typing import Any

import numpy as np
import pytest
from seqeval.metrics import f1_score, precision_score, recall_score
from test_entities import pairs_of, random_pairs

from lib.analysis.entity_modes import CREDIT, ModeScores, mode_scores
from lib.errors import UserError
from lib.tasks.tags import read_tags

TRUE, OTHER = (10, 20, "DRUG"), (10, 20, "BRAND")
# Scenario, true spans, predicted spans, and for each mode: correct, incorrect, partial, missed, spurious.
SCENARIOS: list[tuple[str, Any, Any, dict[str, tuple[int, ...]]]] = [
    ("1 right", [TRUE], [TRUE], dict.fromkeys(CREDIT, (1, 0, 0, 0, 0))),
    ("2 spurious", [], [TRUE], dict.fromkeys(CREDIT, (0, 0, 0, 0, 1))),
    ("3 missed", [TRUE], [], dict.fromkeys(CREDIT, (0, 0, 0, 1, 0))),
    (
        "4 wrong type",
        [TRUE],
        [OTHER],
        {
            "strict": (0, 1, 0, 0, 0),
            "exact": (1, 0, 0, 0, 0),
            "partial": (1, 0, 0, 0, 0),
            "type": (0, 1, 0, 0, 0),
        },
    ),
    (
        "5 wrong borders",
        [TRUE],
        [(10, 14, "DRUG")],
        {
            "strict": (0, 1, 0, 0, 0),
            "exact": (0, 1, 0, 0, 0),
            "partial": (0, 0, 1, 0, 0),
            "type": (1, 0, 0, 0, 0),
        },
    ),
    (
        "6 wrong type and borders",
        [TRUE],
        [(10, 14, "BRAND")],
        {
            "strict": (0, 1, 0, 0, 0),
            "exact": (0, 1, 0, 0, 0),
            "partial": (0, 0, 1, 0, 0),
            "type": (0, 1, 0, 0, 0),
        },
    ),
]


def counts(scores: ModeScores) -> tuple[int, ...]:
    return scores.correct, scores.incorrect, scores.partial, scores.missed, scores.spurious


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"), [row[1:] for row in SCENARIOS], ids=[row[0] for row in SCENARIOS]
)
def test_scenario(gold: Any, predicted: Any, expected: dict[str, tuple[int, ...]]) -> None:
    found = mode_scores(pairs_of((gold, predicted)), 1, draws=10)
    assert {scores.mode: counts(scores) for scores in found} == expected


def test_the_six_scenarios_together_give_the_scores_of_the_formulas() -> None:
    pairs = pairs_of(*((gold, predicted) for _, gold, predicted, _ in SCENARIOS))
    found = {scores.mode: scores.scores for scores in mode_scores(pairs, 6, draws=10)}
    credit = {"strict": 1, "exact": 2, "partial": 3, "type": 2}
    for mode, value in credit.items():
        assert found[mode] == pytest.approx({"precision": value / 5, "recall": value / 5, "f1": value / 5})


def test_strict_scores_are_seqevals() -> None:
    gold, guess, pairs = random_pairs(11)
    strict = mode_scores(pairs, len(gold), draws=50)[0].scores
    assert strict["precision"] == pytest.approx(precision_score(gold, guess))
    assert strict["recall"] == pytest.approx(recall_score(gold, guess))
    assert strict["f1"] == pytest.approx(f1_score(gold, guess))


def test_scores_lie_in_their_intervals_and_lenient_modes_are_no_lower() -> None:
    _, _, pairs = random_pairs(12)
    found = mode_scores(pairs, 150, draws=300)
    for scores in found:
        for name, (low, high) in scores.intervals.items():
            assert low < scores.scores[name] < high
    strict, *others = (scores.scores["f1"] for scores in found)
    assert all(strict <= other for other in others)


def test_rows_without_entities_score_nothing_and_say_that_nothing_is_known() -> None:
    for scores in mode_scores(pairs_of(([], []), ([], [])), 2, draws=10):
        assert set(scores.scores.values()) == {0.0}
        assert set(scores.intervals.values()) == {(0.0, 1.0)}


def test_no_rows_raise() -> None:
    with pytest.raises(UserError):
        mode_scores(pairs_of(), 0, draws=10)


def of_the_package(gold: list[list[str]], guess: list[list[str]]) -> dict[str, Any]:
    package = pytest.importorskip("nervaluate", reason="nervaluate is not installed (tests/requirements.txt)")
    rows = [
        [
            [{"label": label, "start": start, "end": end - 1} for start, end, label in read_tags(row, "IOB2")]
            for row in side
        ]
        for side in (gold, guess)
    ]
    found = package.Evaluator(*rows, tags=["LOC", "PER"], loader="dict").evaluate()["overall"]
    return {name if name != "ent_type" else "type": result for name, result in found.items()}


def alone(row: list[str], other: list[str]) -> bool:
    """Whether every span overlaps one span of the other side at most, so that there is one way to pair them."""
    sides = read_tags(row, "IOB2"), read_tags(other, "IOB2")
    overlap = np.array([[a.start < b.end and b.start < a.end for b in sides[1]] for a in sides[0]])
    return overlap.size == 0 or bool(overlap.sum(axis=0).max() < 2 and overlap.sum(axis=1).max() < 2)


@pytest.mark.parametrize("seed", range(4))
def test_it_equals_nervaluate_where_there_is_one_way_to_pair_the_spans(seed: int) -> None:
    gold, guess, pairs = random_pairs(seed, 400)
    kept = [number for number in range(len(gold)) if alone(gold[number], guess[number])]
    expected = of_the_package([gold[number] for number in kept], [guess[number] for number in kept])
    assert len(kept) > 100
    for scores in mode_scores(pairs[pairs["place"].isin(kept)], len(gold), draws=10):
        theirs = expected[scores.mode]
        ours = counts(scores), scores.scores
        assert ours[0] == (theirs.correct, theirs.incorrect, theirs.partial, theirs.missed, theirs.spurious)
        assert ours[1] == pytest.approx(
            {"precision": theirs.precision, "recall": theirs.recall, "f1": theirs.f1}
        )


@pytest.mark.parametrize("seed", range(4))
def test_strict_and_exact_scores_equal_nervaluates_however_spans_overlap(seed: int) -> None:
    gold, guess, pairs = random_pairs(seed, 400)
    expected = of_the_package(gold, guess)
    found = {scores.mode: scores for scores in mode_scores(pairs, len(gold), draws=10)}
    for mode in ("strict", "exact"):
        assert found[mode].correct == expected[mode].correct
        assert found[mode].scores["f1"] == pytest.approx(expected[mode].f1)
    # Where one span overlaps several, pairs are made by most overlap here and by first come there.
    assert found["partial"].scores["f1"] == pytest.approx(expected["partial"].f1, abs=0.02)
