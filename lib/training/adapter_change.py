"""How much an adapter has come to change the weights it lies beside."""

from typing import Any

import numpy as np
import torch


@torch.no_grad()
def adapter_change(model: Any) -> float | None:
    """‖scale · B A‖ / ‖W‖ (Frobenius), the median over the adapted matrices; None for a model without an adapter.

    B starts at zero (Hu et al., 2021), so 0 is an adapter that has learned nothing. The product is never formed:
    ‖B A‖² = Σ (Bᵀ B) ∘ (A Aᵀ), which is rank × rank.
    """
    if not any(hasattr(module, "lora_B") for module in model.modules()):
        return None
    from peft.utils.integrations import dequantize_module_weight

    shares = []
    for module in model.modules():
        for name, up in getattr(module, "lora_B", {}).items():
            down = module.lora_A[name].weight.double()
            change = ((up.weight.double().T @ up.weight.double()) * (down @ down.T)).sum().clamp(min=0).sqrt()
            whole = dequantize_module_weight(module.get_base_layer()).double().norm()
            shares.append(float(module.scaling[name] * change / whole.clamp(min=1e-12)))
    return float(np.median(shares)) if shares else None
