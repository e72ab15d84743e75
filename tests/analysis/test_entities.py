"""What becomes of spans, and the scores of each label."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from seqeval.metrics import classification_report

from lib.analysis.entities import entity_pairs, entity_table, match_spans
from lib.tasks.tags import read_tags


def spans(*given: tuple[int, int, str]) -> list[dict[str, Any]]:
    return [{"start": start, "end": end, "label": label, "text": "x"} for start, end, label in given]


def pairs_of(*rows: tuple[Any, Any]) -> pd.DataFrame:
    return entity_pairs(*([json.dumps(spans(*row[side])) for row in rows] for side in (0, 1)))


def random_pairs(seed: int, rows: int = 150) -> tuple[list[list[str]], list[list[str]], pd.DataFrame]:
    """True tags, predicted tags and the pairs of their spans, counted in words."""
    random = np.random.default_rng(seed)
    tags = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    gold = [[str(tag) for tag in random.choice(tags, 8)] for _ in range(rows)]
    guess = [[tag if random.random() < 0.7 else str(random.choice(tags)) for tag in row] for row in gold]
    cells = [[json.dumps(spans(*read_tags(row, "IOB2"))) for row in side] for side in (gold, guess)]
    return gold, guess, entity_pairs(*cells)


TABLE = [
    ("the same", [(0, 4, "A")], [(0, 4, "A")], [(0, 0, "right")]),
    ("another label", [(0, 4, "A")], [(0, 4, "B")], [(0, 0, "wrong type")]),
    ("too short", [(0, 9, "A")], [(0, 4, "A")], [(0, 0, "wrong borders")]),
    ("too short and another label", [(0, 9, "A")], [(5, 9, "B")], [(0, 0, "wrong type and borders")]),
    ("nothing there", [(0, 4, "A")], [], [(0, None, "missed")]),
    ("nothing is true there", [], [(0, 4, "A")], [(None, 0, "spurious")]),
    (
        "neighbours do not overlap",
        [(0, 4, "A")],
        [(4, 8, "A")],
        [(0, None, "missed"), (None, 0, "spurious")],
    ),
    (
        "one for two goes to the earlier of those it covers as well",
        [(0, 4, "A"), (5, 9, "A")],
        [(0, 9, "A")],
        [(0, 0, "wrong borders"), (1, None, "missed")],
    ),
    (
        "most overlap wins, though it stands later and has another label",
        [(0, 4, "A"), (5, 20, "B")],
        [(2, 18, "A")],
        [(0, None, "missed"), (1, 0, "wrong type and borders")],
    ),
    (
        "the same borders come before an overlap",
        [(0, 9, "A"), (10, 20, "B")],
        [(8, 9, "A"), (10, 20, "A")],
        [(0, 0, "wrong borders"), (1, 1, "wrong type")],
    ),
    (
        "of the same borders those with the same label",
        [(0, 4, "A"), (0, 4, "B")],
        [(0, 4, "B")],
        [(0, None, "missed"), (1, 0, "right")],
    ),
]


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_outcomes_of(gold: Any, predicted: Any, expected: list[Any]) -> None:
    assert match_spans(spans(*gold), spans(*predicted)) == expected


def test_overlap_is_measured_in_words_where_the_words_are_known() -> None:
    text = "internationalization of A B C"
    gold = spans((0, 20, "A"), (24, 29, "A"))
    predicted = spans((0, 29, "A"))
    assert match_spans(gold, predicted)[0].predicted == 0
    starts = [place for place in range(len(text)) if not place or text[place - 1] == " "]
    assert match_spans(gold, predicted, lambda: starts)[1] == (1, 0, "wrong borders")


def test_every_span_is_in_one_line_and_no_line_holds_two_of_a_side() -> None:
    gold, guess, pairs = random_pairs(7)
    for side, rows in (("true", gold), ("predicted", guess)):
        there = pairs[pairs[side].notna()]
        assert len(there) == sum(len(read_tags(row, "IOB2")) for row in rows)
        assert not there.duplicated(["place", f"{side}_at"]).any()


def test_the_table_equals_seqevals_report() -> None:
    gold, guess, pairs = random_pairs(3)
    table = entity_table(pairs, ["LOC", "PER"]).set_index("label")
    report = classification_report(gold, guess, output_dict=True)
    for label in ("LOC", "PER"):
        row = table.loc[label]
        expected = report[label]
        assert row["precision"] == pytest.approx(expected["precision"])
        assert row["recall"] == pytest.approx(expected["recall"])
        assert row["f1"] == pytest.approx(expected["f1-score"])
        assert row["support"] == expected["support"]
        assert row["f1_low"] < row["f1"] < row["f1_high"]
        of_true = ["right", "wrong type", "wrong borders", "wrong type and borders", "missed"]
        assert row[of_true].sum() == row["support"]


def test_labels_without_spans_are_kept_and_unknown_ones_are_added() -> None:
    table = entity_table(pairs_of(([(0, 4, "NEW")], [])), ["OLD"])
    assert table["label"].tolist() == ["OLD", "NEW"]
    assert table["support"].tolist() == [0, 1]
    assert table["precision_low"].tolist() == [0, 0] and table["precision_high"].tolist() == [1, 1]


def test_rows_without_any_span_make_an_empty_table() -> None:
    table = entity_table(pairs_of(([], [])), ["A"])
    assert table[["support", "predicted", "right", "spurious"]].iloc[0].tolist() == [0, 0, 0, 0]
