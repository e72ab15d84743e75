"""A model that was taught elsewhere: what its own configs say of it, and what follows from that for a task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lib.option import check_values
from lib.tasks.brief import Target


@dataclass(frozen=True)
class Elsewhere:
    """What a model folder says: config.json, generation_config.json, its kind, and whether it has a chat template."""

    config: Mapping[str, Any]
    writing: Mapping[str, Any]
    kind: str | None
    chats: bool = False

    def has_head(self, *ends: str) -> bool:
        """Whether the class that saved it ends in one of these names, such as "ForMaskedLM"."""
        names = self.config.get("architectures")
        return any(str(name).endswith(ends) for name in (names if isinstance(names, list) else ()))

    @property
    def labels(self) -> list[str]:
        """The names of its logits in their order; transformers' own where the config has none, each name once."""
        named = self.config.get("id2label")
        if not isinstance(named, Mapping) or not all(str(number).isdigit() for number in named):
            named = {number: f"LABEL_{number}" for number in range(2)}
        found: list[str] = []
        for _, label in sorted(named.items(), key=lambda item: int(item[0])):
            found.append(str(label) if str(label) not in found else f"{label} ({len(found)})")
        return found

    @property
    def problem_type(self) -> str:
        """What its classification head was taught: several labels, a number, or one label a text."""
        said = str(self.config.get("problem_type") or "")
        return said or ("regression" if len(self.labels) == 1 else "single_label_classification")

    def prefix_for(self, slug: str) -> str | None:
        """The words that its config wants before a text for a task; None where it does not name the task."""
        tasks = self.config.get("task_specific_params")
        for name, settings in (tasks if isinstance(tasks, Mapping) else {}).items():
            if str(name).startswith(slug) and isinstance(settings, Mapping):
                return str(settings.get("prefix") or "")
        return None


@dataclass(frozen=True)
class Known:
    """What a model taught elsewhere can do of a task: its target and how it is asked.

    `names_task`: its configs name this very task, so it comes before others that its head could do too. `remark` is a
    sentence that whoever asks it should know.
    """

    target: Target
    options: Mapping[str, Any] = field(default_factory=dict)
    names_task: bool = False
    remark: str = ""


def fitting(options: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """Those of the options that a dataclass of options knows and allows; what a foreign config says may be anything."""
    return {
        name: value
        for name, value in options.items()
        if value is not None and not check_values({name: value}, (kind,))
    }
