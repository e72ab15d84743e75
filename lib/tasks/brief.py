"""What a task is told about a run: enough to read rows and to understand what the model says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Columns = Mapping[str, str]
Target = dict[str, Any]


@dataclass(frozen=True)
class Brief:
    """Columns by role, what there is to predict, how long an input may be (tokens), and the task's own options.

    It lies beside every saved model (atelier.json), so that a model is always asked as it was taught.
    """

    columns: Columns
    target: Target
    max_length: int = 512
    options: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The brief as plain JSON data."""
        return {
            "columns": dict(self.columns),
            "target": self.target,
            "max_length": self.max_length,
            "options": dict(self.options),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Brief":
        """The brief that `to_json` wrote; other keys are passed over. Raises KeyError when parts are missing."""
        return Brief(value["columns"], value["target"], int(value["max_length"]), value.get("options") or {})

    def changed(self, **parts: Any) -> "Brief":
        """A copy with some parts replaced."""
        return replace(self, **parts)
