"""What a card tells of a run, gathered from its folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import yaml

from lib.cards.lineage import Lineage, lineage_of
from lib.errors import UserError
from lib.runs.spec import Spec
from lib.tasks.base import Brief, Task


@dataclass(frozen=True)
class CardFacts:
    """A run with its result, and the model as it lies there: `is_adapter`, or whole.

    `name` is the run's name on screen, `data_name` that of its data set, `usage` a snippet that uses the model,
    `device` what it was trained on.
    """

    name: str
    task: Task
    spec: Spec
    brief: Brief
    result: Mapping[str, Any]
    data_name: str
    usage: str
    lineage: Lineage
    is_adapter: bool
    device: str | None = None

    @staticmethod
    def of(
        spec: Spec, task: Task, brief: Brief, result: Mapping[str, Any], *, usage: str, is_adapter: bool,
        device: str | None, name: str = "", data_name: str = "",
    ) -> "CardFacts":  # fmt: skip
        """The facts of a run; without names, those of its spec."""
        return CardFacts(
            name or spec.name or spec.task,
            task,
            spec,
            brief,
            result,
            data_name or name_of_data(spec),
            usage,
            lineage_of(spec),
            is_adapter,
            device,
        )

    @property
    def seconds(self) -> float:
        """How long the run took, in seconds."""
        took = self.result.get("seconds") or {}
        return float(took.get("total") or took.get("training") or 0.0)

    @property
    def spec_yaml(self) -> str:
        """The spec as YAML, with no path of this machine: files and folders by their names alone."""
        parts = yaml.safe_load(self.spec.to_yaml())
        for key in ("file", "test_file", "validation_file"):
            if isinstance(parts["data"].get(key), str):
                parts["data"][key] = last_part(parts["data"][key])
        parts["model"] = portable(parts["model"])
        method = parts["method"]
        if isinstance(method.get("teacher"), str):
            method["teacher"] = portable(method["teacher"])
        return yaml.safe_dump(parts, sort_keys=False, allow_unicode=True)


def name_of_data(spec: Spec) -> str:
    """What a run's data set is called: in the store, on the Hub, or by its file's name."""
    from lib.data.store import open_dataset

    if spec.data.dataset:
        try:
            return open_dataset(spec.data.dataset).name
        except UserError:  # deleted since
            return spec.data.dataset.partition("@")[0]
    return spec.data.hub or last_part(spec.data.file or "data")


def last_part(path: str) -> str:
    """The last part of a path of any system."""
    return PureWindowsPath(PurePosixPath(path).name).name or path


def portable(ref: str) -> str:
    """A model's reference without the path of a folder of this machine."""
    kind, _, name = ref.partition(":")
    return f"folder:{last_part(name)}" if kind == "folder" else ref
