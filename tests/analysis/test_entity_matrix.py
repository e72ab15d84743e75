"""The matrix of entity types: its sums are those of seqeval, and every cell is the lines behind it."""

import pytest
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support
from test_entities import pairs_of, random_pairs

from lib.analysis.entity_matrix import EntityMatrix
from lib.analysis.entity_slices import SEEN, UNSEEN, entity_slices, surface

LABELS = ("LOC", "PER")


@pytest.mark.parametrize("seed", range(5))
def test_its_sums_are_seqevals(seed: int) -> None:
    gold, guess, pairs = random_pairs(seed)
    matrix = EntityMatrix.of(pairs, LABELS)
    precision, _, _, support = precision_recall_fscore_support(gold, guess, average=None)
    predicted = matrix.predicted[:-1]
    exact = [matrix.same_borders[place, place] for place in range(len(LABELS))]
    assert matrix.support[:-1].tolist() == support.tolist()
    assert exact == pytest.approx((precision * predicted).tolist())
    assert sum(exact) == matrix.right == (pairs["outcome"] == "right").sum()
    assert matrix.support[-1] == (pairs["outcome"] == "spurious").sum()
    assert matrix.predicted[-1] == (pairs["outcome"] == "missed").sum()


@pytest.mark.parametrize("shown", [25, 1])
def test_every_cell_and_every_sum_is_the_lines_behind_it(shown: int) -> None:
    pairs = pairs_of(
        ([(0, 4, "A"), (5, 9, "B"), (10, 14, "C")], [(0, 4, "A"), (5, 9, "C")]),
        ([(0, 9, "A")], [(0, 4, "A"), (20, 24, "D")]),
        ([(0, 4, "C")], [(0, 4, "A")]),
    )
    matrix = EntityMatrix.of(pairs, ["A", "B", "C"], shown=shown)
    assert matrix.labels == (("A", "B", "C", "D") if shown == 25 else ("A", "(other)"))
    for i, true in enumerate(matrix.names):
        assert len(matrix.chosen(pairs, true=true)) == matrix.support[i]
        for j, predicted in enumerate(matrix.names):
            assert len(matrix.chosen(pairs, true=true, predicted=predicted)) == matrix.pairs[i, j]
    assert matrix.pairs[-1, -1] == 0 and matrix.pairs.sum() == len(pairs)


def test_borders_that_differ_are_counted_apart() -> None:
    pairs = pairs_of(([(0, 4, "A"), (5, 9, "A"), (10, 19, "A")], [(0, 4, "A"), (5, 7, "A"), (10, 12, "B")]))
    matrix = EntityMatrix.of(pairs, ["A", "B"])
    assert matrix.pairs[0].tolist() == [2, 1, 0] and matrix.same_borders[0].tolist() == [1, 0, 0]
    assert matrix.right == 1


def test_a_label_that_is_called_like_a_margin_is_not_taken_for_it() -> None:
    pairs = pairs_of(([(0, 4, "(nothing)")], []))
    matrix = EntityMatrix.of(pairs, ["(nothing)"])
    assert matrix.names == ("(nothing)", "((nothing))")
    assert len(matrix.chosen(pairs, true="(nothing)")) == 1
    assert len(matrix.chosen(pairs, predicted="((nothing))")) == 1


def test_a_name_that_the_run_does_not_have_raises() -> None:
    matrix = EntityMatrix.of(pairs_of(([(0, 4, "A")], [])), ["A"])
    with pytest.raises(KeyError):
        matrix.chosen(pairs_of(([], [])), true="Z")


def test_without_any_span_the_matrix_is_empty() -> None:
    matrix = EntityMatrix.of(pairs_of(([], [])), ["A"])
    assert matrix.pairs.sum() == 0 and len(matrix) == 1


def test_entities_are_sliced_by_training_and_by_length() -> None:
    pairs = pairs_of(([(0, 4, "A"), (5, 9, "A")], [(0, 4, "A")]), ([(0, 9, "A")], []))
    pairs["text"] = ["New  York", "Rome", "a b c d e"]
    table = entity_slices(pairs, {surface("new york")}).set_index("slice")
    assert table.loc[SEEN, ["entities", "found"]].tolist() == [1, 1]
    assert table.loc[UNSEEN, ["entities", "found", "recall"]].tolist() == [2, 0, 0]
    assert table.loc["4 words or more", "entities"] == 1 and "3 words" not in table.index
    assert (table["low"] <= table["recall"]).all() and (table["recall"] <= table["high"]).all()
    assert set(entity_slices(pairs, None)["kind"]) == {"length"}
