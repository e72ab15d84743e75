"""What every task promises."""

from importlib import import_module

import pytest

from lib.data.examples import EXAMPLES, load_example
from lib.data.roles import guess_columns
from lib.models.sources import find_model
from lib.plan.presets import PRESETS, preset_options
from lib.runs.options import check_options
from lib.tasks import TASKS, find_task
from lib.tasks.base import Task
from lib.tasks.outputs import output_from_json

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
    assert set(task.model_input) < {role.name for role in task.roles}


@each_task
def test_its_example_is_recognised_and_has_no_problem(task: Task) -> None:
    example = next(item for item in EXAMPLES if item.name == task.example)
    table = load_example(example.name)
    columns = guess_columns(table.frame, task.roles)
    assert {role.name for role in task.roles if role.required} <= set(columns)
    assert task.check(table.frame, columns) == []
    assert task.usable_rows(table.frame, columns).all()


@each_task
def test_its_output_survives_being_written_down(task: Task) -> None:
    table = load_example(task.example)
    columns = guess_columns(table.frame, task.roles)
    output = task.output(task.describe_target(table.frame, columns))
    assert output_from_json(output.to_json()) == output


@each_task
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("rows", [30, 3_000, 300_000])
def test_its_presets_are_complete_and_sane(task: Task, preset: str, rows: int) -> None:
    options = preset_options(preset, task=task.slug, model=find_model(task.starters[0]), rows=rows)
    assert check_options(options) == []
    assert options["preset"] == preset


@each_task
def test_its_starters_are_there(task: Task) -> None:
    for ref in task.starters:
        assert find_model(ref).size_mb > 1
