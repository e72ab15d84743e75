"""Findings on the Runs page: a few cards, one click to train again, links between parent and child."""

import json
import os
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from lib.errors import Problem
from lib.plan.planner import plan_run
from lib.plan.relaunch import children, relaunch
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from tests.analysis.curves import flat, records

ROOT = Path(__file__).resolve().parents[2]
ALIVE = {"pid": os.getpid(), "process_started": psutil.Process().create_time()}


@pytest.fixture(autouse=True)
def no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are queued and stay queued."""
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


@pytest.fixture
def run(csv_file: Path, tiny_encoder: Path) -> RunFolder:
    wish = Spec("text-classification", DataSpec(file=str(csv_file)), f"folder:{tiny_encoder}", name="moods",
                options={"preset": "balanced", "learning_rate": 0.1})  # fmt: skip
    return create_run(plan_run(wish).spec)


def finding(code: str, **options: Any) -> Problem:
    return Problem(f"It is {code}. The loss is <b>6</b>.", "options", "Do this.", "warning", code,
                   {"options": options} if options else {})  # fmt: skip


def finish(run: RunFolder, *found: Problem, score: float = 0.5) -> None:
    result = {
        "rows": {"test": 100},
        "scores": {"test": {"macro_f1": score}},
        "intervals": {"test": {"macro_f1": [score - 0.05, score + 0.05]}},
        "problems": [problem.to_json() for problem in found],
    }
    write_json(run.path / "result.json", result)
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0, step=10, total_steps=10))


def open_page(run: RunFolder) -> AppTest:
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60)
    app.run()
    app.switch_page("pages/3_Runs.py").run()
    app.query_params["run"] = run.id
    app.run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return "\n".join(str(item.value) for item in [*app.markdown, *app.caption, *app.error]).replace("\\", "")


def again(app: AppTest) -> list[str]:
    return [button.label for button in app.button if "rain again" in button.label]


def test_a_running_run_is_stopped_and_made_again_with_one_click(run: RunFolder) -> None:
    with run.metrics_path.open("w") as file:
        file.writelines(json.dumps(record) + "\n" for record in records([0.7, *flat(6.0, 50)]))
    now = time.time()
    run.write_state(
        State(state="running", step=51, total_steps=200, queued=now, started=now, updated=now, **ALIVE)
    )
    app = open_page(run)
    assert "The model diverges: its steps are too long." in words(app)
    assert again(app) == ["Stop it and train again with learning rate 1.5e-4 instead of 0.1"]
    app.button(key=f"relaunch {run.id} diverging").click().run()
    assert not app.exception
    [child] = children(run.id)
    assert child.spec.options["learning_rate"] == 1.5e-4
    assert run.stop_path.exists()
    assert app.query_params["run"] == [child.id] or app.query_params["run"] == child.id


def test_at_most_three_cards_are_open_and_the_rest_is_behind_a_click(run: RunFolder) -> None:
    finish(run, *(finding(f"wrong-{number}", epochs=number + 1.0) for number in range(5)))
    app = open_page(run)
    assert [expander.label for expander in app.expander if "more" in expander.label] == ["2 more"]
    assert len(again(app)) == 5
    assert "It is wrong-0. The loss is <b>6</b>. Do this." in words(app).replace("**", "")


def test_a_finding_without_a_change_has_no_button(run: RunFolder) -> None:
    finish(run, finding("sad"))
    app = open_page(run)
    assert "It is sad." in words(app)
    assert again(app) == []


def test_what_a_failed_run_died_of_is_said_once_with_its_button(run: RunFolder) -> None:
    full = Problem("The machine ran out of memory.", "options.batch_size", code="out-of-memory",
                   changes={"options": {"batch_size": 8}})  # fmt: skip
    run.write_state(State(state="failed", problems=[full.to_json()]))
    app = open_page(run)
    assert words(app).count("The machine ran out of memory.") == 1
    assert again(app) == ["Train again with batch size 8 instead of 16"]


def test_a_run_that_learns_well_shows_nothing_of_the_doctor(run: RunFolder) -> None:
    finish(run)
    assert again(open_page(run)) == []


CHILD_SCORES = [(0.8, "better beyond noise"), (0.2, "worse beyond noise"), (0.53, "within noise")]


@pytest.mark.parametrize(("score", "outcome"), CHILD_SCORES)
def test_parent_and_child_know_each_other(run: RunFolder, score: float, outcome: str) -> None:
    problem = finding("too-fast", learning_rate=1.5e-4)
    finish(run, problem)
    child = relaunch(run, problem)
    finish(child, score=score)
    parent = open_page(run)
    assert again(parent) == []  # it was tried already
    shown = words(parent)
    assert (
        f"learning rate 1.5e-4 instead of 0.1: macro-F1 {score:.2f} against 0.50 here, on 100 test rows, {outcome}"
        in shown
    )
    assert "because it is too-fast, with learning rate 1.5e-4 instead of 0.1." in words(open_page(child))


def test_a_child_outlives_its_parent(run: RunFolder) -> None:
    child = relaunch(run, finding("too-fast", learning_rate=1.5e-4))
    finish(child)
    run.write_state(State(state="stopped"))
    run.delete()
    assert "Made from a run that is no longer here because it is too-fast." in words(open_page(child))
