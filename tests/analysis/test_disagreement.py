"""Where student and teacher part, counted by hand and tested as scipy and the textbook do."""

import pandas as pd
import pytest
from scipy.stats import binom

from lib.analysis.disagreement import disagreement
from lib.tasks.outputs import Continuation, LabelScores, Number, Text, TokenLabels


def judged(*predicted: str, gold: str = "a") -> pd.DataFrame:
    frame = pd.DataFrame({"gold": gold, "predicted": list(predicted)})
    return frame.assign(correct=frame["gold"] == frame["predicted"])


def test_every_row_is_of_one_kind() -> None:
    teacher, student = judged(*"aabbb"), judged(*"abacb")
    found = disagreement(LabelScores(("a", "b", "c")), teacher, student)
    assert found.kinds.tolist() == ["agree", "teacher", "student", "both-wrong", "agree"]
    assert found.counts == {"teacher": 1, "student": 1, "both-wrong": 1, "agree": 2}


def test_mcnemars_test_is_the_two_sided_binomial_one() -> None:
    teacher, student = judged(*"a" * 10, *"b" * 3, "b"), judged(*"b" * 10, *"a" * 3, "b")
    found = disagreement(LabelScores(("a", "b")), teacher, student)
    assert found.p == pytest.approx(2 * binom.cdf(3, 13, 0.5))


def test_models_that_never_part_are_not_told_apart() -> None:
    found = disagreement(LabelScores(("a", "b")), judged("a", "b"), judged("a", "b"))
    assert found.p == 1.0 and found.counts["agree"] == 2


@pytest.mark.parametrize(
    ("output", "column", "teacher", "student"),
    [
        (Text(), "rougeL", [0.9, 0.2, 0.5], [0.4, 0.6, 0.5]),
        (Continuation(), "loss", [1.0, 3.0, 2.0], [2.0, 1.0, 2.0]),
        (Number(), "error", [-1.0, 5.0, -2.0], [3.0, -1.0, 2.0]),
    ],
    ids=["text", "continuation", "number"],
)
def test_where_nothing_is_simply_right_who_comes_closer_is_ahead(output, column, teacher, student) -> None:
    found = disagreement(output, pd.DataFrame({column: teacher}), pd.DataFrame({column: student}))
    assert found.by_closeness
    assert found.kinds.tolist() == ["teacher", "student", "agree"]


def test_a_row_without_a_figure_tells_nobody_apart() -> None:
    found = disagreement(
        Continuation(), pd.DataFrame({"loss": [float("nan")]}), pd.DataFrame({"loss": [1.0]})
    )
    assert found.counts["agree"] == 1


def test_spans_that_differ_in_how_sure_they_are_only_are_the_same_answer() -> None:
    frame = pd.DataFrame({"predicted": ['[{"confidence": 0.9}]'], "tags": ['["O"]'], "correct": [False]})
    other = frame.assign(predicted='[{"confidence": 0.4}]')
    assert disagreement(TokenLabels(("x",)), frame, other).counts["agree"] == 1
