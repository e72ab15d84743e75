"""Finished runs to export: tiny models taught with the bundled examples, each made once for all tests."""

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from lib.data.examples import EXAMPLES
from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.tasks import find_task
from tests.models.tiny import tiny_checkpoint

# One architecture for each kind of model.
BASES = {"encoder": "BERT", "seq2seq": "T5", "causal": "Llama", "image": "ViT"}


def tests_of(task: str) -> ModuleType:
    """The test file of a task, where `plain` predicts with transformers alone."""
    return import_module(f"tests.tasks.test_{task.replace('-', '_')}")


def finished_run(
    task: str, bases: Path, *, method: dict[str, Any] | None = None, name: str = "", **options: Any
) -> RunFolder:
    """Teach a tiny model the task's bundled example, in this process and in the home that is set."""
    from lib.training.progress import Progress
    from lib.training.session import train_run

    about = find_task(task)
    example = next(item for item in EXAMPLES if item.name == about.example)
    base = bases / about.model_kind
    if not base.is_dir():
        tiny_checkpoint(BASES[about.model_kind], base)
    if about.model_kind == "causal":
        options = {"max_length": 128, "max_new_tokens": 8} | options
    if about.model_kind == "seq2seq":
        options = {"max_target_length": 8} | options
    spec = Spec(
        task=task,
        name=name or f"tiny {task}",
        data=DataSpec(file=str(example.path), limit=120),
        model=f"folder:{base}",
        method=method or {"name": "full"},
        options={"epochs": 1, "patience": 0, "batch_size": 16, "learning_rate": 2e-3} | options,
    )
    run = create_run(plan_run(spec).spec)
    train_run(run, Progress(run, device="cpu"))
    return run
