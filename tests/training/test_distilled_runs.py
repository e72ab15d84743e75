"""Distilled runs from end to end: the student learns, the teacher stands beside it, and the control hears nothing."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib.data.examples import EXAMPLES
from lib.errors import UserError
from lib.models.cut import depth_of
from lib.models.sources import find_model
from lib.plan.control import control_of
from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.tasks import TASKS
from lib.tasks.base import Task
from tests.conftest import example_rows

# Those that are quick to train, one for each way of teaching; the others run with the slow tests.
QUICK = ("text-classification", "fill-mask")


def trained(spec: Spec) -> RunFolder:
    from lib.training.progress import Progress
    from lib.training.session import train_run

    run = create_run(plan_run(spec).spec)
    train_run(run, Progress(run, device="cpu"))
    assert run.state().state == "succeeded"
    return run


def taught(task: Task) -> RunFolder:
    about = import_module(f"tests.tasks.test_{task.slug.replace('-', '_')}")
    example = next(item for item in EXAMPLES if item.name == task.example)
    options = {"epochs": 3, "patience": 0, "batch_size": 16} | getattr(about, "QUICK_OPTIONS", {})
    model = getattr(about, "QUICK_MODEL", task.starters[0])
    return trained(Spec(task.slug, DataSpec(file=str(example.path)), model, options=options))


def student_of(teacher: RunFolder, **changes: Any) -> Spec:
    """A spec of half of the teacher's layers, on the same rows with the same split."""
    spec = teacher.spec
    half = (depth_of(find_model(f"run:{teacher.id}").config) or 0) // 2
    method = {"name": "distill", "teacher": f"run:{teacher.id}"} | changes.pop("method", {})
    options = {**spec.options, **changes.pop("options", {})}
    return spec.changed(
        model=f"cut:{half}", method=method, options=options, revision=None, name="student", **changes
    )


@pytest.mark.parametrize(
    "task",
    [
        pytest.param(task, id=task.slug, marks=[] if task.slug in QUICK else [pytest.mark.slow])
        for task in TASKS
    ],
)
def test_a_student_learns_from_its_teacher_and_is_compared_with_it(home: Path, task: Task) -> None:
    teacher = taught(task)
    run = trained(student_of(teacher))
    result = run.result() or {}
    main = task.main_score.name
    # The teacher stands beside the student on the very same rows, as it stood in its own run.
    assert result["baselines"]["teacher"][main] == pytest.approx(
        (teacher.result() or {})["scores"]["test"][main], rel=2e-3
    )
    told = pd.read_parquet(run.path / "baseline-teacher.parquet")
    own = pd.read_parquet(run.predictions_path).query("split == 'test'")
    assert told["row"].tolist() == own["row"].tolist()
    sizes = result["distillation"]
    assert sizes["student"]["parameters"] < sizes["teacher"]["parameters"]
    assert set(sizes["speed"]["student"]) == {"1", "32"}
    seen = [r["value"] for r in run.read_metrics() if r["split"] == "validation" and r["name"] == "loss"]
    assert min(seen) < seen[0]
    # What only the teaching needed is gone.
    assert not (run.path / "checkpoints").exists()
    assert not [path for path in run.path.glob("taught-*")]


@pytest.fixture
def emotions(home: Path, tmp_path: Path) -> RunFolder:
    """A teacher of two labels, from a file that also has rows without a label."""
    rows = example_rows(160)
    lines = [f"{text},{label}" for text, label in rows] + [f"{text} again," for text, _ in rows[:40]]
    file = tmp_path / "moods.csv"
    file.write_text("text,label\n" + "\n".join(lines) + "\n")
    options = {"epochs": 3, "batch_size": 16, "patience": 0, "max_length": 32}
    return trained(
        Spec("text-classification", DataSpec(file=str(file)), "starter:minilm-l6", options=options)
    )


