"""Timing models side by side: the same rows for all, in turns, and a ratio with an interval."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lib.tasks.base import Brief, Rows
from lib.tasks.text_classification import TextClassification
from lib.training.speed import LEAST_TURNS, MOST_TURNS, Side, measure_speed, speedup

TARGET = {"labels": ["cross", "happy"]}
ROWS = pd.DataFrame({"text": [f"the tea was {'very ' * (number % 7)}late" for number in range(50)]})


class Noting(TextClassification):
    """The real task, noting which texts it was asked to read."""

    def __init__(self, name: str, asked: list[tuple[str, list[str]]]) -> None:
        self.name, self.asked = name, asked

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Any:
        self.asked.append((self.name, list(rows["text"])))
        return super().encode(processor, rows, brief)


def sides(folder: Path) -> tuple[dict[str, Side], list[tuple[str, list[str]]]]:
    asked: list[tuple[str, list[str]]] = []
    found = {}
    for name in ("teacher", "student"):
        task = Noting(name, asked)
        model = task.load_model(folder, TARGET)
        brief = Brief({"text": "text", "label": "label"}, TARGET, max_length=32)
        found[name] = Side(task, model, task.load_processor(folder), brief)
    return found, asked


def test_each_side_has_its_percentiles_at_each_batch_size(tiny_encoder: Path) -> None:
    both, _ = sides(tiny_encoder)
    found = measure_speed(both, ROWS)
    assert (found["device"], found["rows"]) == ("cpu", 50)
    for side in ("teacher", "student"):
        assert list(found[side]) == ["1", "32"]
        for size, spread in found[side].items():
            assert 0 < spread["p50_ms"] <= spread["p95_ms"]
            assert spread["batches"] == MOST_TURNS[int(size)]
    assert list(found["speedup"]) == ["1", "32"]


def test_all_sides_get_the_same_batches_and_take_turns_in_going_first(tiny_encoder: Path) -> None:
    both, asked = sides(tiny_encoder)
    measure_speed(both, ROWS, sizes=(32,))
    turns = list(zip(asked[::2], asked[1::2], strict=True))
    assert len(turns) == 1 + MOST_TURNS[32]  # the warm-up is one
    assert all(one[1] == other[1] and len(one[1]) == 32 for one, other in turns)
    firsts = [one[0] for one, _ in turns]
    assert firsts.count("teacher") - firsts.count("student") in (0, 1)
    assert all(one[1] != other[1] for (one, _), (other, _) in pairwise(turns))


def test_fewer_rows_than_a_batch_come_more_than_once(tiny_encoder: Path) -> None:
    both, asked = sides(tiny_encoder)
    measure_speed(both, ROWS.head(3), sizes=(32,), seconds=0.0)
    assert {len(texts) for _, texts in asked} == {32}


def test_out_of_time_a_few_turns_are_taken_all_the_same(tiny_encoder: Path) -> None:
    both, _ = sides(tiny_encoder)
    found = measure_speed(both, ROWS, sizes=(1,), seconds=0.0)
    assert 1 <= found["student"]["1"]["batches"] <= LEAST_TURNS


def test_no_rows_are_refused(tiny_encoder: Path) -> None:
    both, _ = sides(tiny_encoder)
    with pytest.raises(ValueError, match="no rows"):
        measure_speed(both, ROWS.head(0))


def test_models_that_learn_are_put_out_of_training_so_that_dropout_takes_no_time(tiny_encoder: Path) -> None:
    both, _ = sides(tiny_encoder)
    both["student"].model.train()
    measure_speed(both, ROWS, sizes=(1,), seconds=0.0)
    assert not both["student"].model.training


def test_the_speedup_is_the_ratio_of_the_medians() -> None:
    found = speedup([10.0, 20.0, 30.0], [5.0, 4.0, 9.0])
    assert found["value"] == pytest.approx(20 / 5)
    assert found["low"] <= 4 <= found["high"]


def test_noise_that_hits_both_alike_leaves_no_doubt_about_the_speedup() -> None:
    noise = np.random.default_rng(0).lognormal(size=40)
    found = speedup(2 * noise, noise)
    assert (found["low"], found["value"], found["high"]) == pytest.approx((2, 2, 2))
