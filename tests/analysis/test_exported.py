"""What an export loses beside the original, on hand-worked rows."""

import json

import numpy as np
import pandas as pd
import pytest

from lib.analysis.exported import compare_exported
from lib.tasks.outputs import Continuation, LabelScores, Number, TokenLabels

LABELS = LabelScores(labels=("no", "yes"))


def judged(gold: str, chances: list[float]) -> pd.DataFrame:
    """Rows with a letter of `gold` each, "y" or "n", and the probability of "yes"."""
    truths = [{"y": "yes", "n": "no"}[letter] for letter in gold]
    said = ["yes" if chance > 0.5 else "no" for chance in chances]
    return pd.DataFrame(
        {
            "gold": truths,
            "predicted": said,
            "correct": [one == other for one, other in zip(truths, said, strict=True)],
            "scores": [np.array([1 - chance, chance], dtype=np.float32) for chance in chances],
            "loss": 0.1,
        }
    )


def test_the_same_answers_and_the_widest_difference_are_counted() -> None:
    one, two = judged("yyn", [0.9, 0.6, 0.2]), judged("yyn", [0.8, 0.4, 0.2])
    found = compare_exported(LABELS, "accuracy", one, two, higher_is_better=True)
    assert (found.same, found.asked) == (2, 3)
    assert found.greatest == pytest.approx(0.2, abs=1e-6)
    assert found.score is not None and found.score.difference.value == pytest.approx(-1 / 3)


def test_what_each_label_loses_is_the_difference_of_its_f1() -> None:
    one, two = judged("yynn", [0.9, 0.9, 0.1, 0.1]), judged("yynn", [0.9, 0.4, 0.1, 0.1])
    labels = compare_exported(LABELS, "macro_f1", one, two, higher_is_better=True).labels.set_index("label")
    assert labels.loc["yes", ["original", "made"]].tolist() == pytest.approx([1.0, 2 / 3])
    assert labels.loc["no", ["original", "made"]].tolist() == pytest.approx([1.0, 0.8])
    assert labels.loc["yes", "difference"] == pytest.approx(-1 / 3)
    assert labels["low"].le(labels["difference"]).all() and labels["high"].ge(labels["difference"]).all()
    assert labels["rows"].tolist() == [2, 2]


def test_answers_that_are_all_alike_leave_as_much_doubt_as_so_few_rows_must() -> None:
    few, many = judged("yn", [0.9, 0.1]), judged("yn" * 500, [0.9, 0.1] * 500)
    widths = []
    for rows in (few, many):
        gap = compare_exported(LABELS, "accuracy", rows, rows, higher_is_better=True).score
        assert gap is not None and gap.difference.value == 0
        widths.append(gap.difference.high - gap.difference.low)
    assert widths[0] > 0.5 and widths[1] < 0.02


def test_spans_are_the_same_whatever_their_confidence() -> None:
    def rows(confidence: float, end: int) -> pd.DataFrame:
        span = {"start": 0, "end": end, "label": "PER", "text": "x", "confidence": confidence}
        counts = {"tp": 1, "fp": 0, "fn": 0, "words": 2, "words_correct": 2}
        said = {"gold": json.dumps([span]), "predicted": json.dumps([span]), "confidence": confidence}
        return pd.DataFrame([said | counts])

    output = TokenLabels(labels=("PER",))
    alike = compare_exported(output, "entity_f1", rows(0.9, 3), rows(0.7, 3), higher_is_better=True)
    other = compare_exported(output, "entity_f1", rows(0.9, 3), rows(0.9, 4), higher_is_better=True)
    assert (alike.same, other.same) == (1, 0)
    assert alike.greatest == pytest.approx(0.2)


def test_numbers_differ_in_spreads_of_the_training_rows() -> None:
    one = pd.DataFrame({"gold": [1.0, 2.0], "predicted": [1.0, 2.0]})
    two = pd.DataFrame({"gold": [1.0, 2.0], "predicted": [1.0, 7.0]})
    found = compare_exported(Number(spread=10.0), "mae", one, two, higher_is_better=False)
    assert (found.same, found.asked, found.greatest) == (1, 2, 0.5)
    assert found.score is not None and found.score.difference.value == pytest.approx(-2.5)


def test_only_rows_that_both_have_answered_are_counted() -> None:
    base = {"nll": [2.0, 4.0, 6.0], "tokens_judged": [2, 2, 2], "loss": [1.0, 2.0, 3.0]}
    one = pd.DataFrame({"gold": "x", "predicted": ["a", "b", None]} | base)
    found = compare_exported(Continuation(), "perplexity", one, one.assign(), higher_is_better=False)
    assert (found.same, found.asked, found.greatest) == (2, 2, 0.0)


def test_rows_that_are_not_the_same_ones_are_refused() -> None:
    with pytest.raises(ValueError, match="3 rows of the original beside 1"):
        compare_exported(
            LABELS, "accuracy", judged("yyn", [0.9] * 3), judged("y", [0.9]), higher_is_better=True
        )
