"""Reading a taught model back from its folder, whole or as an adapter on its base model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError
from lib.methods import find_method
from lib.methods.adapters import is_adapter, with_adapter
from lib.models.sources import find_model
from lib.runs.files import read_json
from lib.tasks import find_task
from lib.tasks.base import Brief, Task


@dataclass(frozen=True)
class Taught:
    """A model with all that is needed to ask it."""

    task: Task
    brief: Brief
    processor: Any
    model: Any


def load_taught(folder: Path, *, name: str, device: str) -> Taught:
    """The model that Atelier saved in the folder, on the device; `name` is what a sentence calls it.

    Raises UserError when it was not taught, is damaged, or its base model is gone or has changed.
    """
    from safetensors import SafetensorError

    about = read_json(folder / "atelier.json")
    if not isinstance(about, dict) or "task" not in about:
        raise UserError(
            Problem(
                f"The model {name} has not been taught a task, so it cannot predict.",
                where="model",
                fix="Choose a finished run.",
                code="model-without-task",
            )
        )
    task = find_task(str(about["task"]))
    try:
        brief = Brief.from_json(about)
        task.output(brief.target)
        model = _load(folder, about, task, brief, device)
        return Taught(task, brief, task.load_processor(folder), model.to(device))
    # What transformers raises on a damaged folder depends on which file is damaged, and how.
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            Problem(
                f"The model {name} could not be loaded: {reason}",
                where=str(folder),
                fix="Choose another run, or train this one again.",
                code="model-not-loaded",
            )
        ) from error


def _load(folder: Path, about: dict[str, Any], task: Task, brief: Brief, device: str) -> Any:
    if not is_adapter(folder):
        return task.load_model(folder, None)
    how = {key: value for key, value in about["method"].items() if key != "name"}
    settings = find_method(about["method"]["name"]).load_settings(how, device=device)
    model = task.load_model(_base_of(folder, about), brief.target, **settings)
    return with_adapter(model, folder)


def _base_of(folder: Path, about: dict[str, Any]) -> Path:
    """The folder of the base model that an adapter lies on."""
    base = about["base"]
    if inside := base.get("folder"):  # a model that was merged or made for this run lies beside it
        return (folder / inside).resolve()
    info = find_model(str(base["model"]))
    if base.get("revision") not in (None, info.revision):
        raise UserError(
            Problem(
                f"The base model {base['model']} has changed since the adapter was trained on it.",
                where="model",
                fix="Train again, or bring the old base model back.",
                code="base-changed",
            )
        )
    return info.folder
