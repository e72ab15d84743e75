"""What was chosen to start from: a reference, the model behind it, and what is wrong with it."""

from dataclasses import dataclass

from lib.errors import Problem, UserError
from lib.models.sources import ModelInfo, find_model


@dataclass(frozen=True)
class ModelChoice:
    """The reference a spec will hold, the model behind it, and what is wrong with it."""

    ref: str
    model: ModelInfo | None
    problems: tuple[Problem, ...] = ()


def find_choice(ref: str) -> ModelChoice:
    """The choice that a reference is, with its problems instead of an error."""
    try:
        model = find_model(ref)
    except UserError as error:
        return ModelChoice(ref, None, error.problems)
    return ModelChoice(model.ref, model)
