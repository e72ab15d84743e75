"""What the review lists hold, without a page."""

import io

import pandas as pd
import pytest

from lib.analysis.confusion import ConfusionMatrix
from lib.ui.downloads import csv_bytes
from lib.ui.review_list import rows_as_table, rows_to_show
from lib.ui.review_selection import Names, Selection, as_ranges, places_in

FRAME = pd.DataFrame(
    {
        "row": [0, 1, 2, 3],
        "row_id": list("abcd"),
        "split": "test",
        "gold": ["joy", "joy", "anger", "anger"],
        "predicted": ["joy", "anger", "anger", "joy"],
        "correct": [True, False, True, False],
        "confidence": [0.9, 0.6, 0.8, 0.7],
        "margin": [0.8, 0.2, 0.6, 0.4],
        "entropy": [0.1, 0.6, 0.3, 0.5],
        "loss": [0.1, 1.0, 0.2, 2.0],
        "input: text": ["=1+1", "-x", "@y", "<b>"],
    }
)
NAMES = Names.of(ConfusionMatrix.of(FRAME["gold"], FRAME["predicted"]))


@pytest.mark.parametrize(
    ("selection", "order", "find", "rows"),
    [
        (Selection(), "loss", "", [3, 1]),
        (Selection(), "confidence", "", [3, 1]),
        (Selection(), "margin", "", [1, 3]),
        (Selection(), "entropy", "", [1, 3]),
        (Selection(), "row", "", [1, 3]),
        (Selection("joy"), "confidence", "", [1, 0]),
        (Selection(predicted="joy"), "loss", "", [3, 0]),
        (Selection("joy", "joy"), "confidence", "", [0]),
        (Selection("anger"), "loss", "<B", [3]),
        (Selection(box=((0,), (0, 1))), "row", "", [2, 3]),
        (Selection(box=((0, 1), (1,))), "row", "", [0, 3]),
    ],
)
def test_the_rows_of_a_selection_come_in_the_order_asked_for(
    selection: Selection, order: str, find: str, rows: list[int]
) -> None:
    found = rows_to_show(FRAME, NAMES, selection, order=order, find=find, texts=["input: text"])
    assert found["row"].tolist() == rows


def test_what_is_downloaded_runs_no_formulas() -> None:
    raw = csv_bytes(rows_as_table(FRAME, ["input: text"]))
    back = pd.read_csv(io.BytesIO(raw), encoding="utf-8-sig")
    assert back["input: text"].tolist() == ["'=1+1", "'-x", "'@y", "<b>"]


def test_a_selection_in_words() -> None:
    assert Selection("joy", "anger").words() == "truly joy, predicted anger"
    assert Selection(predicted="anger").words() == "predicted anger"
    assert Selection().is_empty


def test_a_box_of_labels_in_words() -> None:
    words = Selection(box=((0, 1), (4,))).words()
    assert words == "truly one of 2 labels, predicted one of 1 label"
    assert not Selection(box=((0,), (1,))).is_empty


@pytest.mark.parametrize(
    ("places", "text"), [((3,), "3"), ((0, 1, 2, 7, 9, 10), "0-2.7.9-10"), (tuple(range(1000)), "0-999")]
)
def test_a_box_stands_in_the_address_in_few_letters(places: tuple[int, ...], text: str) -> None:
    assert as_ranges(reversed(places)) == text
    assert places_in(text, 1000) == places


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "1-2-3", "1..2", "²", "99999999999", "5-3"])
def test_an_unreadable_box_is_none(text: str) -> None:
    assert places_in(text, 1000) == ()


def test_a_box_beyond_the_labels_ends_at_the_last_one() -> None:
    assert places_in("2-99", 4) == (2, 3)
    assert places_in("9", 4) == ()
