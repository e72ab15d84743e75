"""A run that is killed, stopped or crashed goes on as if nothing had happened."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from lib.analysis.matrix_steps import MatrixSteps
from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run
from lib.runs.queue import start_waiting_runs
from lib.runs.spec import DataSpec, Spec
from lib.settings import get_settings
from tests.conftest import write_rows


def wish(csv_file: Path, model: Path, **options: object) -> Spec:
    defaults = {
        "epochs": 30,
        "batch_size": 8,
        "learning_rate": 1e-3,
        "patience": 0,
        "evaluations_per_epoch": 1,
    }
    return Spec(
        task="text-classification",
        data=DataSpec(file=str(csv_file)),
        model=f"folder:{model}",
        options={**defaults, **options},
    )


def start(spec: Spec) -> RunFolder:
    run = create_run(plan_run(spec).spec)
    assert start_waiting_runs() == [run]
    return run


def wait(run: RunFolder, until: Callable[[], bool], *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, (run.state(), run.read_log())
        time.sleep(0.02)


def wait_for_end(run: RunFolder) -> None:
    wait(run, lambda: not run.state().is_active)


def weights(run: RunFolder) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in load_file(run.model_path / "model.safetensors").items()}


def curve(run: RunFolder, split: str, name: str) -> list[tuple[int, float]]:
    return [(r["step"], r["value"]) for r in run.read_metrics() if r["split"] == split and r["name"] == name]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Iterator[RunFolder]:
    """A finished run that the interrupted ones are held against; in a home of its own."""
    root = tmp_path_factory.mktemp("uninterrupted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(root / "home"))
        get_settings.cache_clear()
        run = start(wish(write_rows(root / "moods.csv"), tiny_encoder))
        wait_for_end(run)
    get_settings.cache_clear()
    assert run.state().state == "succeeded", run.read_log()
    yield run


def test_a_killed_run_shows_as_lost_and_resumes_to_the_same_weights_with_no_gap_or_repeat(
    uninterrupted: RunFolder, home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    run = start(wish(csv_file, tiny_encoder))
    wait(run, lambda: run.state().step > 40)
    os.kill(run.state().pid or 0, signal.SIGKILL)
    wait(run, lambda: run.state().state == "lost", seconds=10)

    run.request_resume()
    assert start_waiting_runs() == [run]
    wait_for_end(run)

    assert run.state().state == "succeeded", run.read_log()
    assert run.state().resumes == 1
    for split, name in (("train", "loss"), ("train", "learning_rate"), ("validation", "macro_f1")):
        assert curve(run, split, name) == curve(uninterrupted, split, name)
    assert run.confusions() == uninterrupted.confusions()
    assert weights(run) == weights(uninterrupted)
    assert (run.result() or {})["scores"] == (uninterrupted.result() or {})["scores"]


def test_what_is_counted_at_each_validation_has_the_accuracy_that_was_scored(
    uninterrupted: RunFolder,
) -> None:
    labels = ["cross", "happy"]
    history = MatrixSteps.of(labels, uninterrupted.confusions())
    scored = dict(curve(uninterrupted, "validation", "accuracy"))
    assert list(history.steps) == list(scored) and len(scored) > 2
    found = [matrix.correct.sum() / matrix.total for matrix in history.matrices]
    assert found == pytest.approx(list(scored.values()))


def test_a_stopped_run_keeps_the_best_model_so_far_and_resumes_to_the_same_weights(
    uninterrupted: RunFolder, home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    run = start(wish(csv_file, tiny_encoder))
    wait(run, lambda: run.state().step > 50)
    run.request_stop()
    wait_for_end(run)

    stopped = run.result() or {}
    assert run.state().state == stopped["state"] == "stopped"
    assert stopped["best_step"] <= stopped["steps"] < 300
    assert (run.model_path / "model.safetensors").is_file()
    assert run.predictions_path.is_file()

    run.request_resume()
    start_waiting_runs()
    wait_for_end(run)

    assert run.state().state == "succeeded", run.read_log()
    assert curve(run, "train", "loss") == curve(uninterrupted, "train", "loss")
    assert weights(run) == weights(uninterrupted)


def test_a_run_stopped_while_it_waits_never_starts(home: Path, csv_file: Path, tiny_encoder: Path) -> None:
    run = create_run(plan_run(wish(csv_file, tiny_encoder)).spec)
    run.request_stop()
    assert start_waiting_runs() == []
    assert run.state().state == "stopped"


def test_a_half_written_checkpoint_is_not_resumed_from(home: Path, tmp_path: Path) -> None:
    from lib.training.checkpoints import mark_complete, newest_complete

    for step, whole in ((10, True), (20, True), (30, False)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(b"")
        if whole:
            mark_complete(folder, trained_seconds=1.0, parts={})
    found = newest_complete(tmp_path)
    assert found is not None and found.name == "checkpoint-20"
    assert not (tmp_path / "checkpoint-30").exists()


def test_one_run_at_a_time_trains_on_a_device_and_the_next_follows_by_itself(
    home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    plan = plan_run(wish(csv_file, tiny_encoder, epochs=3))
    first, second = create_run(plan.spec), create_run(plan.spec)
    assert len(start_waiting_runs()) == 1
    assert start_waiting_runs() == []
    states = sorted(run.state().state for run in (first, second))
    assert states == ["queued", "running"]
    # Nobody looks at the queue from here on: the first worker starts the second as it ends.
    wait(first, lambda: not any(run.state().is_active for run in (first, second)))
    assert [run.state().state for run in (first, second)] == ["succeeded", "succeeded"]


def test_the_log_of_a_failed_worker_says_why(home: Path, csv_file: Path, tiny_encoder: Path) -> None:
    run = create_run(plan_run(wish(csv_file, tiny_encoder)).spec)
    spec = json.loads((run.path / "spec.json").read_text())
    spec["data"]["fingerprint"] = "sha256:other"
    (run.path / "spec.json").write_text(json.dumps(spec))
    start_waiting_runs()
    wait_for_end(run)
    state = run.state()
    assert state.state == "failed"
    assert state.problems[0]["code"] == "data-gone"
