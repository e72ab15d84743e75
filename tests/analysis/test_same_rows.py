"""Which rows two runs share: by number on the same data, by what was read on another version of it."""

import numpy as np
import pandas as pd
import pytest

from lib.analysis.same_rows import same_rows
from lib.errors import UserError
from lib.tasks.outputs import Continuation, LabelScores, ManyLabels, Number

LABELS = LabelScores(("a", "b"))
TEXTS = {"other_texts": ["input: text"], "this_texts": ["input: text"]}


def rows(
    numbers: list[int], texts: list[str], gold: list[str], predicted: list[str] | None = None
) -> pd.DataFrame:
    return pd.DataFrame(
        {"row": numbers, "input: text": pd.Series(texts, dtype="str"), "gold": pd.Series(gold, dtype="str"),
         "predicted": pd.Series(predicted or gold, dtype="str")}
    )  # fmt: skip


def test_on_the_same_data_rows_are_found_by_their_number_whatever_their_order() -> None:
    other = rows([5, 3, 9], ["e", "c", "i"], ["a", "b", "a"], ["x5", "x3", "x9"])
    this = rows([3, 5, 9], ["c", "e", "i"], ["b", "a", "a"], ["y3", "y5", "y9"])
    found = same_rows(LABELS, other, this, same_data=True, **TEXTS)
    assert found.other["predicted"].tolist() == ["x3", "x5", "x9"]
    assert found.this["predicted"].tolist() == ["y3", "y5", "y9"]
    assert found.is_whole and not found.by_text and len(found) == 3


def test_test_sets_that_overlap_give_the_rows_of_both_and_say_what_is_left_out() -> None:
    other = rows([1, 2, 3, 4], list("wxyz"), list("abab"))
    this = rows([3, 4, 5], list("yzq"), list("abb"))
    found = same_rows(LABELS, other, this, same_data=True, **TEXTS)
    assert found.this["row"].tolist() == [3, 4]
    assert (found.only_other, found.only_this, found.relabelled) == (2, 1, 0)
    assert not found.is_whole


def test_in_another_version_rows_are_found_by_their_text_and_the_how_manyeth_it_is() -> None:
    other = rows([0, 1, 2], ["twice", "once", "twice"], ["a", "b", "b"], ["p0", "p1", "p2"])
    this = rows([7, 8, 9], ["new", "twice", "twice"], ["b", "a", "b"], ["q7", "q8", "q9"])
    found = same_rows(LABELS, other, this, same_data=False, **TEXTS)
    assert found.other["predicted"].tolist() == ["p0", "p2"]
    assert found.this["predicted"].tolist() == ["q8", "q9"]
    assert found.by_text and (found.only_other, found.only_this) == (1, 1)


def test_rows_whose_true_answer_differs_are_left_out_and_counted() -> None:
    found = same_rows(LABELS, rows([1, 2], ["x", "y"], ["a", "b"]), rows([1, 2], ["x", "y"], ["a", "a"]),
                      same_data=True, **TEXTS)  # fmt: skip
    assert found.this["row"].tolist() == [1] and found.relabelled == 1


def test_one_number_with_other_texts_is_another_example_where_both_read_the_same_columns() -> None:
    other, this = rows([1, 2], ["x", "drawn"], ["a", "a"]), rows([1, 2], ["x", "drawn otherwise"], ["a", "a"])
    assert len(same_rows(LABELS, other, this, same_data=True, **TEXTS)) == 1


def test_runs_that_read_different_columns_of_one_data_set_are_compared_by_number() -> None:
    other = rows([1, 2], ["x", "y"], ["a", "b"]).rename(columns={"input: text": "input: title"})
    found = same_rows(LABELS, other, rows([1, 2], ["p", "q"], ["a", "b"]), other_texts=["input: title"],
                      this_texts=["input: text"], same_data=True)  # fmt: skip
    assert len(found) == 2 and found.is_whole


def test_a_set_of_labels_is_the_same_in_any_order_and_a_number_to_its_last_digits() -> None:
    one, two = rows([1], ["x"], ['["a", "b"]']), rows([1], ["x"], ['["b", "a"]'])
    assert len(same_rows(ManyLabels(("a", "b")), one, two, same_data=True, **TEXTS)) == 1
    first = pd.DataFrame({"row": [1, 2], "input: text": ["x", "y"], "gold": [0.1 + 0.2, np.nan]})
    second = first.assign(gold=[0.3, np.nan])
    assert len(same_rows(Number(), first, second, same_data=True, **TEXTS)) == 2


@pytest.mark.parametrize(
    ("other", "this", "words"),
    [
        (rows([1], ["x"], ["a"]), rows([2], ["y"], ["a"]), "not one of them is the same"),
        (rows([1], ["x"], ["a"]), rows([1], ["x"], ["b"]), "What is true differs"),
        (rows([], [], []), rows([1], ["x"], ["b"]), "not one of them is the same"),
    ],
)
def test_nothing_in_common_is_refused(other: pd.DataFrame, this: pd.DataFrame, words: str) -> None:
    with pytest.raises(UserError, match=words):
        same_rows(LABELS, other, this, same_data=True, **TEXTS)


def test_losses_over_different_tokens_are_refused() -> None:
    one = rows([1, 2], ["x", "y"], ["x", "y"]).assign(tokens_judged=[4, 9])
    assert len(same_rows(Continuation(), one, one, same_data=True, **TEXTS)) == 2
    with pytest.raises(UserError, match="different tokens"):
        same_rows(Continuation(), one, one.assign(tokens_judged=[4, 10]), same_data=True, **TEXTS)
