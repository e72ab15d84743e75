"""The models that the host holds in memory: the two used last."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import UserError
from lib.inference.elsewhere import load_elsewhere
from lib.inference.taught import is_taught, load_taught
from lib.models.sources import ModelInfo, find_model
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
        """The models in memory: their references, with a blank and the task behind it where one was asked for."""
        return list(self._held)

    def get(self, ref: str, slug: str = "") -> HeldModel:
        """The model behind the reference; `slug` is what one that was taught elsewhere is asked to do.

        Raises UserError when it cannot predict.
        """
        key = held_name(ref, slug)
        with self._lock:
            try:
                info = find_model(ref)
            except UserError:
                self._held.pop(key, None)  # deleted since: its memory goes too
                raise
            stamp = _stamp(info.folder, info.revision)
            held = self._held.get(key)
            if held is None or held.stamp != stamp:
                self._held.pop(key, None)
                while len(self._held) >= MOST_HELD:
                    self._held.popitem(last=False)
                held = _held(ref, info, slug, stamp)
                self._held[key] = held
            self._held.move_to_end(key)
            return held


def _stamp(folder: Path, revision: str) -> str:
    """The revision and when the files were written: fine-tuning again changes weights but not their shapes."""
    files = sorted([*folder.glob("*.safetensors"), folder / "atelier.json"])
    return " ".join([revision, *(str(path.stat().st_mtime_ns) for path in files if path.exists())])


def held_name(ref: str, slug: str = "") -> str:
    """What a model in memory is called."""
    return f"{ref} {slug}" if slug else ref


def _held(ref: str, info: ModelInfo, slug: str, stamp: str) -> HeldModel:
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    if slug and not is_taught(info.folder):
        found = load_elsewhere(info, slug, device=device)
    else:
        found = load_taught(info.folder, name=ref, device=device)
    return HeldModel(found.task, found.brief, found.processor, found.model.eval(), stamp)
