"""Methods that follow the gradient of the score back to what the model reads: its embeddings or its pixels."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from lib.errors import Problem, UserError
from lib.inference.attribution.picture_input import PictureInput
from lib.inference.attribution.targets import Target
from lib.inference.attribution.text_input import TextInput

Read = TextInput | PictureInput
# Rows read at once along the path of integrated gradients; a backward pass keeps every layer of each.
AT_ONCE = 8


class Attributed(NamedTuple):
    """Scores of words or patches and of special tokens; for integrated gradients also how far they fail to add up."""

    units: np.ndarray
    specials: np.ndarray
    delta: float | None = None
    change: float | None = None


def gradient_times_input(read: Read, target: Target) -> Attributed:
    """∂f/∂x · x, added up over the embedding's dimensions (or a patch's pixels): one backward pass.

    Its baseline is, by its form, an embedding (a normalised pixel) of zeros. Shrikumar et al. 2016, arXiv 1605.01713.
    """
    start = read.start().clone().requires_grad_(True)
    gradient = _gradient(read, target, start)
    return Attributed(*read.summed(gradient * start.detach()))


def integrated_gradients(
    read: Read, target: Target, *, baseline: str, steps: int, tell: Callable[[float], None]
) -> Attributed:
    """(x − x′) · ∫ ∂f/∂x along the straight line from the baseline x′ to x, by Gauss–Legendre with `steps` points.

    `delta` is |Σ scores − (f(x) − f(x′))| and `change` is f(x) − f(x′). Sundararajan et al. 2017, arXiv 1703.01365.
    """
    import torch

    begin, end = read.start_at(baseline), read.start()
    points, weights = np.polynomial.legendre.leggauss(steps)
    shares = torch.tensor((points + 1) / 2, dtype=end.dtype, device=end.device)
    heavy = torch.tensor(weights / 2, dtype=end.dtype, device=end.device)
    with torch.inference_mode():
        ends = [float(target.score(read.said_from(at, target.say)[0])[0]) for at in (end, begin)]
    total = torch.zeros_like(end)
    shape = [-1, *[1] * (end.dim() - 1)]
    for at in range(0, steps, AT_ONCE):
        part = slice(at, at + AT_ONCE)
        path = begin + shares[part].view(shape) * (end - begin)
        gradient = _gradient(read, target, path.detach().requires_grad_(True))
        total += (gradient * heavy[part].view(shape)).sum(dim=0, keepdim=True)
        tell(min(1.0, (at + AT_ONCE) / steps))
    units, specials = read.summed(total * (end - begin))
    change = ends[0] - ends[1]
    return Attributed(units, specials, abs(float(units.sum() + specials.sum()) - change), change)


def _gradient(read: Read, target: Target, leaf: Any) -> Any:
    """The gradient of the score of each row with respect to that row of the leaf."""
    import torch

    with torch.enable_grad():
        score = target.score(read.said_from(leaf, target.say)[0])
        found = torch.autograd.grad(score.sum(), leaf, allow_unused=True)[0] if score.requires_grad else None
    if found is None:
        raise UserError(
            Problem(
                "No gradient comes back from this model, so methods that follow it have nothing to show.",
                where="method",
                fix="Choose occlusion, which only asks the model.",
                code="no-gradient",
            )
        )
    return found
