"""How a model is asked to write one answer: the run's way of writing, changed for this once, and a seed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lib.errors import raise_errors
from lib.option import check_values, option, values_as
from lib.tasks.causal import WritingOptions


@dataclass(frozen=True, kw_only=True)
class Manner(WritingOptions):
    """The options of writing, and what fixes the draws above temperature 0."""

    seed: int = option(
        0,
        title="Seed",
        help="Fixes the draws: the same conversation with the same seed gets the same answer. Counts above "
        "temperature 0.",
        group="Writing",
        low=0,
        high=2_147_483_647,
    )

    def to_json(self) -> dict[str, Any]:
        """The manner as plain JSON data."""
        return asdict(self)


def manner_of(options: Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> Manner:
    """A run's own way of writing, with some of it changed. Raises UserError with everything wrong in `changes`."""
    changes = changes or {}
    raise_errors(check_values(changes, (Manner,), where="settings"))
    return values_as(Manner, {**options, **changes})
