import numpy as np
import pytest
from sklearn import metrics

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.scores import SCORES, score, scores, title
from lib.errors import UserError

# The independent reference, called the way the docstrings promise.
REFERENCE = {
    "accuracy": metrics.accuracy_score,
    "macro_f1": lambda gold, guess: metrics.f1_score(gold, guess, average="macro", zero_division=0),
    "micro_f1": lambda gold, guess: metrics.f1_score(gold, guess, average="micro", zero_division=0),
    "precision": lambda gold, guess: metrics.precision_score(gold, guess, average="macro", zero_division=0),
    "recall": lambda gold, guess: metrics.recall_score(gold, guess, average="macro", zero_division=0),
    "mcc": metrics.matthews_corrcoef,
}


def random_case(labels: int, rows: int, seed: int) -> tuple[list[str], list[str]]:
    random = np.random.default_rng(seed)
    gold = random.integers(0, labels, rows)
    guess = np.where(random.random(rows) < 0.5, gold, random.integers(0, labels, rows))
    return [f"l{i}" for i in gold], [f"l{i}" for i in guess]


CASES = {
    "all right": (["a", "b", "c"], ["a", "b", "c"]),
    "all wrong": (["a", "b", "c"], ["b", "c", "a"]),
    "one label only": (["a", "a"], ["a", "a"]),
    "one row, wrong": (["a"], ["b"]),
    "a label never predicted": (["a", "a", "b", "c"], ["a", "a", "b", "a"]),
    "a label absent from gold": (["a", "a", "b"], ["a", "x", "b"]),
    "always the majority": (["a"] * 9 + ["b"], ["a"] * 10),
    **{
        f"random, {k} labels, {n} rows": random_case(k, n, k)
        for k, n in ((2, 9), (4, 300), (30, 500), (1000, 5000))
    },
}


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_every_score_equals_that_of_scikit_learn(case, name):
    gold, predicted = CASES[case]
    assert score(ConfusionMatrix.of(gold, predicted), name) == pytest.approx(
        REFERENCE[name](gold, predicted), abs=1e-12
    )


def test_scores_of_a_case_worked_by_hand():
    # a: 3 true, 2 right, 2 predicted. b: 2 true, 1 right, 3 predicted.
    matrix = ConfusionMatrix.of(list("aaabb"), list("aabab"), labels=["a", "b"])
    found = scores(matrix)
    assert found["accuracy"] == found["micro_f1"] == pytest.approx(3 / 5)
    assert found["precision"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found["recall"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found["mcc"] == pytest.approx((2 * 1 - 1 * 1) / np.sqrt(3 * 3 * 2 * 2))


def test_a_label_of_the_model_in_no_row_counts_neither_for_nor_against():
    gold, predicted = ["a", "b", "b"], ["a", "b", "a"]
    plain = scores(ConfusionMatrix.of(gold, predicted))
    assert scores(ConfusionMatrix.of(gold, predicted, labels=["a", "b", "c", "d"])) == plain


def test_only_the_scores_asked_for_are_computed():
    assert list(scores(ConfusionMatrix.of(["a"], ["a"]), ["mcc", "accuracy"])) == ["mcc", "accuracy"]


def test_no_rows_are_said_to_the_user_and_a_reduced_matrix_is_refused():
    with pytest.raises(UserError, match="no rows"):
        score(ConfusionMatrix.of([], [], labels=["a"]), "accuracy")
    names = [f"l{i}" for i in range(9)]
    with pytest.raises(ValueError, match="reduced"):
        scores(ConfusionMatrix.of(names, names[::-1]).reduced(3))


def test_scores_are_called_what_people_call_them():
    assert title("macro_f1") == "macro-F1"
    assert title("entity_f1") == "entity F1"
    assert title("some_score") == "some score"
