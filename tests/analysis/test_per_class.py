import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.intervals import wilson
from lib.analysis.per_class import per_class


@pytest.mark.parametrize("labels", [2, 7, 1000])
def test_every_label_scores_as_scikit_learn_says(labels):
    random = np.random.default_rng(labels)
    gold = random.integers(0, labels, 2000)
    guess = np.where(random.random(2000) < 0.6, gold, random.integers(0, labels, 2000))
    names = [f"{label:04d}" for label in range(labels)]
    table = per_class(ConfusionMatrix.of([names[i] for i in gold], [names[i] for i in guess], labels=names))
    expected = precision_recall_fscore_support(gold, guess, labels=range(labels), zero_division=0)
    assert table["label"].tolist() == names
    for column, values in zip(["precision", "recall", "f1", "support"], expected, strict=True):
        np.testing.assert_allclose(table[column], values)
    for column in ("precision", "recall", "f1"):
        assert table[column].between(table[f"{column}_low"] - 1e-12, table[f"{column}_high"] + 1e-12).all()


def test_intervals_of_precision_and_recall_are_those_of_wilson():
    row = per_class(ConfusionMatrix.from_counts(["a", "b"], [[8, 2], [4, 6]])).iloc[0]
    assert [row["precision_low"], row["precision_high"]] == pytest.approx(np.array(wilson(8, 12)))
    assert [row["recall_low"], row["recall_high"]] == pytest.approx(np.array(wilson(8, 10)))


def test_a_label_in_no_row_scores_nothing_with_nothing_known():
    row = per_class(ConfusionMatrix.of(["a"], ["a"], labels=["a", "b"])).iloc[1]
    assert row[["precision", "recall", "f1", "support", "predicted", "correct"]].eq(0).all()
    assert row[["f1_low", "recall_low", "precision_low"]].eq(0).all()
    assert row[["f1_high", "recall_high", "precision_high"]].eq(1).all()


def test_a_label_that_is_always_right_on_few_rows_is_not_called_certain():
    row = per_class(ConfusionMatrix.of(["a"] * 3, ["a"] * 3)).iloc[0]
    assert row["f1"] == row["f1_high"] == 1
    assert row["f1_low"] < 0.7