def test_rows_without_a_label_join_with_the_teachers_answer(emotions: RunFolder) -> None:
    run = trained(student_of(emotions, options={"epochs": 1}))
    alone = trained(student_of(emotions, options={"epochs": 1}, method={"unlabelled": False}))
    steps = [r.result()["steps"] for r in (run, alone)]  # type: ignore[index]
    assert run.result()["rows"] == alone.result()["rows"]  # type: ignore[index]
    assert steps[0] > steps[1]
    assert run.result()["unlabelled_rows"] == 40  # type: ignore[index]
    assert "unlabelled_rows" not in alone.result()  # type: ignore[operator]


def test_the_control_has_the_same_student_and_hears_nothing(emotions: RunFolder) -> None:
    run = trained(student_of(emotions, options={"epochs": 1}))
    control = trained(control_of(run.spec, run.id))
    assert control.spec.parent == run.id
    assert control.spec.method["alpha"] == 0
    plain = trained(
        emotions.spec.changed(
            model=f"folder:{run.path / 'cut'}", revision=None, options={**run.spec.options}, name="plain"
        )
    )
    same = [folder.result()["scores"]["validation"]["loss"] for folder in (control, plain)]  # type: ignore[index]
    assert same[0] == pytest.approx(same[1], rel=1e-4)
    assert control.result()["baselines"]["teacher"] == run.result()["baselines"]["teacher"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("teacher", "code"),
    [
        ("starter:minilm-l6", "teacher-unfit"),
        ("run:none", "unknown-model"),
        ("starter:smollm2-135m-instruct", "model-unfit"),
        ("", "no-teacher"),
    ],
)
def test_a_teacher_that_cannot_teach_is_refused_before_the_start(
    home: Path, csv_file: Path, teacher: str, code: str
) -> None:
    wish = Spec(
        "text-classification",
        DataSpec(file=str(csv_file)),
        "starter:minilm-l6",
        method={"name": "distill", "teacher": teacher},
    )
    with pytest.raises(UserError) as refused:
        plan_run(wish)
    problem = next(problem for problem in refused.value.problems if problem.code == code)
    assert problem.where == "method.teacher"


def test_a_teacher_of_other_labels_is_refused_with_their_names(emotions: RunFolder, tmp_path: Path) -> None:
    file = tmp_path / "others.csv"
    file.write_text(
        "text,label\n" + "".join(f"a {n} b,{'happy' if n % 2 else 'gloomy'}\n" for n in range(80))
    )
    wish = student_of(emotions).changed(data=DataSpec(file=str(file)))
    with pytest.raises(UserError, match="does not know 'gloomy'; it knows 'cross', 'happy'"):
        plan_run(wish)


def test_a_teacher_that_has_learned_test_rows_is_told_of(emotions: RunFolder) -> None:
    split = {"train": 0.8, "validation": 0.1, "test": 0.1, "seed": 99}
    spec = student_of(emotions)
    assert "teacher-saw-test" not in [problem.code for problem in plan_run(spec).problems]
    other = spec.changed(data=DataSpec(dataset=spec.data.dataset, columns=spec.data.columns, split=split))
    [problem] = [problem for problem in plan_run(other).problems if problem.code == "teacher-saw-test"]
    assert problem.severity == "warning"


def test_a_teacher_that_reads_other_tokens_teaches_a_classifier_all_the_same(
    emotions: RunFolder, tmp_path: Path
) -> None:
    """Its answers are about rows, so each side reads them in its own way."""
    from tests.models.tiny import tiny_checkpoint

    student = student_of(emotions, options={"epochs": 1, "learning_rate": 1e-3}).changed(
        model=f"folder:{tiny_checkpoint('RoBERTa', tmp_path / 'roberta')}"
    )
    assert "teacher" in trained(student).result()["baselines"]  # type: ignore[index]


def test_what_a_teacher_says_is_asked_once_for_all_runs_on_the_same_rows(emotions: RunFolder) -> None:
    from lib.settings import get_settings

    for temperature in (1.0, 4.0):
        trained(student_of(emotions, options={"epochs": 1}, method={"temperature": temperature}))
    assert len(list((get_settings().cache / "answers").iterdir())) == 1
