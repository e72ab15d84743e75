"""What every method promises, for every task whose output it serves: a run that learns, saves and predicts."""

from pathlib import Path

import pandas as pd
import pytest

from lib.data.examples import load_example
from lib.errors import UserError
from lib.methods import METHODS, find_method
from lib.methods.base import Method
from lib.plan.planner import plan_run
from lib.runs.folder import create_run
from lib.runs.spec import DataSpec, Spec
from lib.tasks import TASKS
from lib.tasks.base import Task

each_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
CONTRACT = {
    "run", "folder", "state", "task", "model", "method", "rows", "scores", "intervals", "baselines", "seconds",
    "examples_per_second", "peak_memory_mb", "parameters", "problems",
}  # fmt: skip


@each_method
def test_it_can_be_found_by_its_name_and_explains_itself(method: Method) -> None:
    assert find_method(method.name) is method
    assert method.title and method.summary.endswith(".")


@each_method
def test_an_unknown_option_is_named(method: Method) -> None:
    assert [problem.code for problem in method.check({"colour": "red"})] == ["unknown-method-option"]


def test_an_unknown_method_is_answered_with_those_there_are() -> None:
    with pytest.raises(UserError, match="full"):
        find_method("magic")


def serves(method: Method, task: Task) -> bool:
    table = load_example(task.example)
    from lib.data.roles import guess_columns

    target = task.describe_target(table.frame, guess_columns(table.frame, task.roles))
    return task.output(target).kind in method.outputs


PAIRS = [(task, method) for task in TASKS for method in METHODS if serves(method, task)]


@pytest.mark.parametrize(
    ("task", "method"), PAIRS, ids=[f"{task.slug}-{method.name}" for task, method in PAIRS]
)
def test_a_run_learns_and_its_model_predicts_the_same_in_plain_transformers(
    home: Path, tmp_path: Path, task: Task, method: Method
) -> None:
    """The saved folder alone, read by transformers, gives the probabilities that the run reported."""
    from lib.training.progress import Progress
    from lib.training.session import train_run

    path = tmp_path / "rows.csv"
    load_example(task.example).frame.to_csv(path, index=False)
    spec = Spec(
        task=task.slug,
        data=DataSpec(file=str(path)),
        model=task.starters[0],
        method={"name": method.name},
        options={"epochs": 5, "patience": 0, "batch_size": 16},
    )
    run = create_run(plan_run(spec).spec)
    progress = Progress(run, device="cpu")
    train_run(run, progress)

    result = run.result() or {}
    assert set(result) >= CONTRACT
    assert run.state().state == result["state"] == "succeeded"
    main = task.main_score.name
    assert result["scores"]["test"][main] > result["baselines"]["majority"][main] + 0.2
    low, high = result["intervals"]["test"][main]
    assert low <= result["scores"]["test"][main] <= high
    assert_transformers_alone_agrees(run.model_path, run.predictions_path, task)


def assert_transformers_alone_agrees(model: Path, predictions: Path, task: Task) -> None:
    from transformers import pipeline

    rows = pd.read_parquet(predictions).head(20)
    texts = rows["input: text"].tolist()
    found = pipeline(task.slug, model=str(model), top_k=None, device="cpu")(texts)
    for row, answer in zip(rows.itertuples(), found, strict=True):
        best = max(answer, key=lambda item: item["score"])
        assert best["label"] == row.predicted
        assert best["score"] == pytest.approx(row.confidence, abs=1e-5)
