"""A checkup reads a run's files: live ones as far as they are written, ended ones as the worker left them."""

import json
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from lib.errors import Problem
from lib.plan.checkup import checkup
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from tests.analysis.curves import OPTIONS, falling, flat, records

SPEC = Spec(
    "text-classification", DataSpec(dataset="moods@1"), "starter:minilm-l6", name="moods", options=OPTIONS
)
ALIVE = {"pid": os.getpid(), "process_started": psutil.Process().create_time()}


@pytest.fixture
def run(home: Path) -> RunFolder:
    return create_run(SPEC)


def tell(run: RunFolder, state: str, losses: list[float] = [], **parts: Any) -> RunFolder:  # noqa: B006
    with run.metrics_path.open("w") as file:
        file.writelines(json.dumps(record) + "\n" for record in records(losses))
    write_json(
        run.path / "target.json", {"labels": ["a", "b", "c", "d"], "counts": dict.fromkeys("abcd", 100)}
    )
    run.write_state(State(state=state, step=len(losses), total_steps=200, **(ALIVE if state == "running" else {}),
                          **parts))  # fmt: skip
    return run


def codes(run: RunFolder) -> list[str]:
    return [problem.code for problem in checkup(run)]


def test_a_queued_run_has_nothing_to_look_at(run: RunFolder) -> None:
    assert checkup(run) == []


def test_a_running_run_is_looked_at_anew_as_its_files_grow(run: RunFolder) -> None:
    tell(run, "running", falling(1.39, 0.5, 40))
    assert codes(run) == []
    tell(run, "running", [1.39, *flat(6.0, 50)])
    assert codes(run) == ["diverging"]


def test_texts_that_are_cut_are_said_before_the_first_step(run: RunFolder) -> None:
    tell(run, "running")
    write_json(run.path / "lengths.json", {"mean": 100, "longest": 128, "truncated": 0.4})
    [found] = checkup(run)
    assert found.changes == {"options": {"max_length": 256}}  # the starter reads 512


def test_a_run_that_became_no_number_gets_a_rate_to_try_and_is_explained_once(run: RunFolder) -> None:
    died = Problem("The training loss became nan at step 60.", "options.learning_rate", code="diverged")
    tell(run, "failed", [1.39, *flat(6.0, 50)], problems=[died.to_json()])
    [found] = checkup(run)
    assert (found.code, found.severity) == ("diverged", "error")
    assert found.changes == {"options": {"learning_rate": 3e-5}}
    assert "3e-5" in found.fix


def test_what_a_worker_proposes_itself_is_kept(run: RunFolder) -> None:
    full = Problem("The machine ran out of memory.", "options.batch_size", code="out-of-memory",
                   changes={"options": {"batch_size": 8}})  # fmt: skip
    tell(run, "failed", falling(1.39, 0.5, 40), problems=[full.to_json()])
    assert checkup(run) == [full]


def test_a_result_has_the_last_word(run: RunFolder) -> None:
    tell(run, "succeeded", [1.39, *flat(6.0, 50)])
    kept = Problem("The model never answers a label.", code="collapsed-label", severity="warning")
    write_json(run.path / "result.json", {"problems": [kept.to_json() | {"of another version": 1}, "a word"]})
    assert checkup(run) == [kept, Problem("a word")]


def test_a_task_of_another_version_is_passed_over(home: Path) -> None:
    run = tell(create_run(SPEC.changed(task="no-such-task")), "running", [1.39, *flat(6.0, 50)])
    assert checkup(run) == []


def test_a_model_that_is_gone_leaves_what_needs_no_usual_rate(home: Path) -> None:
    run = create_run(SPEC.changed(model="folder:/nowhere"))
    [found] = checkup(tell(run, "running", [1.39, *flat(6.0, 50)]))
    assert found.changes == {"options": {"learning_rate": 3e-5}}


def test_problems_survive_being_written_with_and_without_changes() -> None:
    with_changes = Problem("What.", changes={"options": {"epochs": 2}})
    assert Problem(**json.loads(json.dumps(with_changes.to_json()))) == with_changes
    assert "changes" not in Problem("What.").to_json()
