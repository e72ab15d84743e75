"""The training loss of tasks that choose among labels: class weights, focal loss, label smoothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.option import option, values_as
from lib.tasks.brief import Brief

# A class of one row in ten thousand would otherwise drown all others.
HEAVIEST = 20.0


@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    """What may be changed about the loss of a task with labels."""

    class_weights: str = option(
        "none",
        title="Class weights",
        help="Balanced makes rare labels count as much as common ones; try it when rare labels are never predicted.",
        group="Robustness",
        choices=("none", "balanced"),
    )
    focal_gamma: float = option(
        0.0,
        title="Focal loss",
        help="Above 0, rows the model is sure of count less. 2 is usual for strong imbalance; 0 is cross-entropy.",
        group="Robustness",
        low=0.0,
        high=5.0,
    )
    label_smoothing: float = option(
        0.0,
        title="Label smoothing",
        help="Asks for a little less certainty. 0.05 to 0.1 helps with noisy labels; probabilities become milder.",
        group="Robustness",
        low=0.0,
        high=0.5,
    )


def balanced_weights(labels: tuple[str, ...], counts: Mapping[str, int]) -> list[float]:
    """A weight per label: rows / (labels · rows of the label), as scikit-learn's "balanced", at most 20."""
    total = sum(counts.get(label, 0) for label in labels)
    return [min(HEAVIEST, total / (len(labels) * max(1, counts.get(label, 0)))) for label in labels]


def label_loss(
    model: Any, batch: dict[str, Any], brief: Brief, *, labels: tuple[str, ...], counts: Mapping[str, int]
) -> Any:
    """The loss and the outputs, or None when nothing was changed and the model's own cross-entropy serves.

    Logits and labels may have any leading shape; −100 is left out. Focal: (1 − p)^γ · −ln p (Lin et al. 2017), averaged
    over the weights, as torch's weighted cross-entropy is.
    """
    options = values_as(LabelOptions, brief.options)
    if options == LabelOptions():
        return None
    import torch

    inputs = {name: values for name, values in batch.items() if name != "labels"}
    outputs = model(**inputs)
    logits = outputs.logits.float().reshape(-1, outputs.logits.shape[-1])
    truths = batch["labels"].reshape(-1)
    weights = torch.ones(len(labels), device=logits.device)
    if options.class_weights == "balanced":
        weights = torch.tensor(balanced_weights(labels, counts), device=logits.device)
    kept = truths != -100
    logits, truths = logits[kept], truths[kept]
    logs = torch.log_softmax(logits, dim=-1)
    chosen = logs.gather(1, truths[:, None])[:, 0]
    each = -chosen * (1 - chosen.exp()) ** options.focal_gamma
    if options.label_smoothing:
        each = (1 - options.label_smoothing) * each - options.label_smoothing * logs.mean(dim=-1)
    weight = weights[truths]
    return (weight * each).sum() / weight.sum().clamp(min=1e-9), outputs
