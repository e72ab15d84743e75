import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from lib.errors import UserError
from lib.tasks.multilabel import multilabel_scores, tune_thresholds


def drawn(seed: int, rows: int = 40, labels: int = 5) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    gold = random.random((rows, labels)) < np.linspace(0.2, 0.6, labels)
    return gold, np.clip(gold * 0.25 + random.random((rows, labels)).round(2) * 0.6, 0, 1)


@pytest.mark.parametrize("seed", range(10))
def test_scores_equal_those_of_scikit_learn_over_the_labels_that_occur(seed):
    gold, values = drawn(seed, rows=12, labels=6)
    gold[:, 4], values[:, 4] = False, 0  # occurs nowhere
    gold[:, 5] = False  # given only
    given = values >= 0.45
    occurs = np.flatnonzero((gold | given).any(axis=0))
    options = {"labels": occurs, "average": "macro", "zero_division": 0}
    assert multilabel_scores(gold, given) == pytest.approx(
        {
            "accuracy": accuracy_score(gold, given),
            "macro_f1": f1_score(gold, given, **options),
            "micro_f1": f1_score(gold, given, average="micro", zero_division=0),
            "precision": precision_score(gold, given, **options),
            "recall": recall_score(gold, given, **options),
        }
    )


def test_a_case_worked_out_by_hand():
    gold = np.array([[1, 0], [1, 1], [0, 0]], dtype=bool)
    given = np.array([[1, 0], [0, 1], [0, 1]], dtype=bool)
    # First label: 1 of 2 found, none wrong, F1 2/3. Second: found, one wrong, F1 2/3. Only the first row is exact.
    assert multilabel_scores(gold, given) == pytest.approx(
        {"accuracy": 1 / 3, "macro_f1": 2 / 3, "micro_f1": 2 / 3, "precision": 0.75, "recall": 0.75}
    )


def test_rows_without_any_label_are_right_but_say_nothing_of_labels():
    empty = np.zeros((3, 2), dtype=bool)
    scores = multilabel_scores(empty, empty)
    assert scores["accuracy"] == 1 and scores["macro_f1"] == scores["micro_f1"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_no_other_threshold_is_better_on_the_rows_it_was_tuned_on(seed):
    gold, values = drawn(seed)
    thresholds = tune_thresholds(gold, values)
    for label, threshold in enumerate(thresholds):
        best = f1_score(gold[:, label], values[:, label] >= threshold)
        steps = np.unique(values[:, label])
        others = [
            f1_score(gold[:, label], values[:, label] >= t) for t in [0.5, *((steps[1:] + steps[:-1]) / 2)]
        ]
        assert best == pytest.approx(max(others))


def column(*pairs: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    gold, scores = zip(*pairs, strict=True)
    return np.array(gold, dtype=bool)[:, None], np.array(scores, dtype=float)[:, None]


FIVE = [(1, 0.2)] * 5


@pytest.mark.parametrize(
    ("pairs", "threshold"),
    [
        # Between the best wrong and the worst right score.
        ([*FIVE, (0, 0.1)], 0.15),
        # 0.5 itself divides as well as any: it stays.
        ([(1, 0.9)] * 5 + [(0, 0.1)], 0.5),
        # A wrong one above 0.5.
        ([(1, 0.9)] * 5 + [(0, 0.8)], 0.85),
        # Nothing to cut between.
        ([(1, 0.3)] * 5, 0.5),
        # No true row.
        ([(0, 0.2), (0, 0.9)], 0.5),
        # Too few true rows to go by.
        ([(1, 0.2)] * 4 + [(0, 0.1)] * 20, 0.5),
    ],
)
def test_thresholds_worked_out_by_hand(pairs, threshold):
    assert tune_thresholds(*column(*pairs)).tolist() == pytest.approx([threshold])


@pytest.mark.parametrize(
    ("right", "wrong", "rest", "last", "threshold"),
    [
        # Cuts after the first 3 and after 12 both have F1 2/3: 2·3/(3 + 6) and 2·6/(12 + 6).
        (0.45, 0.3, 0.2, 0.1, 0.375),
        (0.95, 0.8, 0.7, 0.6, 0.65),
    ],
)
def test_of_equally_good_thresholds_the_nearest_to_a_half_is_taken(right, wrong, rest, last, threshold):
    pairs = [(1, right)] * 3 + [(0, wrong)] * 6 + [(1, rest)] * 3 + [(0, last)]
    assert tune_thresholds(*column(*pairs)).tolist() == pytest.approx([threshold])


def test_rare_labels_share_one_threshold():
    rows, labels = 30, 3
    gold, scores = np.zeros((rows, labels), dtype=bool), np.full((rows, labels), 0.1)
    for label in range(labels):
        gold[label * 2 : label * 2 + 2, label] = True
        scores[gold[:, label], label] = 0.3
    assert tune_thresholds(gold, scores).tolist() == pytest.approx([0.2, 0.2, 0.2])


def test_neighbouring_floats_are_cut_between():
    low = 0.7
    high = np.nextafter(low, 1)
    gold, scores = column(*[(1, high)] * 5, *[(0, low)] * 5)
    threshold = tune_thresholds(gold, scores)[0]
    assert ((scores >= threshold) == gold).all()


def test_what_cannot_be_scored_is_refused():
    empty = np.zeros((0, 2), dtype=bool)
    with pytest.raises(UserError, match="no rows"):
        multilabel_scores(empty, empty)
    with pytest.raises(ValueError):
        multilabel_scores(np.zeros((2, 2), dtype=bool), np.zeros((2, 3), dtype=bool))
    with pytest.raises(ValueError):
        tune_thresholds(np.zeros((1, 1), dtype=bool), np.array([[np.nan]]))
