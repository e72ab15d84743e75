"""The path strip says where you are, what is done and what is next."""

from pathlib import Path

import pytest

from lib.ui.path import Step, next_words, page_files, steps

FILES = [(title, f"pages/{title}.py") for title in ("Data", "Train", "Runs", "Evaluate", "Predict")]


def marks(**state: object) -> dict[str, str]:
    given = {"here": "Data", "has_data": False, "run_state": None, "seen": frozenset()} | state
    return {step.title: step.mark for step in steps(FILES, **given)}  # type: ignore[arg-type]


def test_the_strip_follows_the_files(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    for name in ("10_Late.py", "2_Train.py", "1_Data.py", "helper.py", "3_Runs.pyc"):
        (tmp_path / "pages" / name).touch()
    assert page_files(tmp_path) == [
        ("Data", "pages/1_Data.py"), ("Train", "pages/2_Train.py"), ("Late", "pages/10_Late.py"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "following"),
    [
        ({}, "Data"),
        ({"has_data": True}, "Train"),
        ({"has_data": True, "run_state": "running"}, "Runs"),
        ({"has_data": True, "run_state": "failed"}, "Runs"),
        ({"has_data": True, "run_state": "succeeded"}, "Evaluate"),
        ({"has_data": True, "run_state": "succeeded", "seen": frozenset({"Evaluate"})}, "Predict"),
    ],
)
def test_exactly_one_page_is_next(state: dict[str, object], following: str) -> None:
    found = [title for title, mark in marks(**state).items() if mark == "next"]
    assert found == [following]


def test_nothing_is_next_when_all_is_done() -> None:
    done = marks(has_data=True, run_state="succeeded", seen=frozenset({"Evaluate", "Predict"}))
    assert set(done.values()) == {"done"}


def test_a_page_that_was_seen_is_not_done_before_the_run_is() -> None:
    assert marks(has_data=True, run_state="running", seen=frozenset({"Evaluate"}))["Evaluate"] == "later"


def test_the_words_do_not_send_you_where_you_are() -> None:
    path = [Step("Data", "pages/1_Data.py", "done"), Step("Train", "pages/2_Train.py", "next", here=True)]
    assert next_words(path, data="a@1", run=None, run_state=None) == ""
    elsewhere = [
        Step("Data", "pages/1_Data.py", "done", here=True),
        Step("Train", "pages/2_Train.py", "next"),
    ]
    assert next_words(elsewhere, data="a@1", run=None, run_state=None) == "Next: train a model on it."
