"""Finished runs to export: tiny models taught with the bundled examples, each made once for all tests."""

import json
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


def about_task(task: str) -> ModuleType:
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
        _lengthen(base)
    if about.model_kind == "causal":
        # A model that has learned nothing nearly ties its tokens, and rounding alone would decide what it writes.
        options = {"max_length": 1024, "max_new_tokens": 8, "epochs": 4, "learning_rate": 1e-2} | options
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


def _lengthen(folder: Path) -> None:
    """Room for whole conversations, which are long in so small a vocabulary; rotary positions have no weights."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config["model_type"] == "llama":
        for name, key in (
            ("config.json", "max_position_embeddings"),
            ("tokenizer_config.json", "model_max_length"),
        ):
            settings = json.loads((folder / name).read_text(encoding="utf-8"))
            (folder / name).write_text(json.dumps(settings | {key: 1024}), encoding="utf-8")
