"""Looking at attention weights as they are computed, one layer at a time. Only the host runs this.

Models compute attention with kernels that never hold the weights ("sdpa"); transformers then returns nothing, and only
warns. So the model is set to "eager" for the time it is watched. Hooks hand each layer's weights over as they are
there, so no more than one layer is held at once.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lib.errors import Problem, UserError

# The name that a module of cross-attention has in its parent.
_CROSS = frozenset({"EncDecAttention", "encoder_attn", "crossattention", "cross_attn", "encoder_attention"})
# float[heads, queries, keys] of a layer of the stack "encoder", "decoder" or "cross".
Take = Callable[[str, np.ndarray], None]
# Rows are sums of float32, or of bfloat16 under some quantised models.
_CLOSE = 2e-2


@contextlib.contextmanager
def watched(model: Any, take: Take) -> Iterator[None]:
    """While this is open, `take(stack, weights)` is told the weights of every layer that runs, in order.

    The model is in eval mode meanwhile and set back afterwards. Raises UserError inside the block where weights are
    not those of one text or picture, such as those of windows.
    """
    whole = model.get_base_model() if hasattr(model, "peft_config") else model
    was_training = model.training
    model.eval()
    hooks = [
        module.register_forward_hook(_hook(_stack_of(name, whole), take), with_kwargs=False)
        for name, module in _leaves(whole)
    ]
    try:
        with _eager(whole):
            yield
    finally:
        for hook in hooks:
            hook.remove()
        model.train(was_training)


@contextlib.contextmanager
def _eager(model: Any) -> Iterator[None]:
    """With weights that can be seen: by the eager implementation, or where there is one only, by asking for them."""
    if model._can_set_attn_implementation():
        before = model.config._attn_implementation
        model.set_attn_implementation("eager")
        try:
            yield
        finally:
            model.set_attn_implementation(before or "eager")
    else:
        asked = getattr(model.config, "output_attentions", False)
        model.config.output_attentions = True
        try:
            yield
        finally:
            model.config.output_attentions = asked


def _leaves(model: Any) -> list[tuple[str, Any]]:
    """The innermost modules of attention, by name."""
    found = [(name, module) for name, module in model.named_modules() if "Attention" in type(module).__name__]
    return [
        (name, module)
        for name, module in found
        if not any(inner is not module and "Attention" in type(inner).__name__ for inner in module.modules())
    ]


def _stack_of(name: str, model: Any) -> str:
    parts = set(name.split("."))
    if parts & _CROSS:
        return "cross"
    return "decoder" if model.config.is_encoder_decoder and "decoder" in parts else "encoder"


def _hook(stack: str, take: Take) -> Callable[[Any, Any, Any], None]:
    def hook(module: Any, inputs: Any, output: Any) -> None:
        parts = output if isinstance(output, tuple | list) else (output,)
        # T5 returns its position bias too, before the weights.
        tensors = [part for part in parts if getattr(part, "ndim", 0) == 4]
        if not tensors:
            return
        if tensors[-1].shape[0] != 1:
            raise no_matrix("looks at small windows of its input, one apart from the other")
        weights = tensors[-1][0].detach().float().cpu().numpy()
        if not np.allclose(weights.sum(axis=-1), 1.0, atol=_CLOSE):
            raise no_matrix("does not weigh its input with shares that sum to 1")
        take(stack, weights)

    return hook


def no_matrix(why: str) -> UserError:
    """What to say of an architecture whose attention cannot be drawn as queries × keys; `why` follows "It"."""
    return UserError(
        Problem(
            f"This model has no attention matrices to show: it {why}.",
            "model",
            "Look at Relevance instead, which serves every architecture.",
            code="no-attention",
        )
    )
