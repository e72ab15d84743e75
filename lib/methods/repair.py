"""Giving back what rounding to four bits took: beside each matrix a correction of low rank, which never learns.

LQER (Zhang et al., 2024, arXiv 2402.02446). Of the error E = W − Q(W) it keeps the part of rank r that weighs most in
what the layer puts out. With inputs weighed by their usual size s, E diag(s) ≈ U Σ Vᵀ, B is U Σ and A is Vᵀ diag(s)⁻¹.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = "repair.safetensors"
# Four bits with their constants take 0.26 of 16 bits; with this much more at most, the whole stays below 0.45.
MOST_OF_16_BITS = 0.18
# What the sizes of inputs are read from: random tokens, or random pictures. Own rows gave no more than a point.
_ROWS, _TOKENS, _PICTURES = 16, 128, 4


def give_back(model: Any, whole: Any, *, rank: int) -> None:
    """Put a correction beside every matrix in four bits; `whole` is the same model with weights as they were.

    The rank is smaller where all corrections together would take more than `MOST_OF_16_BITS` of 16-bit matrices.
    """
    import torch
    from bitsandbytes.functional import dequantize_4bit

    sizes = _sizes_of_inputs(model)
    layers = {name: layer for name, layer in _layers(model) if name in sizes}
    shapes = [(layer.out_features, layer.in_features) for layer in layers.values()]
    room = MOST_OF_16_BITS * sum(rows * columns for rows, columns in shapes)
    rank = min(rank, int(room / max(1, sum(rows + columns for rows, columns in shapes))))
    for name, layer in layers.items():
        few: Any = layer.weight
        exact = _matrix(whole.get_submodule(name)).to(few.device, torch.float32)
        size = sizes[name].clamp_min(1e-6)
        error = (exact - dequantize_4bit(few.data, few.quant_state).to(torch.float32)) * size
        if most := min(rank, *error.shape):
            u, s, v = _largest(error, most)
            _put(layer, (v / size).to(torch.bfloat16), (u * s).to(torch.bfloat16))


def corrections(model: Any) -> dict[str, tuple[Any, Any]]:
    """By the name of its layer, each correction: A, bf16[rank, inputs], and B, bf16[outputs, rank]."""
    return {
        name: (layer.repair_a, layer.repair_b) for name, layer in _layers(model) if hasattr(layer, "repair_a")
    }


def save_repair(model: Any, folder: Path) -> None:
    """Write the corrections, if any, into a model's folder: for each layer NAME two tensors, NAME.a and NAME.b."""
    from safetensors.torch import save_file

    found = corrections(model)
    if found:
        weights = {
            f"{name}.{part}": one.detach().cpu().contiguous()
            for name, pair in found.items()
            for part, one in zip("ab", pair, strict=True)
        }
        save_file(weights, folder / FILE, metadata={"format": "pt"})


def read_repair(model: Any, folder: Path) -> None:
    """Put the corrections that lie in a model's folder beside a base model in four bits; nothing where none do."""
    from safetensors.torch import load_file

    if not (folder / FILE).is_file():
        return
    weights = load_file(folder / FILE)
    for name, layer in _layers(model):
        if f"{name}.a" in weights:
            _put(layer, weights[f"{name}.a"], weights[f"{name}.b"])


def _put(layer: Any, a: Any, b: Any) -> None:
    device = layer.weight.device
    layer.register_buffer("repair_a", a.contiguous().to(device), persistent=False)
    layer.register_buffer("repair_b", b.contiguous().to(device), persistent=False)
    layer.register_forward_hook(_corrected)


def _corrected(layer: Any, inputs: tuple[Any, ...], output: Any) -> Any:
    from torch.nn.functional import linear

    read = inputs[0]
    small = linear(read, layer.repair_a.to(read.dtype))
    return output + linear(small, layer.repair_b.to(small.dtype)).to(output.dtype)


def _layers(model: Any) -> Iterator[tuple[str, Any]]:
    """The layers in four bits, by the names they had before an adapter was laid beside them."""
    from bitsandbytes.nn import Linear4bit

    for name, module in model.named_modules():
        if isinstance(module, Linear4bit):
            yield name.removeprefix("base_model.model.").removesuffix(".base_layer"), module


def _matrix(layer: Any) -> Any:
    """A layer's weight, [outputs, inputs]; GPT-2's Conv1D keeps it the other way round."""
    from transformers.pytorch_utils import Conv1D

    return layer.weight.data.T if isinstance(layer, Conv1D) else layer.weight.data


def _largest(matrix: Any, rank: int) -> tuple[Any, Any, Any]:
    """U, Σ and Vᵀ of the `rank` largest singular values; randomised, from a fixed seed."""
    import torch

    numbers = torch.Generator(device=matrix.device).manual_seed(0)
    # Halko et al. (2011): some more columns than wanted and a few passes are as good as exact.
    wide = min(rank + 16, *matrix.shape)
    basis = torch.randn(matrix.shape[1], wide, generator=numbers, device=matrix.device)
    basis = torch.linalg.qr(matrix @ basis)[0]
    for _ in range(3):
        basis = torch.linalg.qr(matrix @ torch.linalg.qr(matrix.T @ basis)[0])[0]
    u, s, v = torch.linalg.svd(basis.T @ matrix, full_matrices=False)
    return (basis @ u)[:, :rank], s[:rank], v[:rank]


def _sizes_of_inputs(model: Any) -> dict[str, Any]:
    """√E[x²] of each input of each layer in four bits, float32[inputs], over random tokens or pictures."""
    import torch

    sums: dict[str, Any] = {}
    seen: dict[str, int] = {}

    def watch(name: str) -> Any:
        def add(_: Any, inputs: tuple[Any, ...]) -> None:
            read = inputs[0].detach().float().flatten(0, -2)
            sums[name] = sums.get(name, 0) + read.square().sum(0)
            seen[name] = seen.get(name, 0) + len(read)

        return add

    hooks = [layer.register_forward_pre_hook(watch(name)) for name, layer in _layers(model)]
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            model(**_blind_inputs(model))
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    return {name: (total / seen[name]).sqrt() for name, total in sums.items()}


def _blind_inputs(model: Any) -> dict[str, Any]:
    """Random inputs of the kind that the model reads, from a fixed seed: no rows are needed, and none can leak."""
    import torch

    config, device = model.config, model.device
    numbers = torch.Generator().manual_seed(0)
    if model.main_input_name == "pixel_values":
        side = config.image_size
        height, width = (side, side) if isinstance(side, int) else side
        shape = (_PICTURES, config.num_channels, height, width)
        return {"pixel_values": torch.randn(shape, generator=numbers).to(device)}
    # RoBERTa's position embeddings begin with some for padding.
    longest = min(_TOKENS, (getattr(config, "max_position_embeddings", None) or _TOKENS + 2) - 2)
    words = model.get_input_embeddings().weight.shape[0]
    ids = torch.randint(words, (_ROWS, longest), generator=numbers).to(device)
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return given | ({"decoder_input_ids": ids} if config.is_encoder_decoder else {})
