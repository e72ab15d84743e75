"""Full fine-tuning: every weight of the model learns."""

from collections.abc import Mapping
from typing import Any

from lib.errors import Problem
from lib.methods.base import Method
from lib.tasks.outputs import KINDS


class Full(Method):
    """Every weight learns. The best quality; needs memory for gradients and two optimizer moments."""

    name = "full"
    title = "Full fine-tuning"
    summary = "Every weight of the model learns. Best quality; uses the most memory."
    outputs = KINDS

    def check(self, options: Mapping[str, Any]) -> list[Problem]:
        """Full fine-tuning has no options of its own, so any is a mistake."""
        return [
            Problem(
                f"Full fine-tuning has no option {name!r}.",
                where=f"method.{name}",
                fix="Remove it.",
                code="unknown-method-option",
            )
            for name in options
        ]

    def prepare(self, model: Any, options: Mapping[str, Any]) -> Any:
        """Let every parameter learn."""
        for parameter in model.parameters():
            parameter.requires_grad_(True)
        return model
