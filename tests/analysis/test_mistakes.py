import pandas as pd
import pytest

from lib.analysis.mistakes import (
    MISTAKE_ORDERS,
    ORDER_TITLES,
    by_confidence_when_wrong,
    filtered,
    ordered,
)

FRAME = pd.DataFrame(
    {
        "row_id": list("abcd"),
        "row": [3, 1, 2, 0],
        "split": ["test", "test", "validation", "test"],
        "gold": ["x", "y", "x", "y"],
        "predicted": ["y", "y", "y", "x"],
        "confidence": [0.6, 0.9, 0.5, 0.8],
        "loss": [1.2, 0.1, 0.9, 2.0],
        "margin": [0.3, 0.8, 0.1, 0.7],
        "entropy": [0.9, 0.2, 1.0, 0.4],
        "correct": [False, True, False, False],
        "text": ["A [good] Day", "bad", None, "good"],
    },
    index=[10, 20, 30, 40],
)


@pytest.mark.parametrize(
    ("order", "expected"),
    [("loss", "dacb"), ("confidence", "dac"), ("margin", "cadb"), ("entropy", "cadb"), ("row", "dbca")],
)
def test_predictions_come_in_the_order_asked_for(order, expected):
    assert "".join(ordered(FRAME, order)["row_id"]) == expected


def test_every_order_has_a_title_and_an_unknown_one_is_refused():
    assert set(ORDER_TITLES) == set(MISTAKE_ORDERS)
    with pytest.raises(ValueError, match="margin"):
        ordered(FRAME, "colour")


def test_surest_mistakes_leave_out_what_is_right_and_the_frame_alone():
    before = FRAME.copy()
    assert not by_confidence_when_wrong(FRAME)["correct"].any()
    pd.testing.assert_frame_equal(FRAME, before)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, "abcd"),
        ({"split": "validation"}, "c"),
        ({"wrong_only": True}, "acd"),
        ({"confidence": (0.6, 0.8)}, "ad"),
        ({"contains": "GOOD", "columns": ("text",)}, "ad"),
        ({"contains": "[good]", "columns": ("text",)}, "a"),
        ({"contains": "good"}, "abcd"),
        ({"split": "test", "wrong_only": True, "contains": "day", "columns": ("text", "gold")}, "a"),
    ],
)
def test_predictions_can_be_narrowed_down(conditions, expected):
    assert "".join(filtered(FRAME, **conditions)["row_id"]) == expected
