"""Full fine-tuning: every weight of the model learns."""

from collections.abc import Mapping
from typing import Any

from lib.methods.base import Method
from lib.tasks.outputs import KINDS


class Full(Method):
    """Every weight learns. The best quality; needs memory for gradients and two optimizer moments."""

    name = "full"
    title = "Full fine-tuning"
    summary = "Every weight of the model learns. Best quality; uses the most memory."
    outputs = KINDS

    def prepare(self, model: Any, options: Mapping[str, Any]) -> Any:
        """Let every parameter learn."""
        for parameter in model.parameters():
            parameter.requires_grad_(True)
        return model
