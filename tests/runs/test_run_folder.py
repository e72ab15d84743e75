"""The run folder: what readers see, whatever a worker left behind."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from lib.errors import UserError
from lib.runs.files import read_json, write_json
from lib.runs.folder import RunFolder, create_run, list_runs, open_run
from lib.runs.launch import launch
from lib.runs.queue import start_waiting_runs
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State


def new_run(name: str = "moods") -> RunFolder:
    return create_run(Spec(task="text-classification", data=DataSpec(dataset="d@1"), model="m", name=name))


def test_a_new_run_is_queued_and_complete(home: Path) -> None:
    run = new_run()
    assert run.state().state == "queued"
    assert run.spec.name == run.name == "moods"
    assert list_runs() == [run]


@pytest.mark.parametrize("name", ["émotions 🙂", "../../etc", "x" * 400, "", "a/b\\c"])
def test_any_name_makes_a_safe_folder_inside_the_store(home: Path, name: str) -> None:
    run = new_run(name)
    assert run.path.parent == home / "runs"
    assert len(run.id) < 80


def test_a_run_whose_process_is_gone_is_lost(home: Path) -> None:
    run = new_run()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    run.write_state(State(state="running", pid=dead.pid, process_started=time.time()))
    assert run.state().state == "lost"
    assert run.state().can_resume


def test_a_process_number_used_again_by_another_program_does_not_count(home: Path) -> None:
    run = new_run()
    mine = psutil.Process()
    run.write_state(State(state="running", pid=mine.pid, process_started=mine.create_time()))
    assert run.state().state == "running"
    run.write_state(State(state="running", pid=mine.pid, process_started=mine.create_time() - 100))
    assert run.state().state == "lost"


def test_a_zombie_does_not_count_as_running(home: Path) -> None:
    run = new_run()
    child = subprocess.Popen([sys.executable, "-c", ""])
    process = psutil.Process(child.pid)
    started = process.create_time()
    while process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    run.write_state(State(state="running", pid=child.pid, process_started=started))
    assert run.state().state == "lost"
    child.wait()


DAMAGE = ["", "{", "[]", "null", '{"state": "run']


@pytest.mark.parametrize("text", DAMAGE)
def test_a_damaged_state_shows_as_failed_and_the_run_can_be_deleted(home: Path, text: str) -> None:
    run = new_run()
    (run.path / "state.json").write_text(text)
    assert run.state().state == "failed"
    run.delete()
    assert list_runs() == []


def test_a_line_that_is_still_being_written_is_left_for_the_next_time(home: Path) -> None:
    run = new_run()
    run.metrics_path.write_text('{"step": 1, "value": 2}\n{"step": 2, "va')
    assert run.read_metrics() == [{"step": 1, "value": 2}]


def test_a_running_run_cannot_be_deleted(home: Path) -> None:
    run = new_run()
    mine = psutil.Process()
    run.write_state(State(state="running", pid=mine.pid, process_started=mine.create_time()))
    with pytest.raises(UserError, match="Stop it first"):
        run.delete()


def test_a_succeeded_run_cannot_be_resumed(home: Path) -> None:
    run = new_run()
    run.write_state(State(state="succeeded"))
    with pytest.raises(UserError, match="nothing to resume"):
        run.request_resume()


def test_a_run_is_found_by_its_id_its_end_or_its_name(home: Path) -> None:
    run = new_run("first")
    new_run("second")
    assert open_run(run.id) == open_run(run.id[-4:]) == open_run("first") == run
    with pytest.raises(UserError, match="Newest runs"):
        open_run("third")


def test_a_renamed_run_keeps_its_id_and_spec(home: Path) -> None:
    run = new_run()
    run.rename("  better \n name ")
    assert (run.name, run.spec.name) == ("better name", "moods")
    with pytest.raises(UserError):
        run.rename("  ")


def test_readers_never_see_half_a_state(tmp_path: Path) -> None:
    path, done = tmp_path / "state.json", threading.Event()
    write_json(path, {"n": 0, "pad": "x" * 50_000})

    def write() -> None:
        for number in range(200):
            write_json(path, {"n": number, "pad": "x" * 50_000})
        done.set()

    threading.Thread(target=write).start()
    seen = 0
    while not done.is_set():
        assert read_json(path) is not None
        seen += 1
    assert seen > 10


def test_a_full_disk_is_a_sentence_and_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lib.runs.folder.write_json", no_space)
    with pytest.raises(UserError, match="No space left on device"):
        new_run()
    assert list((home / "runs").iterdir()) == []


def test_a_worker_that_cannot_start_fails_with_its_exit_code(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.runs.launch.sys.executable", "/bin/false")
    run = new_run()
    assert launch(run, "cpu") is False
    state = run.state()
    assert state.state == "failed"
    assert "exit code 1" in state.problems[0]["what"]


def test_a_queued_run_that_waits_for_a_missing_device_stays_queued(home: Path) -> None:
    run = new_run()
    run.write_state(State(state="queued", device="cuda:7"))
    assert start_waiting_runs() == []
    assert run.state().state == "queued"


def test_another_process_holding_the_queue_lock_is_left_alone(home: Path) -> None:
    from filelock import FileLock

    new_run()
    with FileLock(home / "queue.lock"):
        assert start_waiting_runs() == []


def test_the_state_tells_the_files_own_fields_only(home: Path) -> None:
    run = new_run()
    (run.path / "state.json").write_text(json.dumps({"state": "queued", "from_the_future": 1}))
    assert run.state().state == "queued"
