"""Runs in a list: read again only when a file has changed, whatever lies in the folders."""

import os
from pathlib import Path

import psutil
import pytest

from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.settings import get_settings
from lib.ui.runs_list import all_lines, line_of, waiting_before
from lib.ui.runs_table import run_to_show, runs_table

SPEC = Spec("text-classification", DataSpec(dataset="tweets@1"), "starter:minilm-l6", name="tweets")


def queued(name: str, *, at: float) -> RunFolder:
    run = create_run(SPEC.changed(name=name))
    run.write_state(State("queued", queued=at))
    return run


def test_a_change_of_a_file_is_seen(home: Path) -> None:
    run = queued("a", at=1)
    assert (line_of(run).name, line_of(run).standing) == ("a", "queued")
    run.rename("b")
    run.write_state(State("failed"))
    assert (line_of(run).name, line_of(run).standing) == ("b", "failed")


def test_a_dead_worker_is_seen_without_any_file_changing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = queued("a", at=1)
    me = psutil.Process(os.getpid())
    run.write_state(State("running", pid=me.pid, process_started=me.create_time()))
    assert line_of(run).standing == "running"
    monkeypatch.setattr("lib.runs.state.process_alive", lambda pid, started: False)
    assert line_of(run).standing == "lost"


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", "{"])
def test_damaged_folders_are_listed_as_damaged(home: Path, text: str) -> None:
    broken = get_settings().runs / "20260101-000000-broken"
    broken.mkdir(parents=True)
    for name in ("spec.json", "state.json", "result.json", "name.json"):
        (broken / name).write_text(text)
    (get_settings().runs / "20260102-000000-empty").mkdir()
    lines = all_lines()
    assert [line.standing for line in lines] == ["damaged", "damaged"]
    assert list(runs_table(lines, in_hand=None)["State"]) == ["Damaged", "Damaged"]


def test_the_queue_is_in_the_order_of_asking(home: Path) -> None:
    first, second, third = queued("a", at=1), queued("b", at=2), queued("c", at=3)
    lines = all_lines()
    assert [waiting_before(line_of(run), lines)[0] for run in (first, second, third)] == [0, 1, 2]


def test_without_a_run_in_hand_what_is_going_on_comes_first(home: Path) -> None:
    ended, waiting = queued("a", at=1), queued("b", at=2)
    ended.write_state(State("succeeded"))
    assert run_to_show(all_lines(), None) == line_of(waiting)
    waiting.write_state(State("failed"))
    assert run_to_show(all_lines(), "tweets@1") is not None
    assert run_to_show([], "tweets@1") is None
