"""What was tried: kept line by line, read back whole, and never in the way when it cannot be kept."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.inference.askable import Askable, askable_run
from lib.inference.predict import Predictions
from lib.inference.tries import MOST_TRIES, Answer, Try, forget_tries, keep_try, read_tries, tries_path
from lib.tasks.outputs import LabelScores
from tests.pages.fake_finished_runs import finished_run

OUTPUT = LabelScores(("a", "b"))


@pytest.fixture
def asked(home: Path) -> Askable:
    return askable_run(finished_run())


def tried(text: str, *, loading: float = 0.0) -> Try:
    frame = pd.DataFrame(
        {"predicted": ["a"], "confidence": [np.float64(0.75)], "scores": [np.array([0.75, 0.25], np.float32)]}
    )
    frame["margin"], frame["truncated"] = np.nan, np.True_
    found = Predictions(frame, OUTPUT, 0.01, loading=loading)
    return Try({"text": text}, [Answer.of("key", "title", found)], {"num_beams": 4})


def test_a_try_is_read_back_as_it_was(asked: Askable) -> None:
    one = tried("tea 🙂 <script> \ud800 \n=1+1".encode("utf-8", "replace").decode())
    assert keep_try(asked, one)
    again = read_tries(asked)[0]
    assert again == one
    assert again.answers[0].row == {
        "predicted": "a", "confidence": 0.75, "scores": [0.75, 0.25], "margin": None, "truncated": True,
    }  # fmt: skip


def test_the_newest_comes_first_and_broken_lines_are_passed_over(asked: Askable) -> None:
    keep_try(asked, tried("one"))
    with tries_path(asked).open("a") as file:
        file.write('{"half a li\n[]\n{"cells": 3}\n')
    keep_try(asked, tried("two"))
    assert [one.cells["text"] for one in read_tries(asked)] == ["two", "one"]


def test_old_tries_make_room(asked: Askable) -> None:
    for number in range(2 * MOST_TRIES + 2):
        keep_try(asked, tried(str(number)))
    kept = tries_path(asked).read_text().splitlines()
    assert len(kept) <= 2 * MOST_TRIES
    assert read_tries(asked)[0].cells["text"] == str(2 * MOST_TRIES + 1)
    assert len(read_tries(asked)) == MOST_TRIES


def test_they_lie_with_the_run_for_its_user_alone_and_can_be_forgotten(asked: Askable) -> None:
    keep_try(asked, tried("private"))
    assert asked.run is not None and tries_path(asked).parent == asked.run.path
    assert tries_path(asked).stat().st_mode & 0o077 == 0
    forget_tries(asked)
    assert read_tries(asked) == []
    forget_tries(asked)


def test_where_nothing_can_be_written_it_is_said_and_nothing_breaks(asked: Askable) -> None:
    tries_path(asked).mkdir()
    assert not keep_try(asked, tried("lost"))
    assert read_tries(asked) == []


def test_the_first_answer_is_the_one_that_waited_for_loading() -> None:
    assert tried("x", loading=2.0).answers[0].is_first
    assert not tried("x", loading=0.001).answers[0].is_first
