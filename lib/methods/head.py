"""Head only: the body keeps its weights, and only the fresh layers on top of it learn."""

from collections.abc import Mapping
from typing import Any

from lib.errors import Problem, UserError
from lib.methods.base import Method
from lib.methods.parts import weights_of_body
from lib.tasks.outputs import LabelScores, ManyLabels, Number, Spans, TokenLabels


class Head(Method):
    """The body is frozen. Quick and small; good when the base model's texts are like yours, and for a first look."""

    name = "head"
    title = "Head only"
    summary = "Only the layers on top learn; the body stays as it is. Quickest and smallest, seldom the best."
    verb = "Train the head of"
    needs = "layers of its own on top of the body"
    outputs = frozenset({LabelScores.kind, ManyLabels.kind, Number.kind, Spans.kind, TokenLabels.kind})

    def unfit(self, *, kind: str | None, is_scratch: bool, config: Mapping[str, Any]) -> Problem | None:
        """A body that knows nothing gives a head nothing to learn from."""
        if is_scratch:
            what = "A model from scratch knows nothing yet, so teaching only its head teaches nothing."
            fix = "Choose full fine-tuning, or a pretrained model."
            return Problem(what, "method", fix, code="method-unfit")
        return super().unfit(kind=kind, is_scratch=is_scratch, config=config)

    def prepare(self, model: Any, options: Mapping[str, Any]) -> Any:
        """Let only what lies outside the body, or was not in the base model, learn. Raises UserError for no head."""
        inside = weights_of_body(model)
        fresh = tuple(f"{name}." for name in getattr(model, "fresh_modules", ()))
        if not inside:
            what = "This model has no head apart from its body."
            raise UserError(Problem(what, "method", "Choose full fine-tuning.", code="no-head"))
        for name, weight in model.named_parameters():
            weight.requires_grad_(id(weight) not in inside or name.startswith(fresh))
        return model
