"""Presets: options that fit the task, the size of the model and the number of rows, kept as data."""

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from lib.models.cut import PREFIX
from lib.models.sources import ModelInfo
from lib.runs.options import TrainingOptions
from lib.tasks.base import Task

PRESETS = ("quick", "balanced", "best")
# A batch of 32 gives a few hundred rows too few steps to learn from.
FEW_ROWS = 1_000


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("presets.yaml").read_text(encoding="utf-8"))


def learning_rate_factor(method: str) -> float:
    """By how much a method multiplies the learning rate of full fine-tuning."""
    return float(_table()["methods"].get(method, {}).get("learning_rate", 1.0))


def preset_options(
    preset: str, *, task: Task, model: ModelInfo, rows: int, method: str = "full"
) -> dict[str, Any]:
    """All training options of a preset for a task, a model, a method and that many training rows.

    Presets are kept by the task's group; an entry may hold options of the task's own too. A method's entry under
    `methods` says by how much the numbers of full fine-tuning are multiplied for it.
    """
    millions = (model.parameters or 100_000_000) / 1e6
    entry = next(item for item in _table()[task.preset_group] if millions <= item["up_to_million"])
    chosen = dict(entry[preset])
    how = "cut" if model.ref.startswith(PREFIX) else method
    for name, factor in _table()["methods"].get(how, {}).items():
        chosen[name] *= factor
    least, most = chosen.pop("least_steps", 0), chosen.pop("most_steps", math.inf)
    most_epochs = chosen.pop("most_epochs", chosen["epochs"])
    options = TrainingOptions(preset=preset).to_json() | chosen
    if rows < FEW_ROWS:
        options["batch_size"] = min(options["batch_size"], 16)
    steps = max(1, math.ceil(rows / options["batch_size"]))
    epochs = min(max(options["epochs"], math.ceil(least / steps)), most_epochs)
    options["epochs"] = round(min(epochs, most / steps), 2) or 0.01
    options["max_length"] = min(options["max_length"], model.max_length)
    return options
