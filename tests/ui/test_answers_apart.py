"""Where two answers differ, worked out by hand for each shape."""

import json
from typing import Any

import pandas as pd
import pytest

from lib.tasks.outputs import LabelScores, ManyLabels, MaskedTokens, Number, Output, Spans, Text, TokenLabels
from lib.ui.answers_apart import apart, changes

ONE, OTHER = LabelScores(("a", "b")), LabelScores(("b", "c"))


def label(said: str, *scores: float) -> dict[str, Any]:
    return {"predicted": said, "confidence": max(scores), "scores": list(scores)}


def spans(*found: tuple[str, str, int]) -> dict[str, Any]:
    return {
        "predicted": json.dumps(
            [{"text": t, "label": name, "start": s, "end": s + 1} for t, name, s in found]
        )
    }


def masks(*best: str) -> dict[str, Any]:
    return {"candidates": json.dumps([[{"token": token, "score": 0.5}] for token in best])}


CASES: list[tuple[Output, dict[str, Any], Output, dict[str, Any], str]] = [
    (ONE, label("a", 0.75, 0.25), ONE, label("a", 0.5, 0.5), "Both say a, with 75.0 % and 50.0 %."),
    (
        ONE,
        label("a", 0.75, 0.25),
        ONE,
        label("b", 0.1, 0.9),
        "They differ: a with 75.0 % against b with 90.0 %.",
    ),
    (ONE, label("a", 0.75, 0.25), OTHER, label("c", 0.1, 0.9), "They know different labels; 1 is shared."),
    (
        ManyLabels(("a",)),
        {"predicted": '["a"]'},
        ManyLabels(("a",)),
        {"predicted": "[]"},
        "Only the first: a.",
    ),
    (TokenLabels(("X",)), spans(("Rome", "X", 3)), TokenLabels(("X",)), spans(), "Only the first: Rome (X"),
    (TokenLabels(("X",)), spans(), TokenLabels(("X",)), spans(), "Both find nothing."),
    (Number(unit="€"), {"predicted": 10.0}, Number(unit="€"), {"predicted": 7.5}, "says -2.5 €"),
    (Spans(), {"predicted": "x", "start": 1}, Spans(), {"predicted": "x", "start": 9}, "different answers"),
    (
        MaskedTokens(),
        masks("tea", "late"),
        MaskedTokens(),
        masks("Tea", "calm"),
        "place 2: late against calm",
    ),
    (Text(), {"predicted": "x"}, Text(), {"predicted": "x"}, "Both write the same."),
    (Text(), {"predicted": "x"}, Spans(), {"predicted": "x"}, "in different ways"),
]


@pytest.mark.parametrize(
    ("one", "mine", "other", "theirs", "words"), CASES, ids=lambda value: str(value)[:30]
)
def test_the_difference_is_said(
    one: Output, mine: dict[str, Any], other: Output, theirs: dict[str, Any], words: str
) -> None:
    assert words in " ".join(apart(one, pd.Series(mine), other, pd.Series(theirs)))


def test_the_largest_change_of_a_label_that_both_know_comes_first() -> None:
    three = LabelScores(("a", "b", "c"))
    table = changes(
        three, pd.Series(label("a", 0.6, 0.3, 0.1)), three, pd.Series(label("c", 0.2, 0.25, 0.55))
    )
    assert table["label"].tolist() == ["c", "a", "b"]
    assert table["change"].round(6).tolist() == [45.0, -40.0, -5.0]
