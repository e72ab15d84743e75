"""Whether a model knows the rows it has learned from far better than rows it has not seen."""

from collections.abc import Sequence
from typing import Any

from lib.analysis.intervals import number
from lib.errors import Problem

# The losses must differ by both: a ratio means little near zero, a gap little far from it.
LEAST_RATIO, LEAST_GAP = 2.0, 0.3
# The training loss is taken as the mean over this share of the steps before the best one.
SHARE = 0.1


def overfitting(metrics: Sequence[dict[str, Any]], *, best_step: int) -> Problem | None:
    """A sentence with the evidence when the validation loss at the best step is far above the training loss there.

    `metrics` are records of a run: {"step", "split", "name", "value"}. None without both losses.
    """
    losses = [record for record in metrics if record["name"] == "loss"]
    held = [
        record["value"]
        for record in losses
        if record["split"] == "validation" and record["step"] == best_step
    ]
    last = max((record["step"] for record in losses), default=0)
    window = best_step - max(1.0, SHARE * last)
    learned = [
        record["value"]
        for record in losses
        if record["split"] == "train" and window < record["step"] <= best_step
    ]
    if not held or not learned:
        return None
    seen, unseen = sum(learned) / len(learned), float(held[-1])
    if unseen < LEAST_RATIO * seen or unseen - seen < LEAST_GAP:
        return None
    return Problem(
        f"The model knows its training rows far better than new ones (overfitting): loss {number(seen)} on training "
        f"rows, {number(unseen)} on validation rows.",
        "loss",
        "The scores on test rows are honest all the same. More rows help most; fewer epochs or a smaller learning rate "
        "may help.",
        "warning",
        "overfitting",
    )
