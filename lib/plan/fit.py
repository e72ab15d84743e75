"""What fits together: tasks, methods and base models."""

from collections.abc import Mapping
from typing import Any

from lib.errors import Problem
from lib.methods import find_method
from lib.methods.base import Method
from lib.models.sources import ModelInfo
from lib.tasks.base import Task

KIND_WORDS = {
    "encoder": "a text encoder (BERT, RoBERTa, MiniLM …)",
    "seq2seq": "a model that turns texts into texts (T5, BART, Marian …)",
    "causal": "a model that writes on (GPT-2, Llama, SmolLM …)",
    "image": "a vision model (ViT, DINOv2, Swin …)",
}


def run_sentence(method: Mapping[str, Any], task: Task, model: ModelInfo, rows: int) -> str:
    """What a run will do, without a full stop: "Fine-tune MiniLM-L6 on 3,257 rows to tell labels apart"."""
    verb = find_method(str(method["name"])).verb
    return f"{verb} {model.title} on {rows:,} rows to {task.sentence(None)}"


def check_kind(task: Task, model: ModelInfo) -> list[Problem]:
    """Whether the model can do the task at all; an architecture that is not known is tried."""
    if model.kind is None or model.kind == task.model_kind:
        return []
    return [
        Problem(
            f"{task.title} needs {KIND_WORDS[task.model_kind]}, and {model.title} is {KIND_WORDS[model.kind]}.",
            "model",
            "Choose another model.",
            code="model-unfit",
        )
    ]


def check_method(method: Method, task: Task, model: ModelInfo) -> list[Problem]:
    """Whether the method makes sense for the task and the base model."""
    found = method.unfit(kind=model.kind, is_scratch=model.is_scratch, config=model.config)
    problems = [found] if found else []
    if not serves(method, task):
        problems.append(
            Problem(
                f"{method.title} does not work for {task.title.lower()}: it has no {method.needs}.",
                "method",
                "Choose another method.",
                code="method-unfit",
            )
        )
    return problems


def serves(method: Method, task: Task) -> bool:
    """Whether the method can teach the task, whatever the base model."""
    return task.shape.kind in method.outputs
