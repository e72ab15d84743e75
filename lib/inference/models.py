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
from lib.tasks.base import Brief, Task

MOST_HELD = 2


@dataclass(frozen=True)
class HeldModel:
    """A model ready to predict, with what it needs to be understood; `stamp` changes when its files do."""

    task: Task
    brief: Brief
    processor: Any
    model: Any
    stamp: str


class HeldModels:
    """Loads models when they are asked for and drops the one used longest ago."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, HeldModel] = OrderedDict()
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """The references of the models in memory."""
        return list(self._held)

    def get(self, ref: str) -> HeldModel:
        """The model behind the reference. Raises UserError when it cannot predict."""
        with self._lock:
            try:
                info = find_model(ref)
            except UserError:
                self._held.pop(ref, None)  # deleted since: its memory goes too
                raise
            stamp = _stamp(info.folder, info.revision)
            held = self._held.get(ref)
            if held is None or held.stamp != stamp:
                self._held.pop(ref, None)
                while len(self._held) >= MOST_HELD:
                    self._held.popitem(last=False)
                held = _load(ref, info.folder, stamp)
                self._held[ref] = held
            self._held.move_to_end(ref)
            return held


def _stamp(folder: Path, revision: str) -> str:
    """The revision and when the files were written: fine-tuning again changes weights but not their shapes."""
    files = sorted([*folder.glob("*.safetensors"), folder / "atelier.json"])
    return " ".join([revision, *(str(path.stat().st_mtime_ns) for path in files if path.exists())])


def _load(ref: str, folder: Path, stamp: str) -> HeldModel:
    import torch
    from safetensors import SafetensorError

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
    task = find_task(str(about["task"]))
    try:
        brief = Brief.from_json(about)
        task.output(brief.target)
        model = task.load_model(folder, None)
        if torch.cuda.is_available():
            model = model.to("cuda")
        processor = task.load_processor(folder)
    # What transformers raises on a damaged folder depends on which file is damaged, and how.
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            Problem(
                f"The model {ref} could not be loaded: {reason}",
                where=str(folder),
                fix="Choose another run, or train this one again.",
                code="model-not-loaded",
            )
        ) from error
    return HeldModel(task, brief, processor, model.eval(), stamp)
