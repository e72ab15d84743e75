import numpy as np
import pytest

from lib.analysis.intervals import wilson
from lib.analysis.multilabel_intervals import multilabel_intervals
from lib.errors import UserError
from lib.tasks.multilabel import multilabel_scores


def drawn(rows: int, labels: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    gold = random.random((rows, labels)) < 0.3
    return gold, gold ^ (random.random((rows, labels)) < 0.1)


def test_the_interval_is_that_of_rows_drawn_and_scored_again():
    gold, given = drawn(30, labels=6)
    fast = multilabel_intervals(gold, given, draws=150, seed=8)
    random = np.random.default_rng(8)
    rows = [random.integers(0, 30, 30) for _ in range(150)]
    slow = [multilabel_scores(gold[chosen], given[chosen]) for chosen in rows]
    assert fast.keys() == slow[0].keys()
    for name, interval in fast.items():
        assert interval == pytest.approx(tuple(np.quantile([row[name] for row in slow], (0.025, 0.975))))


def test_intervals_hold_the_scores_and_repeat_with_the_seed():
    gold, given = drawn(400)
    found, scores = multilabel_intervals(gold, given), multilabel_scores(gold, given)
    for name, value in scores.items():
        assert found[name][0] < value < found[name][1]
    assert multilabel_intervals(gold, given) == found != multilabel_intervals(gold, given, seed=1)


def test_rows_that_are_all_right_are_not_taken_for_certain():
    gold = np.zeros((20, 2), dtype=bool)
    gold[:8, 0] = True
    found = multilabel_intervals(gold, gold)
    assert found["accuracy"] == pytest.approx(tuple(float(end) for end in wilson(20, 20)))
    # Only 8 rows have a label at all.
    assert found["micro_f1"] == pytest.approx(tuple(float(end) for end in wilson(8, 8)))


def test_without_any_label_nothing_is_known_of_labels():
    empty = np.zeros((5, 3), dtype=bool)
    found = multilabel_intervals(empty, empty)
    assert found["macro_f1"] == found["micro_f1"] == found["recall"] == (0, 1)
    assert found["accuracy"][1] == 1


def test_groups_are_drawn_whole():
    gold, given = drawn(40)
    twice = (np.repeat(side, 2, axis=0) for side in (gold, given))
    grouped, alone = (
        multilabel_intervals(*twice, groups=np.arange(80) // 2),
        multilabel_intervals(gold, given),
    )
    for name, interval in alone.items():
        assert grouped[name] == pytest.approx(interval)


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(UserError, match="no rows"):
        multilabel_intervals(np.zeros((0, 2)), np.zeros((0, 2)))
    with pytest.raises(ValueError):
        multilabel_intervals(np.zeros((1, 2)), np.zeros((1, 3)))
