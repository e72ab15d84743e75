"""Reading a taught model back from its folder, whole or as an adapter on its base model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError
from lib.methods import find_method
from lib.methods.adapters import with_adapter
from lib.methods.repair import read_repair
from lib.models.adapted import base_folder, is_adapter
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


def load_taught(folder: Path, *, name: str, device: str, as_trained: bool = True) -> Taught:
    """The model that Atelier saved in the folder, on the device; `name` is what a sentence calls it.

    The base model of an adapter is held as it was while training, in few bits perhaps; in fp32 without `as_trained`.
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
        model = _load(folder, about, brief, device, as_trained)
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


def _load(folder: Path, about: dict[str, Any], brief: Brief, device: str, as_trained: bool) -> Any:
    task = find_task(str(about["task"]))
    if not is_adapter(folder):
        return task.load_model(folder, None)
    method = find_method(about["method"]["name"])
    how = {key: value for key, value in about["method"].items() if key != "name"}
    settings = method.load_settings(how, device=device) if as_trained else {}
    model = task.load_model(base_folder(folder), brief.target, **settings)
    if as_trained:
        method.loaded(model)
        read_repair(model, folder)
    # What the run wrote into the base model before it learned: the size of pictures, how texts are written.
    task.settled(model, task.load_processor(folder), brief)
    return with_adapter(model, folder)
