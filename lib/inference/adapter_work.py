"""The host's work behind the map of an adapter: how much each weight matrix has changed, in how many directions."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from lib.errors import Problem, UserError
from lib.inference.models import HeldModel

# The number of a layer in a module's name: model.layers.7.self_attn.q_proj, encoder.block.3.layer.0.SelfAttention.q.
_LAYER = re.compile(r"^(?P<stack>.*?)\.(?P<layer>\d+)\.(?P<matrix>.+)$")
_WRAPPER = "base_model.model."


def map_adapter(
    held: HeldModel, request: dict[str, Any], *, on_rows: Callable[[int], None]
) -> dict[str, Any]:
    """`modules`: for each adapted matrix its name, `stack`, `layer` (−1 outside of layers), `matrix`, `rank` and sizes.

    `change` is ‖ΔW‖ and `whole` ‖W‖ (Frobenius), `spectrum` the singular values of ΔW = scale · B A, largest first;
    `dora` says that the change is scaled once more by DoRA, which is left out. Raises UserError without an adapter.
    """
    found = []
    for number, (name, module) in enumerate(_adapted(held.model)):
        found += [place_of(name) | one for one in adapted_matrices(module)]
        on_rows(number)
    if not found:
        what = "This model is no adapter, so no change of low rank lies beside its weights."
        raise UserError(Problem(what, "model", "Choose a run with LoRA or QLoRA.", code="no-adapter"))
    return {"modules": found}


def place_of(name: str) -> dict[str, Any]:
    """Where a module stands, from its name: stack of layers, number of the layer, which matrix of it."""
    plain = name.removeprefix(_WRAPPER)
    match = _LAYER.match(plain)
    if match is None:
        return {"name": plain, "stack": "", "layer": -1, "matrix": plain}
    return {"name": plain, "stack": match["stack"], "layer": int(match["layer"]), "matrix": match["matrix"]}


def adapted_matrices(module: Any) -> list[dict[str, Any]]:
    """What each adapter beside one weight matrix changes; usually there is one.

    B A is never formed: with B = Q₁ R₁ and Aᵀ = Q₂ R₂ its singular values are those of R₁ R₂ᵀ, rank × rank.
    """
    import torch
    from peft.utils.integrations import dequantize_module_weight

    found = []
    with torch.no_grad():
        for name, up in module.lora_B.items():
            b = up.weight.detach().double().flatten(1)
            a = module.lora_A[name].weight.detach().double().flatten(1)
            small = torch.linalg.qr(b, mode="r")[1] @ torch.linalg.qr(a.T, mode="r")[1].T
            spectrum = float(module.scaling[name]) * torch.linalg.svdvals(small)
            # Weights in few bits are unpacked for this, one matrix at a time.
            whole = dequantize_module_weight(module.get_base_layer()).double().norm()
            found.append(
                {
                    "rank": int(a.shape[0]),
                    "rows": int(b.shape[0]),
                    "columns": int(a.shape[1]),
                    "change": float(spectrum.norm()),
                    "whole": float(whole),
                    "spectrum": [float(value) for value in spectrum.abs().cpu()],
                    "dora": name in getattr(module, "lora_magnitude_vector", {}),
                }
            )
    return found


def _adapted(model: Any) -> Iterator[tuple[str, Any]]:
    return ((name, module) for name, module in model.named_modules() if len(getattr(module, "lora_B", ())))
