"""What becomes of spans, and the scores of each label."""

import json
from typing import Any

import numpy as np
import pytest
from seqeval.metrics import classification_report

from lib.analysis.entities import entity_outcomes, entity_table, match_spans
from lib.tasks.tags import read_tags


def spans(*given: tuple[int, int, str]) -> list[dict[str, Any]]:
    return [{"start": start, "end": end, "label": label, "text": "x"} for start, end, label in given]


TABLE = [
    ("the same", [(0, 4, "A")], [(0, 4, "A")], ["right"], ["right"]),
    ("another label", [(0, 4, "A")], [(0, 4, "B")], ["wrong type"], ["wrong type"]),
    ("too short", [(0, 9, "A")], [(0, 4, "A")], ["wrong borders"], ["wrong borders"]),
    ("too short and another label", [(0, 9, "A")], [(5, 9, "B")], ["wrong borders"], ["wrong borders"]),
    ("nothing there", [(0, 4, "A")], [], ["missed"], []),
    ("neighbours do not overlap", [(0, 4, "A")], [(4, 8, "A")], ["missed"], ["extra"]),
    ("one for two", [(0, 4, "A"), (5, 9, "A")], [(0, 9, "A")], ["wrong borders"] * 2, ["wrong borders"]),
]


@pytest.mark.parametrize(
    ("gold", "predicted", "of_gold", "of_predicted"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_outcomes_of(gold: Any, predicted: Any, of_gold: list[str], of_predicted: list[str]) -> None:
    assert match_spans(spans(*gold), spans(*predicted)) == (of_gold, of_predicted)


def test_the_table_equals_seqevals_report() -> None:
    random = np.random.default_rng(3)
    tags = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    gold = [[str(tag) for tag in random.choice(tags, 8)] for _ in range(150)]
    guess = [[tag if random.random() < 0.7 else "O" for tag in row] for row in gold]
    cells = [[json.dumps(spans(*read_tags(row, "IOB2"))) for row in rows] for rows in (gold, guess)]
    table = entity_table(entity_outcomes(*cells), ["LOC", "PER"]).set_index("label")
    report = classification_report(gold, guess, output_dict=True)
    for label in ("LOC", "PER"):
        row = table.loc[label]
        expected = report[label]
        assert row["precision"] == pytest.approx(expected["precision"])
        assert row["recall"] == pytest.approx(expected["recall"])
        assert row["f1"] == pytest.approx(expected["f1-score"])
        assert row["support"] == expected["support"]
        assert row["f1_low"] < row["f1"] < row["f1_high"]
        assert row[["right", "wrong type", "wrong borders", "missed"]].sum() == row["support"]


def test_labels_without_spans_are_kept_and_unknown_ones_are_added() -> None:
    cells = [json.dumps(spans((0, 4, "NEW")))], [json.dumps([])]
    table = entity_table(entity_outcomes(*cells), ["OLD"])
    assert table["label"].tolist() == ["OLD", "NEW"]
    assert table["support"].tolist() == [0, 1]
    assert table["precision_low"].tolist() == [0, 0] and table["precision_high"].tolist() == [1, 1]


def test_rows_without_any_span_make_an_empty_table() -> None:
    table = entity_table(entity_outcomes(["[]"], ["[]"]), ["A"])
    assert table[["support", "predicted", "right", "extra"]].iloc[0].tolist() == [0, 0, 0, 0]
