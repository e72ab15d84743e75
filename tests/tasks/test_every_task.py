"""What every task promises."""

import json
from importlib import import_module
from types import ModuleType

import pandas as pd
import pytest

from lib.data.examples import EXAMPLES, load_example
from lib.models.sources import find_model
from lib.plan.columns import choose_columns, whole_paths
from lib.plan.presets import PRESETS, preset_options
from lib.runs.options import check_options
from lib.tasks import TASKS, find_task
from lib.tasks.base import Task
from lib.tasks.outputs import KINDS, output_from_json

each_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.slug)


@each_task
def test_its_file_is_named_after_it(task: Task) -> None:
    assert type(task).__module__ == f"lib.tasks.{task.slug.replace('-', '_')}"
    assert import_module(type(task).__module__).__doc__


@each_task
def test_it_can_be_found_by_its_slug(task: Task) -> None:
    assert find_task(task.slug) is task


@each_task
def test_its_words_are_for_people(task: Task) -> None:
    assert task.title and task.summary.endswith(".")
    for role in task.roles:
        assert role.title and role.explanation.endswith(".")
    for score in task.scores:
        assert score.title and score.meaning.endswith(".")


@each_task
def test_the_roles_a_model_reads_are_among_its_roles(task: Task) -> None:
    assert set(task.model_input) <= {role.name for role in task.roles}


def _about(task: Task) -> ModuleType:
    """The task's own test file."""
    return import_module(f"tests.tasks.test_{task.slug.replace('-', '_')}")


def example_of(task: Task) -> tuple[pd.DataFrame, dict[str, str]]:
    """The rows of the task's example with whole paths of pictures, and the columns that are guessed for it."""
    table = load_example(task.example)
    columns, missing = choose_columns(task, table.frame)
    assert missing == []
    return whole_paths(table.frame, task, columns, table.files), columns


@each_task
def test_its_example_is_recognised_and_has_no_problem(task: Task) -> None:
    assert task.example in [item.name for item in EXAMPLES]
    frame, columns = example_of(task)
    # A small example may deserve a warning that is true of it; its test names these.
    expected = getattr(_about(task), "EXAMPLE_WARNINGS", [])
    assert [problem.code for problem in task.check(frame, columns)] == expected
    assert task.usable_rows(frame, columns).all()


@each_task
def test_its_layouts_hold_known_roles_and_an_answer(task: Task) -> None:
    for layout in task.all_layouts():
        assert {role.name for role in layout} <= {role.name for role in task.roles}
        assert any(role.required for role in layout)


@each_task
def test_its_output_survives_being_written_down(task: Task) -> None:
    frame, columns = example_of(task)
    examples, columns_of_examples = task.as_examples(frame, columns, seed=0)
    output = task.output(task.describe_target(examples, columns_of_examples))
    assert output_from_json(json.loads(json.dumps(output.to_json()))) == output
    assert output.kind == task.shape.kind
    assert output.kind in KINDS


@each_task
def test_examples_are_made_the_same_way_each_time_and_know_their_rows(task: Task) -> None:
    frame, columns = example_of(task)
    frame = frame.set_axis(range(1_000, 1_000 + len(frame)))
    once, _ = task.as_examples(frame, columns, seed=5)
    again, _ = task.as_examples(frame, columns, seed=5)
    pd.testing.assert_frame_equal(once, again)
    assert set(once.index) <= set(frame.index)


@each_task
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("rows", [30, 3_000, 300_000])
def test_its_presets_are_complete_and_sane(task: Task, preset: str, rows: int) -> None:
    options = preset_options(preset, task=task, model=find_model(task.starters[0]), rows=rows)
    assert check_options(options, task.option_class) == []
    assert options["preset"] == preset


@each_task
def test_its_starters_can_do_it(task: Task) -> None:
    for ref in task.starters:
        assert find_model(ref).kind == task.model_kind


@each_task
def test_its_test_says_how_to_predict_without_atelier(task: Task) -> None:
    assert callable(_about(task).plain)
