"""Confusion matrices over a run's validations, worked out by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.matrix_steps import MatrixSteps

LABELS = ("a", "b", "c")


def record(step: int, cells: dict[str, int]) -> dict[str, object]:
    """Cells as {"ab": rows}: truly a, predicted b."""
    return {
        "step": step,
        "true": [LABELS.index(cell[0]) for cell in cells],
        "predicted": [LABELS.index(cell[1]) for cell in cells],
        "rows": list(cells.values()),
    }


FIRST = record(10, {"aa": 1, "ab": 4, "bb": 3, "bc": 2, "cc": 2})
MIDDLE = record(20, {"aa": 5, "bb": 1, "bc": 4, "ca": 1, "cc": 1})
LAST = record(30, {"aa": 5, "bb": 3, "bc": 2, "ca": 2})


def test_matrices_and_changes_follow_the_steps() -> None:
    found = MatrixSteps.of(LABELS, [FIRST, MIDDLE, LAST])
    assert found.steps == (10, 20, 30)
    assert found.matrices[1].counts.tolist() == [[5, 0, 0], [0, 1, 4], [1, 0, 1]]
    assert found.change(30).counts.tolist() == [[4, -4, 0], [0, 0, 0], [2, 0, -2]]
    assert not found.change(10).counts.any()


def test_the_confusions_that_moved_most_come_first_though_they_may_have_come_back() -> None:
    found = MatrixSteps.of(LABELS, [FIRST, MIDDLE, LAST]).confusions()
    lines = [(true, predicted, rows.tolist()) for true, predicted, rows in found.itertuples(index=False)]
    assert lines == [("a", "b", [4, 0, 0]), ("b", "c", [2, 4, 2]), ("c", "a", [0, 1, 2])]
    assert len(MatrixSteps.of(LABELS, [FIRST, MIDDLE, LAST]).confusions(most=1)) == 1


def test_a_confusion_that_never_changed_is_not_listed() -> None:
    assert MatrixSteps.of(LABELS, [FIRST, FIRST | {"step": 11}]).confusions().empty


def test_every_step_is_scikit_learns_matrix() -> None:
    random = np.random.default_rng(3)
    gold = random.integers(3, size=60)
    records, expected = [], []
    for step in range(4):
        guess = random.integers(3, size=60)
        names = np.array(LABELS, dtype=object)
        matrix = ConfusionMatrix.of(names[gold], names[guess], labels=LABELS)
        made = {
            "true": matrix.true.tolist(),
            "predicted": matrix.predicted.tolist(),
            "rows": matrix.rows.tolist(),
        }
        records.append(json.loads(json.dumps(made | {"step": step})))
        expected.append(confusion_matrix(gold, guess, labels=[0, 1, 2]))
    found = MatrixSteps.of(LABELS, records)
    assert [matrix.counts.tolist() for matrix in found.matrices] == [table.tolist() for table in expected]
    pairs = found.confusions()
    table = np.stack(expected)
    for line in pairs.itertuples():
        i, j = LABELS.index(line.true), LABELS.index(line.predicted)
        assert line.rows.tolist() == table[:, i, j].tolist()
    assert len(pairs) == int((np.ptp(table, axis=0)[~np.eye(3, dtype=bool)] > 0).sum())


@pytest.mark.parametrize(
    "broken",
    [
        {"step": 5},
        {"step": 5, "true": [0], "predicted": [9], "rows": [12]},
        {"step": 5, "true": [-1], "predicted": [0], "rows": [12]},
        {"step": 5, "true": [0, 1], "predicted": [0], "rows": [12]},
        {"step": 5, "true": ["x"], "predicted": [0], "rows": [12]},
        {"step": 5, "true": [], "predicted": [], "rows": []},
        {"step": 5, "true": 3, "predicted": 3, "rows": 12},
        record(5, {"aa": 5}),  # of other rows
    ],
)
def test_a_record_that_cannot_be_is_left_out(broken: dict[str, object]) -> None:
    assert MatrixSteps.of(LABELS, [broken, FIRST, LAST]).steps == (10, 30)


def test_nothing_kept_is_no_step() -> None:
    assert len(MatrixSteps.of(LABELS, [])) == 0
    assert isinstance(MatrixSteps.of(LABELS, [FIRST]).confusions(), pd.DataFrame)
