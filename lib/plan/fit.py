"""What fits together: tasks, methods and base models."""

from lib.errors import Problem
from lib.methods import METHODS
from lib.methods.base import Method
from lib.models.sources import ModelInfo
from lib.tasks.base import Task

KIND_WORDS = {
    "encoder": "a text encoder (BERT, RoBERTa, MiniLM …)",
    "seq2seq": "a model that turns texts into texts (T5, BART, Marian …)",
    "causal": "a model that writes on (GPT-2, Llama, SmolLM …)",
    "image": "a vision model (ViT, DINOv2, Swin …)",
}


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
    if task.shape.kind not in method.outputs:
        problems.append(
            Problem(
                f"{method.title} does not work for {task.title.lower()}: it has no {method.needs}.",
                "method",
                "Choose another method.",
                code="method-unfit",
            )
        )
    return problems


def fitting_methods(task: Task, model: ModelInfo) -> list[Method]:
    """The methods that can be chosen for the task and the base model, in their order."""
    return [method for method in METHODS if not check_method(method, task, model)]
