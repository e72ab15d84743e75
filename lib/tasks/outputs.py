"""The shapes a prediction can have. Views, charts and losses dispatch on these, never on a task's name."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class LabelScores:
    """One probability per label, summing to 1; exactly one label is right.

    `labels` in the order of the model's logits. In predictions.parquet each row holds `gold` and
    `predicted` (label names), `confidence` (the probability of `predicted`), `loss` (−ln p of `gold`,
    natural log), `margin` (best minus second-best probability), `entropy` (−Σ p ln p) and `scores`
    (float32[labels], the probabilities in label order).
    """

    kind: ClassVar[str] = "label-scores"
    labels: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The output as plain JSON data, to be read back by `output_from_json`."""
        return {"kind": self.kind, "labels": list(self.labels)}


Output = LabelScores


def output_from_json(value: dict[str, Any]) -> Output:
    """The output that `to_json` wrote. Raises ValueError for a kind this version does not know."""
    if value.get("kind") == LabelScores.kind:
        return LabelScores(labels=tuple(value["labels"]))
    raise ValueError(f"unknown kind of output: {value.get('kind')!r}")
