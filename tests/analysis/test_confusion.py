import numpy as np
import pandas as pd
import pytest

from lib.analysis.confusion import ORDERS, ConfusionMatrix

GOLD = ["joy", "joy", "joy", "anger", "anger", "fear"]
PREDICTED = ["joy", "anger", "joy", "anger", "joy", "joy"]


def drawn(labels: int, rows: int, *, seed: int = 0, right: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    """Gold and predicted label names of random rows, of which about `right` are right."""
    random = np.random.default_rng(seed)
    names = np.array([f"class {place:04d}" for place in range(labels)], dtype=object)
    gold = random.integers(0, labels, rows)
    predicted = np.where(random.random(rows) < right, gold, random.integers(0, labels, rows))
    return names[gold], names[predicted]


def test_rows_of_the_matrix_are_true_labels_and_columns_are_predictions():
    matrix = ConfusionMatrix.of(GOLD, PREDICTED)
    assert matrix.labels == ("anger", "fear", "joy")
    assert matrix.counts.tolist() == [[1, 0, 1], [0, 0, 1], [1, 0, 2]]
    assert matrix.counts.dtype == np.int64


def test_given_labels_keep_their_order_and_labels_only_in_the_rows_follow():
    matrix = ConfusionMatrix.of(["b", "new"], ["c", "b"], labels=["c", "b", "never seen"])
    assert matrix.labels == ("c", "b", "never seen", "new")
    assert matrix.support.tolist() == [0, 1, 0, 1]
    assert matrix.predicted_rows.tolist() == [1, 1, 0, 0]


def test_labels_that_are_numbers_are_taken_by_name():
    matrix = ConfusionMatrix.of(np.array([0, 1, 10]), np.array(["0", "10", "10"], dtype=object))
    assert matrix.labels == ("0", "1", "10")
    assert matrix.counts.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1]]
    assert len(matrix.rows_of(pd.DataFrame({"gold": [0, 1], "predicted": [0, 1]}), true="1")) == 1


@pytest.mark.parametrize(
    ("gold", "predicted", "labels", "said"),
    [
        (["a"], ["a", "b"], None, "1 gold labels but 2 predicted"),
        (["a", None], ["a", "b"], None, "1 of the gold labels are missing"),
        (["a", "b"], ["a", float("nan")], None, "1 of the predicted labels are missing"),
        (["a"], ["a"], ["a", "a"], "twice"),
    ],
)
def test_what_cannot_be_counted_is_refused(gold, predicted, labels, said):
    with pytest.raises(ValueError, match=said):
        ConfusionMatrix.of(gold, predicted, labels=labels)


def test_a_matrix_of_no_rows_is_all_zero():
    matrix = ConfusionMatrix.of([], [], labels=["a", "b"])
    assert matrix.total == 0
    assert matrix.counts.tolist() == [[0, 0], [0, 0]]
    assert matrix.shares("row").sum() == matrix.shares("all").sum() == 0
    assert sorted(matrix.order("clustered")) == [0, 1]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("row", [[1 / 2, 0, 1 / 2], [0, 0, 1], [1 / 3, 0, 2 / 3]]),
        ("column", [[1 / 2, 0, 1 / 4], [0, 0, 1 / 4], [1 / 2, 0, 2 / 4]]),
        ("all", [[1 / 6, 0, 1 / 6], [0, 0, 1 / 6], [1 / 6, 0, 2 / 6]]),
    ],
)
def test_shares_are_of_the_true_label_the_predicted_label_or_all_rows(by, expected):
    np.testing.assert_allclose(ConfusionMatrix.of(GOLD, PREDICTED).shares(by), expected)


@pytest.mark.parametrize("labels", [3, 12])
def test_every_cell_and_label_counts_exactly_the_rows_it_selects(labels):
    gold, predicted = drawn(labels, 400)
    frame = pd.DataFrame({"gold": gold, "predicted": predicted})
    matrix = ConfusionMatrix.of(gold, predicted)
    for i, true in enumerate(matrix.labels):
        assert len(matrix.rows_of(frame, true=true)) == matrix.support[i] == matrix.rows_in(true=i)
        assert len(matrix.rows_of(frame, predicted=i)) == matrix.predicted_rows[i]
        for j, guess in enumerate(matrix.labels):
            found = matrix.rows_of(frame, true=i, predicted=guess)
            assert len(found) == matrix.counts[i, j] == matrix.rows_in(true=true, predicted=j)
            assert (found["gold"] == true).all() and (found["predicted"] == guess).all()
    assert len(matrix.rows_of(frame)) == matrix.total == 400


