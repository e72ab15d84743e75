"""Metrics that grow, are half written, and are replaced."""

import json
from pathlib import Path

import pytest

from lib.runs.folder import RunFolder
from lib.ui.run_metrics import Tail, tail_of


def write(path: Path, steps: range, *, how: str = "a", value: float = 1.0) -> None:
    with path.open(how, encoding="utf-8") as file:
        for step in steps:
            for name in ("loss", "gradient_norm"):
                record = {"step": step, "epoch": step / 10, "split": "train", "name": name, "value": value}
                file.write(json.dumps(record) + "\n")


def drawn_steps(tail: Tail) -> list[int]:
    losses, _ = tail.charts(("macro_f1",), None, "light")
    return losses.data["step"].tolist()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.jsonl"


def test_only_what_is_drawn_is_kept_and_growth_is_followed(path: Path) -> None:
    write(path, range(1, 4))
    tail = Tail(path)
    assert drawn_steps(tail) == [1, 2, 3]
    write(path, range(4, 6))
    assert drawn_steps(tail) == [1, 2, 3, 4, 5]


def test_nothing_new_gives_the_same_charts(path: Path) -> None:
    write(path, range(1, 4))
    tail = Tail(path)
    assert tail.charts(("a",), None, "light")[0] is tail.charts(("a",), None, "light")[0]
    assert tail.charts(("a",), None, "dark")[0] is not tail.charts(("a",), None, "light")[0]


def test_a_line_that_is_being_written_is_left_for_the_next_time(path: Path) -> None:
    write(path, range(1, 3))
    whole = path.read_text()
    path.write_text(whole + '{"step": 3, "epoch"')
    tail = Tail(path)
    assert drawn_steps(tail) == [1, 2]
    path.write_text(whole)
    write(path, range(3, 4))
    assert drawn_steps(tail) == [1, 2, 3]


def test_a_file_replaced_by_a_resume_is_read_anew(path: Path, tmp_path: Path) -> None:
    write(path, range(1, 9))
    tail = Tail(path)
    assert drawn_steps(tail) == list(range(1, 9))
    shorter = tmp_path / "new"
    write(shorter, range(1, 4))
    shorter.replace(path)
    assert drawn_steps(tail) == [1, 2, 3]


@pytest.mark.parametrize(
    "text", ["", "null\n", "[1]\n", "{}\n", '{"step": "a", "epoch": 1, "split": "x"}\n', "\x00\xff\n"]
)
def test_rubbish_is_no_metric(path: Path, text: str) -> None:
    path.write_text(text)
    assert Tail(path).empty


def test_a_run_without_metrics_is_empty_and_remembered(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert tail_of(run).empty
    assert tail_of(run) is tail_of(RunFolder(tmp_path))
