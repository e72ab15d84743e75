"""What the host does when it is asked what a prediction rests on: one row in, scores of its words or patches out."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from lib.errors import Problem, UserError
from lib.inference.attribution.chefer import chefer
from lib.inference.attribution.faithfulness import followed
from lib.inference.attribution.gradients import Attributed, Read, gradient_times_input, integrated_gradients
from lib.inference.attribution.occlusion import occlusion
from lib.inference.attribution.rows import open_row
from lib.inference.attribution.targets import Target
from lib.inference.attribution.wish import Wish
from lib.inference.models import HeldModel

# The shares of the work in per cent, as they are told to the asker.
_FOR_THE_MAP = 60


def explain_row(
    held: HeldModel, request: dict[str, Any], *, on_rows: Callable[[int], None]
) -> dict[str, Any]:
    """The relevance of each word or patch of `request["cells"]` for one score, and how faithful it is.

    `on_rows(per cent)` is called as the work goes on and may raise to end it. The model is left as it was.
    """
    begun = time.monotonic()
    wish = Wish.of(request)
    held.model.eval()
    read, target, about = open_row(held, request["cells"], wish)
    baseline = wish.baseline if wish.baseline in read.baselines() else read.baselines()[0]
    found = _attributed(read, target, wish, baseline, lambda share: on_rows(round(_FOR_THE_MAP * share)))
    on_rows(_FOR_THE_MAP)
    proof = followed(
        read,
        target,
        found.units,
        lambda share: on_rows(round(_FOR_THE_MAP + (100 - _FOR_THE_MAP) * share)),
    )
    integrated = wish.method == "integrated"
    return {
        **target.told(),
        **read.told(found.units, found.specials),
        **about,
        "method": wish.method,
        "baseline": baseline if integrated else "",
        "baselines": read.baselines(),
        "steps": wish.steps if integrated else None,
        "delta": found.delta,
        "change": found.change,
        "hidden_mass": mass_hidden(found.units, found.specials),
        "value": proof["value"],
        "faithfulness": proof,
        "stamp": held.stamp,
        "seconds": time.monotonic() - begun,
    }


def _attributed(
    read: Read, target: Target, wish: Wish, baseline: str, tell: Callable[[float], None]
) -> Attributed:
    match wish.method:
        case "occlusion":
            return occlusion(read, target, tell)
        case "gradient":
            return gradient_times_input(read, target)
        case "chefer":
            return chefer(read, target)
        case "integrated":
            return integrated_gradients(read, target, baseline=baseline, steps=wish.steps, tell=tell)
    raise UserError(
        Problem(
            f"There is no method {wish.method!r}.",
            where="method",
            fix="Choose another one.",
            code="unknown-method",
        )
    )


def mass_hidden(units: np.ndarray, specials: np.ndarray) -> float:
    """The share of Σ|score| that lies on special tokens, in [0, 1]; 0 when there is none at all."""
    hidden, shown = float(np.abs(specials).sum()), float(np.abs(units).sum())
    return hidden / (hidden + shown) if hidden + shown else 0.0
