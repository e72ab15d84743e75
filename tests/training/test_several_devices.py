"""A run on several devices: a process each, the same batches, one writer. Two CPU processes stand for two GPUs."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from filelock import FileLock
from safetensors.numpy import load_file

from lib.plan import sharing
from lib.plan.planner import plan_run
from lib.runs import queue
from lib.runs.folder import RunFolder, create_run
from lib.runs.launch import launch, worker_environment
from lib.runs.spec import DataSpec, Spec
from lib.settings import get_settings

TWO = "cpu,cpu"


@pytest.fixture(scope="module")
def steady_encoder(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Path:
    """The tiny encoder without dropout, which would be drawn anew in each process."""
    from transformers import AutoTokenizer, BertModel

    folder = tmp_path_factory.mktemp("steady") / "model"
    model = BertModel.from_pretrained(tiny_encoder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_encoder).save_pretrained(folder)
    return folder


def train(task: str, data: DataSpec, model: Path, device: str, **options: Any) -> RunFolder:
    wish = Spec(task=task, data=data, model=f"folder:{model}", options=options)
    spec = plan_run(wish).spec
    # As the queue does: another that looks at this home (of a page that a test has opened) would start it too.
    with FileLock(get_settings().home / "queue.lock"):
        run = create_run(spec)
        assert launch(run, device)
    return run


def wait(run: RunFolder, until: Callable[[], bool], *, seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, (run.state(), run.read_log())
        time.sleep(0.05)


def ended(run: RunFolder) -> RunFolder:
    wait(run, lambda: not run.state().is_active)
    return run


def curve(run: RunFolder, split: str, name: str) -> list[tuple[int, float]]:
    return [(r["step"], r["value"]) for r in run.read_metrics() if r["split"] == split and r["name"] == name]


def assert_alike(ours: RunFolder, theirs: RunFolder) -> None:
    assert ours.state().state == theirs.state().state == "succeeded", ours.read_log()
    one, two = (load_file(run.model_path / "model.safetensors") for run in (theirs, ours))
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_allclose(two[name], one[name], atol=2e-4, err_msg=name)
    losses = [dict(curve(run, "train", "loss")) for run in (theirs, ours)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)


# 120 rows are 96 to learn from: whole batches of 8.
CLASSIFY: dict[str, Any] = {
    "epochs": 2, "batch_size": 8, "learning_rate": 1e-3, "patience": 0, "precision": "fp32",
}  # fmt: skip


@pytest.mark.parametrize("accumulation", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_two_processes_with_half_of_each_batch_learn_the_weights_that_one_learns(
    accumulation: int, home: Path, csv_file: Path, steady_encoder: Path
) -> None:
    data = DataSpec(file=str(csv_file), split={"train": 0.8, "validation": 0.1, "test": 0.1})
    options = CLASSIFY | {"gradient_accumulation": accumulation}
    one = ended(train("text-classification", data, steady_encoder, "cpu", **options))
    two = ended(train("text-classification", data, steady_encoder, TWO, **options))
    assert_alike(two, one)
    assert (two.result() or {})["scores"] == (one.result() or {})["scores"]
    assert len(two.read_metrics()) == len(one.read_metrics())


@pytest.mark.slow
def test_hidden_words_weigh_alike_whichever_process_guesses_them(
    home: Path, csv_file: Path, steady_encoder: Path
) -> None:
    data = DataSpec(file=str(csv_file), columns={"text": "text"})
    one = ended(train("fill-mask", data, steady_encoder, "cpu", **CLASSIFY | {"epochs": 1}))
    two = ended(train("fill-mask", data, steady_encoder, TWO, **CLASSIFY | {"epochs": 1}))
    first = [dict(curve(run, "train", "loss"))[1] for run in (one, two)]
    assert first[1] == pytest.approx(first[0], rel=1e-5)


@pytest.mark.slow
def test_it_stops_resumes_and_leaves_no_process_behind(
    home: Path, csv_file: Path, steady_encoder: Path
) -> None:
    data = DataSpec(file=str(csv_file))
    run = train("text-classification", data, steady_encoder, TWO, **CLASSIFY | {"epochs": 60})
    wait(run, lambda: run.state().step > 20)
    launcher = psutil.Process(run.state().pid)
    processes = [launcher, *launcher.children(recursive=True)]
    assert sum("lib.training.worker" in " ".join(item.cmdline()[:4]) for item in processes) >= 2
    run.request_stop()
    ended(run)
    stopped = run.result() or {}
    assert run.state().state == stopped["state"] == "stopped"
    assert (run.model_path / "model.safetensors").is_file()
    assert not psutil.wait_procs(processes, timeout=30)[1]

    run.request_resume()
    assert launch(run, TWO)
    wait(run, lambda: run.state().step > stopped["steps"] + 5)
    # Killed like a crash: the processes of a launcher that is gone must not go on.
    launcher = psutil.Process(run.state().pid)
    processes = launcher.children(recursive=True)
    os.kill(launcher.pid, signal.SIGKILL)
    wait(run, lambda: run.state().state == "lost", seconds=10)
    assert not psutil.wait_procs(processes, timeout=30)[1]


def test_what_goes_wrong_in_any_process_is_told_once_with_its_reason(
    home: Path, csv_file: Path, steady_encoder: Path
) -> None:
    wish = Spec(
        "text-classification", DataSpec(file=str(csv_file)), f"folder:{steady_encoder}", options=CLASSIFY
    )
    broken = create_run(plan_run(wish).spec)
    (broken.path / "target.json").write_text('{"nonsense": 1}')
    assert launch(broken, TWO)
    ended(broken)
    assert broken.state().state == "failed"
    assert "KeyError" in broken.state().problems[0]["what"]


@pytest.mark.parametrize(
    ("wanted", "busy", "started"),
    [
        ([None, None], "", ["cuda:0", "cuda:1"]),
        (["cuda:0,cuda:1"], "", ["cuda:0,cuda:1"]),
        (["cuda:0,cuda:1"], "cuda:0", []),
        (["cuda:0,cuda:1", None], "cuda:0", []),
        ([None], "cuda:0,cuda:1", []),
        ([None], "cuda:0", ["cuda:1"]),
        (["cuda:0", None], "cuda:0", ["cuda:1"]),
    ],
)
def test_the_queue_gives_each_device_to_one_run_and_lets_nobody_overtake_one_that_wants_several(
    wanted: list[str | None], busy: str, started: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    monkeypatch.setattr(queue, "list_devices", lambda: ("cuda:0", "cuda:1"))
    monkeypatch.setattr(queue, "launch", lambda run, device: given.append(device) or True)
    spec = Spec(task="text-classification", data=DataSpec(file="a.csv"), model="starter:minilm-l6")
    if busy:
        running, me = create_run(spec), psutil.Process()
        running.write_state(
            running.state().changed(
                state="running", device=busy, pid=me.pid, process_started=me.create_time()
            )
        )
    for number, device in enumerate(wanted):
        run = create_run(spec.changed(device=device))
        run.write_state(run.state().changed(queued=float(number + 1)))
    queue.start_waiting_runs()
    assert given == started


@pytest.mark.parametrize(
    ("devices", "options", "planned"),
    [
        (("cuda:0", "cuda:1"), {"devices": "all", "batch_size": 8}, "cuda:0,cuda:1"),
        (("cuda:0", "cuda:1"), {"devices": "one", "batch_size": 8}, None),
        (("cpu",), {"devices": "all", "batch_size": 7}, None),
    ],
)
def test_a_run_gets_all_devices_where_it_asks_for_them_and_there_are_several(
    devices: tuple[str, ...], options: dict[str, Any], planned: str | None, monkeypatch: pytest.MonkeyPatch,
    home: Path, csv_file: Path, tiny_encoder: Path,
) -> None:  # fmt: skip
    monkeypatch.setattr(sharing, "list_devices", lambda: devices)
    wish = Spec(
        "text-classification", DataSpec(file=str(csv_file)), f"folder:{tiny_encoder}", options=options
    )
    assert plan_run(wish).spec.device == planned


def test_a_batch_that_cannot_be_divided_is_refused_with_one_that_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "list_devices", lambda: ("cuda:0", "cuda:1", "cuda:2"))
    _, problems = sharing.shared_devices({"devices": "all", "batch_size": 8})
    assert [problem.code for problem in problems] == ["batch-not-divisible"]
    assert "such as 9" in (problems[0].fix or "")


def test_each_worker_sees_its_own_devices_and_a_share_of_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "of the run before")
    monkeypatch.setenv("RANK", "0")
    environment = worker_environment("cuda:1,cuda:2")
    assert environment["CUDA_VISIBLE_DEVICES"] == "1,2"
    assert not {"TORCHELASTIC_RUN_ID", "RANK"} & environment.keys()
    assert worker_environment("cpu")["CUDA_VISIBLE_DEVICES"] == ""
