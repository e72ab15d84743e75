"""What is said before anything is served: a port that is taken, a missing key, a run without a model, other hosts."""

import socket
from pathlib import Path

import pytest

from lib.__main__ import main
from lib.runs.folder import create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.serving.batcher import Batcher, BusyError, EndedError, Job
from lib.serving.server import is_local


@pytest.fixture
def run_id(home: Path) -> str:
    run = create_run(Spec(task="chat", data=DataSpec(dataset="x@1", columns={}), model="folder:/x"))
    run.write_state(State(state="stopped", queued=1.0))
    return run.id


def test_a_run_without_a_model_is_not_served(run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", run_id, "--port", "0"]) == 2
    assert "no finished model" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said(run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["serve", run_id, "--port", str(taken.getsockname()[1])]) == 2
    assert "cannot be listened on" in capsys.readouterr().err


@pytest.mark.parametrize("value", [None, "", "short", "sixteen letters é"])
def test_a_key_comes_from_the_environment_or_nothing_is_served(
    run_id: str, value: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("MY_KEY", value)
    assert main(["serve", run_id, "--key", "MY_KEY"]) == 2
    said = capsys.readouterr().err
    assert "MY_KEY holds no key" in said and not (value and value in said.replace("MY_KEY", ""))


def test_another_host_is_warned_of(run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["serve", run_id, "--host", "0.0.0.0", "--port", "0"])
    assert "everybody who reaches it may ask the model" in capsys.readouterr().err
    assert is_local("::1") and is_local("127.0.0.9") and is_local("localhost") and not is_local("192.168.1.4")


def test_jobs_are_done_together_by_kind_and_a_bad_one_fails_alone() -> None:
    import threading

    gate, seen = threading.Event(), []

    def work(jobs: list[Job]) -> list[int]:
        gate.wait(5)
        seen.append([job.what for job in jobs])
        if any(job.what < 0 for job in jobs):
            raise ValueError("negative")
        return [job.what * 2 for job in jobs]

    batcher = Batcher({"a": work, "b": work}, most={"a": 4, "b": 2}, waiting=9)
    first = batcher.put(Job("a", 0))
    while batcher._jobs:
        pass  # until the thread has it
    waiting = [
        batcher.put(Job(kind, what)) for kind, what in (("a", 1), ("b", 5), ("a", -2), ("b", 6), ("b", 7))
    ]
    gone = Job("a", 9)
    gone.wanted = False
    left = batcher.put(gone)
    with pytest.raises(BusyError):
        batcher.put(Job("a", 1, weight=9))
    gate.set()
    assert first.result(5) == 0
    assert [waiting[place].result(5) for place in (0, 1, 3, 4)] == [2, 10, 12, 14]
    with pytest.raises(ValueError, match="negative"):
        waiting[2].result(5)
    assert left.cancelled()
    assert seen == [[0], [1, -2], [1], [-2], [5, 6], [7]]
    batcher.end(5)
    with pytest.raises(EndedError):
        batcher.put(Job("a", 1))
