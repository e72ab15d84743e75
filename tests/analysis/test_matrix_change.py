"""The difference of two confusion matrices: that of scikit-learn's, and each cell the rows that moved."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix

from lib.analysis.matrix_change import MatrixChange, moved


def judged(labels: int, rows: int = 600) -> pd.DataFrame:
    random = np.random.default_rng(labels)
    names = np.array([f"label {number:03d}" for number in range(labels)], dtype=object)
    gold = random.integers(0, labels, rows)
    sides = [
        np.where(random.random(rows) < right, gold, random.integers(0, labels, rows)) for right in (0.5, 0.7)
    ]
    return pd.DataFrame(
        {"gold": names[gold], "other": names[sides[0]], "predicted": names[sides[1]]}, dtype="str"
    )


def change_of(frame: pd.DataFrame) -> MatrixChange:
    return MatrixChange.of(frame["gold"], frame["other"], frame["predicted"])


@pytest.mark.parametrize("labels", [1, 2, 4, 20, 100])
def test_it_is_the_difference_of_the_two_matrices(labels: int) -> None:
    frame = judged(labels)
    change = change_of(frame)
    expected = confusion_matrix(frame["gold"], frame["predicted"], labels=change.labels) - confusion_matrix(
        frame["gold"], frame["other"], labels=change.labels
    )
    np.testing.assert_array_equal(change.counts, expected)
    assert change.net_right == np.trace(expected)
    assert not change.counts.sum(axis=1).any()


def test_every_cell_is_the_rows_that_moved_in_minus_those_that_moved_out() -> None:
    frame = judged(5)
    change = change_of(frame)
    for i, true in enumerate(change.labels):
        for j, predicted in enumerate(change.labels):
            ways = moved(frame, true={true}, predicted={predicted}).value_counts()
            assert ways.get("in", 0) - ways.get("out", 0) == change.counts[i, j]
    everywhere = moved(frame, true=None, predicted={change.labels[0]}).value_counts()
    assert everywhere.get("in", 0) - everywhere.get("out", 0) == change.counts[:, 0].sum()


def test_a_true_label_alone_stands_for_its_rows_with_other_answers() -> None:
    frame = judged(4)
    ways = moved(frame, true={"label 001"}, predicted=None)
    expected = (frame["gold"] == "label 001") & (frame["predicted"] != frame["other"])
    assert ((ways == "changed") == expected).all() and expected.any()


def test_gathering_keeps_every_row_and_the_labels_that_changed_most() -> None:
    frame = judged(100, rows=3000)
    change = change_of(frame)
    reduced = change.reduced(29)
    assert len(reduced) == 30 and reduced.labels[-1] == "(other)" and reduced.labels == reduced.other.labels
    assert reduced.this.total == reduced.other.total == 3000
    assert not reduced.counts.sum(axis=1).any()
    moved_at = np.abs(change.counts).sum(axis=0) + np.abs(change.counts).sum(axis=1)
    kept = [change.labels.index(name) for name in reduced.labels[:-1]]
    assert min(moved_at[kept]) >= max(np.delete(moved_at, kept))
    assert change.reduced(99) is change


def test_the_share_is_of_the_rows_of_the_true_label() -> None:
    change = MatrixChange.of(["a", "a", "a", "a", "b"], ["b", "b", "b", "a", "b"], ["a", "b", "a", "a", "b"])
    assert change.values("count").tolist() == [2, -2]
    assert change.values("row").tolist() == [0.5, -0.5]
    assert change.table()[["true", "predicted", "other", "this", "change"]].to_numpy().tolist() == [
        ["a", "a", 1, 3, 2],
        ["a", "b", 3, 1, -2],
    ]


def test_alike_predictions_change_nothing() -> None:
    change = MatrixChange.of(["a", "b"], ["a", "a"], ["a", "a"])
    assert not change.counts.any() and change.table().empty and len(change.values("row")) == 0
