"""The models that the host holds in memory: the two used last."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError
from lib.models.sources import find_model
from lib.runs.files import read_json
from lib.tasks import find_task
from lib.tasks.base import Target, Task

MOST_HELD = 2


@dataclass(frozen=True)
class HeldModel:
    """A model ready to predict, with what it needs to be understood."""

    task: Task
    target: Target
    processor: Any
    model: Any
    max_length: int
    revision: str


class HeldModels:
    """Loads models when they are asked for and drops the one used longest ago."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, HeldModel] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, ref: str) -> HeldModel:
        """The model behind the reference. Raises UserError when it cannot predict."""
        with self._lock:
            info = find_model(ref)
            held = self._held.get(ref)
            if held is None or held.revision != info.revision:
                self._held.pop(ref, None)
                while len(self._held) >= MOST_HELD:
                    self._held.popitem(last=False)
                held = _load(ref, info.folder, info.revision)
                self._held[ref] = held
            self._held.move_to_end(ref)
            return held


def _load(ref: str, folder: Path, revision: str) -> HeldModel:
    import torch

    about = read_json(folder / "atelier.json")
    if not isinstance(about, dict) or "task" not in about:
        raise UserError(
            Problem(
                f"The model {ref} has not been taught a task, so it cannot predict.",
                where="model",
                fix="Choose a finished run.",
                code="model-without-task",
            )
        )
    task = find_task(about["task"])
    model = task.load_model(folder, None)
    if torch.cuda.is_available():
        model = model.to("cuda")
    processor = task.load_processor(folder)
    return HeldModel(task, about["target"], processor, model.eval(), int(about["max_length"]), revision)
