"""How many weights a model has and how much memory they take, also where they hold few bits."""

from typing import Any

from lib.methods.repair import corrections


def count_weights(model: Any) -> dict[str, int]:
    """`total` and `trainable` weights; those in 4 bits count as themselves, not as the bytes that hold two of them."""
    return {
        "total": sum(_weights(weight) for weight in model.parameters()),
        "trainable": sum(weight.numel() for weight in model.parameters() if weight.requires_grad),
    }


def weights_mb(model: Any) -> float:
    """The memory of all weights, with what 4- and 8-bit weights are scaled and repaired by, in MB."""
    beside = sum(_held(buffer) for pair in corrections(model).values() for buffer in pair)
    return (sum(_bytes(weight) for weight in model.parameters()) + beside) / 1e6


def is_adapted(model: Any) -> bool:
    """Whether adapters lie beside the model's weights."""
    return hasattr(model, "peft_config")


def matrices_mb(model: Any) -> dict[str, float]:
    """The memory in MB of the base model's weight matrices beside which adapters lie: `held`, and in `bf16`.

    As in the paper on QLoRA, without biases and without layers that are kept whole.
    """
    matrices = [
        module.get_base_layer().weight for module in model.modules() if hasattr(module, "lora_embedding_A")
    ]
    beside = sum(_held(buffer) for pair in corrections(model).values() for buffer in pair)
    return {
        "held": (sum(_bytes(weight) for weight in matrices) + beside) / 1e6,
        "bf16": sum(2 * _weights(weight) for weight in matrices) / 1e6,
    }


def _held(tensor: Any) -> int:
    return int(tensor.numel() * tensor.element_size())


def _weights(weight: Any) -> int:
    state = getattr(weight, "quant_state", None)
    return int(state.shape.numel()) if state is not None else int(weight.numel())


def _bytes(weight: Any) -> int:
    total = _held(weight)
    state, rows = getattr(weight, "quant_state", None), getattr(weight, "SCB", None)
    tensors = [] if rows is None else [rows]
    while state is not None:
        tensors += [state.absmax, state.code]
        state = getattr(state, "state2", None)
    return int(total + sum(_held(one) for one in tensors))
