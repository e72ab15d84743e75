"""What every method promises, for every task whose output it serves: a run that learns, saves and predicts."""

import inspect
import json
import subprocess
import sys
import textwrap
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from lib.data.examples import EXAMPLES
from lib.data.store import open_dataset
from lib.errors import UserError
from lib.methods import METHODS, find_method
from lib.methods.base import Method
from lib.plan.columns import whole_paths
from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run
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


PAIRS = [(task, method) for task in TASKS for method in METHODS if task.shape.kind in method.outputs]


# What is long, or shares all but words with a task that is not left out, runs with the slow tests.
LONG = ("next-sentence-prediction", "translation", "text2text-generation")


@pytest.mark.parametrize(
    ("task", "method"),
    [
        pytest.param(
            task,
            method,
            id=f"{task.slug}-{method.name}",
            marks=[pytest.mark.slow] if task.slug in LONG else [],
        )
        for task, method in PAIRS
    ],
)
def test_a_run_learns_and_its_model_predicts_the_same_in_plain_transformers(
    home: Path, tmp_path: Path, task: Task, method: Method
) -> None:
    """The saved folder alone, read by transformers in a fresh process, predicts what the run reported."""
    from lib.training.progress import Progress
    from lib.training.session import train_run

    about = import_module(f"tests.tasks.test_{task.slug.replace('-', '_')}")
    example = next(item for item in EXAMPLES if item.name == task.example)
    spec = Spec(
        task=task.slug,
        data=DataSpec(file=str(example.path)),
        model=getattr(about, "QUICK_MODEL", task.starters[0]),
        method={"name": method.name},
        options={"epochs": 5, "patience": 0, "batch_size": 16} | getattr(about, "QUICK_OPTIONS", {}),
    )
    run = create_run(plan_run(spec).spec)
    progress = Progress(run, device="cpu")
    train_run(run, progress)

    result = run.result() or {}
    assert set(result) >= CONTRACT
    assert run.state().state == result["state"] == "succeeded"
    main = task.main_score.name
    value = result["scores"]["test"][main]
    low, high = result["intervals"]["test"][main]
    assert low <= value <= high
    for name, least in getattr(about, "LEARNED", {"majority": 0.2}).items():
        beaten = value - result["baselines"][name][main]
        assert (beaten if task.main_score.higher_is_better else -beaten) > least, (name, result)
    assert_transformers_alone_agrees(run, task, about)


def assert_transformers_alone_agrees(run: RunFolder, task: Task, about: ModuleType) -> None:
    """`plain` of the task's own test file, run where Atelier cannot be imported, gives the same predictions."""
    rows = pd.read_parquet(run.predictions_path).head(20)
    inputs = {name: str(name).removeprefix("input: ") for name in rows if str(name).startswith("input: ")}
    data = run.spec.data
    whole = whole_paths(
        rows[list(inputs)].rename(columns=inputs), task, data.columns, open_dataset(data.dataset or "").files
    )
    given = whole.to_dict("records")
    code = (
        "import json, sys\n"
        "sys.modules['lib'] = None\n"
        f"{textwrap.dedent(inspect.getsource(about.plain))}\n"
        "print(json.dumps(plain(sys.argv[1], json.load(sys.stdin))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(run.model_path)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    predicted = rows[getattr(about, "PLAIN_COLUMN", "predicted")].tolist()
    # Numbers only nearly: a batch of other texts is padded otherwise and adds up in another order.
    expected = pytest.approx(predicted, rel=1e-4) if isinstance(predicted[0], float) else predicted
    assert json.loads(done.stdout.splitlines()[-1]) == expected
