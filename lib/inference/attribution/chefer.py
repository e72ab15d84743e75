"""Relevance by attention and its gradient, carried through the layers (Chefer, Gur and Wolf 2021)."""

import contextlib
from collections.abc import Iterator
from typing import Any

from lib.errors import Problem, UserError
from lib.inference.attribution.gradients import Attributed, Read
from lib.inference.attribution.picture_input import PictureInput
from lib.inference.attribution.targets import Target


def chefer(read: Read, target: Target) -> Attributed:
    """R ← R + Ā·R through the layers, from R = I, with Ā = E_h[(∇A ⊙ A)⁺]; arXiv 2103.15679, equations 5 and 6.

    What is shown is the row of R at the place where the score is read, without the identity it began with: [CLS] for
    most classifiers. Heads that read several places are followed to each, weighed by the length of the score's
    gradient there. Scores are at least 0. Raises UserError for architectures without such matrices.
    """
    import torch

    if getattr(read.model.config, "is_encoder_decoder", False):
        raise _unavailable("It has three kinds of attention, and this method follows one.")
    with watched(read.model), torch.enable_grad():
        raw, outputs = read.said_from(read.start().clone().requires_grad_(True), target.say)
        maps = attention_of(outputs)
        last = list(getattr(outputs, "hidden_states", None) or ())[-1:]
        score = target.score(raw)[0]
        found = torch.autograd.grad(score, [*maps, *last], allow_unused=True)
    gradients, at_last = found[: len(maps)], found[len(maps) :]
    if any(gradient is None for gradient in gradients):
        raise _unavailable("Its attention cannot be followed back from the score.")
    size = maps[0].shape[-1]
    relevance = torch.eye(size, dtype=torch.float64, device=maps[0].device)
    for attention, gradient in zip(maps, gradients, strict=True):
        mean = (gradient[0] * attention[0]).clamp(min=0).mean(dim=0).double()
        relevance = relevance + mean @ relevance
    carried = (relevance - torch.eye(size, dtype=torch.float64, device=relevance.device)).detach()
    weights = _read_at(at_last[0] if at_last else None, size)
    row = (weights.to(carried) @ carried).cpu().numpy()
    if isinstance(read, PictureInput) and size < read.count:
        raise _unavailable("Its attention does not reach from patch to patch.")
    return Attributed(*read.of_last(row))


def attention_of(outputs: Any) -> list[Any]:
    """The attention of each layer, float[1, heads, tokens, tokens]. Raises UserError where there is none."""
    maps = [layer for layer in getattr(outputs, "attentions", None) or () if layer is not None]
    if not maps:
        raise _unavailable("It has no attention that relates every token to every other.")
    shapes = {tuple(layer.shape[2:]) for layer in maps}
    square = len(shapes) == 1 and all(layer.dim() == 4 and layer.shape[2] == layer.shape[3] for layer in maps)
    if not square or len(maps[0]) != 1:
        raise _unavailable("Its attention looks at windows, so no matrix relates every token to every other.")
    return maps


@contextlib.contextmanager
def watched(model: Any) -> Iterator[None]:
    """The model with attention that gives out its weights, and all as it was afterwards.

    The fast kernels never form the matrix; asked for it they would hand out nothing, without a word.
    """
    config = model.config
    before = config._attn_implementation
    asked = {name: getattr(config, name, False) for name in ("output_attentions", "output_hidden_states")}
    model.set_attn_implementation("eager")
    # An adapter's wrapper passes None on for what it was not told, which would overrule the configuration.
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    hook = inner.register_forward_pre_hook(_without_none, with_kwargs=True)
    try:
        for name in asked:
            setattr(config, name, True)
        yield
    finally:
        hook.remove()
        for name, value in asked.items():
            setattr(config, name, value)
        model.set_attn_implementation(before)


def _without_none(module: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return given, {name: value for name, value in named.items() if value is not None}


def _read_at(gradient: Any, size: int) -> Any:
    """How much the score is read at each token, float[tokens], summing to 1: from ∂f/∂(last hidden state)."""
    import torch

    first = torch.zeros(size, dtype=torch.float64)
    first[0] = 1.0
    if gradient is None or gradient.shape[1] != size:
        return first
    lengths = gradient[0].double().norm(dim=-1)
    return lengths / lengths.sum() if float(lengths.sum()) > 0 else first


def _unavailable(why: str) -> UserError:
    return UserError(
        Problem(
            f"Chefer relevance is not available for this architecture. {why}",
            where="method",
            fix="Choose occlusion, which asks the model only for predictions and works with every architecture.",
            code="no-attention",
        )
    )
