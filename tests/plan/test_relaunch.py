"""A run made again keeps everything but the change, and both sides know of each other."""

from pathlib import Path
from typing import Any

import pytest

from lib.errors import Problem, UserError
from lib.plan.planner import plan_run
from lib.plan.relaunch import changed_words, children, reason_of, relaunch, relaunched
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State

SPEC = Spec(
    "text-classification",
    DataSpec(dataset="moods@1"),
    "starter:minilm-l6",
    name="moods",
    method={"name": "lora", "rank": 16, "alpha": 32},
    options={
        "epochs": 4.0,
        "learning_rate": 1.5e-4,
        "batch_size": 32,
        "max_length": 128,
        "class_weights": "none",
    },
    created=1.0,
    versions={"torch": "1"},
)
SLOWER = Problem("The model diverges: its steps are too long. The loss is 6.", code="diverging",
                 changes={"options": {"learning_rate": 3e-5}})  # fmt: skip


@pytest.fixture
def parent(home: Path, csv_file: Path, tiny_encoder: Path) -> RunFolder:
    wish = Spec("text-classification", DataSpec(file=str(csv_file)), f"folder:{tiny_encoder}", name="moods",
                options={"preset": "quick", "learning_rate": 1.5e-4})  # fmt: skip
    run = create_run(plan_run(wish).spec)
    run.write_state(State(state="failed", queued=1.0))
    return run


def test_only_what_is_named_changes() -> None:
    child = relaunched(SPEC, {"options": {"epochs": 8.0}, "method": {"rank": 32}}, parent="one")
    assert child.options == SPEC.options | {"epochs": 8.0}
    assert child.method == {"name": "lora", "rank": 32, "alpha": 32}
    assert (child.task, child.data, child.model, child.parent) == (SPEC.task, SPEC.data, SPEC.model, "one")


def test_another_method_keeps_none_of_the_old_ones_options() -> None:
    assert relaunched(SPEC, {"method": {"name": "head"}}, parent="one").method == {"name": "head"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("moods", "moods (2)"), ("moods (2)", "moods (3)"), ("a (b)", "a (b) (2)"), ("", "")],
)
def test_names_are_numbered(name: str, expected: str) -> None:
    assert relaunched(SPEC.changed(name=name), {}, parent="one").name == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"options": {"learning_rate": 3e-5}}, "learning rate 3e-5 instead of 1.5e-4"),
        ({"options": {"class_weights": "balanced"}}, "class weights balanced instead of none"),
        ({"options": {"max_length": 256}}, "longest text 256 instead of 128"),
        (
            {"options": {"learning_rate": 3e-5, "epochs": 8.0}, "method": {"rank": 32}},
            "learning rate 3e-5 instead of 1.5e-4, epochs 8 instead of 4 and rank 32 instead of 16",
        ),
        ({"method": {"name": "head"}}, "Head only instead of LoRA"),
        ({"options": {"patience": 2}}, "early stopping 2"),
        ({}, ""),
    ],
)
def test_changes_are_said_against_what_was(changes: dict[str, Any], expected: str) -> None:
    assert changed_words(SPEC, changes) == expected


def test_the_new_run_is_planned_and_queued_and_says_where_it_comes_from(parent: RunFolder) -> None:
    child = relaunch(parent, SLOWER)
    assert child.state().state == "queued"
    assert child.spec.parent == parent.id
    assert child.spec.options == parent.spec.options | {"learning_rate": 3e-5}
    assert child.spec.data == parent.spec.data
    reason = reason_of(child)
    assert reason is not None and (reason.code, reason.changes) == ("diverging", SLOWER.changes)
    assert [run.id for run in children(parent.id)] == [child.id]
    assert reason_of(parent) is None


def test_two_clicks_make_one_run(parent: RunFolder) -> None:
    assert relaunch(parent, SLOWER) == relaunch(parent, SLOWER)
    assert len(children(parent.id)) == 1


def test_what_cannot_be_planned_is_said_and_nothing_is_queued(parent: RunFolder) -> None:
    with pytest.raises(UserError, match="out of range"):
        relaunch(parent, Problem("Too slow.", changes={"options": {"learning_rate": 5.0}}))
    assert children(parent.id) == []