def test_rows_of_keeps_index_and_order_and_refuses_labels_it_does_not_know():
    frame = pd.DataFrame({"gold": GOLD, "predicted": PREDICTED}, index=[9, 8, 7, 6, 5, 4])
    matrix = ConfusionMatrix.of(GOLD, PREDICTED)
    assert matrix.rows_of(frame, true="joy", predicted="joy").index.tolist() == [9, 7]
    for unknown in ("disgust", 3, -1):
        with pytest.raises(KeyError):
            matrix.rows_of(frame, true=unknown)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("given", ["b", "a", "C"]),
        ("alphabetical", ["a", "b", "C"]),
        ("support", ["a", "C", "b"]),
        ("f1", ["C", "b", "a"]),
    ],
)
def test_labels_can_be_put_in_order(kind, expected):
    gold = ["a"] * 5 + ["C"] * 3 + ["b"] * 2
    predicted = ["a"] * 5 + ["b"] * 3 + ["b"] * 2
    matrix = ConfusionMatrix.of(gold, predicted, labels=["b", "a", "C"])
    assert [matrix.labels[place] for place in matrix.order(kind)] == expected


def test_clustering_puts_labels_mistaken_for_each_other_side_by_side():
    counts = np.diag([50] * 6)
    for one, other in ((0, 3), (1, 4), (2, 5)):
        counts[one, other] = counts[other, one] = 25
    order = ConfusionMatrix.from_counts("abcdef", counts).order("clustered").tolist()
    assert {frozenset(order[place : place + 2]) for place in (0, 2, 4)} == {
        frozenset(pair) for pair in ((0, 3), (1, 4), (2, 5))
    }


@pytest.mark.parametrize("kind", ORDERS)
@pytest.mark.parametrize("labels", [1, 2, 40, 1000])
def test_every_order_holds_every_label_once(kind, labels):
    matrix = ConfusionMatrix.of(*drawn(labels, 3000))
    assert sorted(matrix.order(kind)) == list(range(len(matrix)))


def test_an_unknown_order_or_share_is_refused():
    matrix = ConfusionMatrix.of(GOLD, PREDICTED)
    with pytest.raises(ValueError, match="clustered"):
        matrix.order("random")
    with pytest.raises(ValueError, match="column"):
        matrix.shares("diagonal")


def test_top_confusions_lists_the_pairs_with_most_rows_first():
    matrix = ConfusionMatrix.from_counts(["a", "b", "c"], [[8, 2, 0], [5, 90, 5], [0, 1, 4]])
    top = matrix.top_confusions(3)
    assert top.values.tolist() == [["b", "a", 5, 0.05], ["b", "c", 5, 0.05], ["a", "b", 2, 0.2]]
    assert ConfusionMatrix.of(["a"], ["a"]).top_confusions().empty


@pytest.mark.parametrize("n", [1, 5, 30])
def test_a_reduced_matrix_keeps_the_number_of_rows_and_every_cell_still_selects_them(n):
    gold, predicted = drawn(60, 900)
    frame = pd.DataFrame({"gold": gold, "predicted": predicted})
    reduced = ConfusionMatrix.of(gold, predicted).reduced(n)
    assert len(reduced) == n + 1 and reduced.labels[-1] == "(other)"
    assert reduced.total == reduced.counts.sum() == 900
    for i in range(n + 1):
        assert len(reduced.rows_of(frame, true=i)) == reduced.support[i]
        for j in range(n + 1):
            assert len(reduced.rows_of(frame, true=i, predicted=j)) == reduced.counts[i, j]


def test_reducing_keeps_the_labels_with_most_mistakes():
    counts = np.diag([100, 100, 10, 100])
    counts[2, 0] = 7
    reduced = ConfusionMatrix.from_counts(["a", "b", "c", "d"], counts).reduced(2)
    assert reduced.labels == ("a", "c", "(other)")
    assert reduced.members[-1] == ("b", "d")


def test_a_label_called_other_is_not_mixed_up_with_the_gathered_ones():
    gold = ["(other)"] * 3 + ["a"] * 2 + ["b", "c"]
    reduced = ConfusionMatrix.of(gold, ["a"] * 7).reduced(2)
    assert reduced.labels == ("(other)", "a", "((other))")


def test_a_small_matrix_is_not_reduced():
    matrix = ConfusionMatrix.of(GOLD, PREDICTED)
    assert matrix.reduced(2) is matrix


def test_a_selection_is_said_in_words():
    matrix = ConfusionMatrix.of(GOLD, PREDICTED)
    assert matrix.describe(true="anger", predicted="joy") == "1 row: truly anger, predicted joy"
    assert matrix.describe(predicted="joy") == "4 rows: predicted joy"
    assert matrix.describe() == "all 6 rows"


def test_a_thousand_labels_are_stored_by_their_filled_cells():
    gold, predicted = drawn(1000, 20_000)
    matrix = ConfusionMatrix.of(gold, predicted)
    assert len(matrix.rows) < 20_000 and (matrix.rows > 0).all()
    assert matrix.counts.sum() == matrix.total == 20_000
