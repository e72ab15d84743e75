"""LoRA: the weights stay, and a small change of low rank is learned beside each of them (Hu et al., 2021)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.errors import Problem, UserError
from lib.methods.base import Method
from lib.option import option, values_as
from lib.tasks.outputs import KINDS

ALL_LINEAR = "all-linear"


@dataclass(frozen=True, kw_only=True)
class LoraOptions:
    """The adapter's size and place."""

    rank: int = option(
        16,
        title="Rank",
        help="How rich the change may be. 8 to 32 is usual; more costs memory and learns small data by heart.",
        group="Adapter",
        low=1,
        high=1024,
    )
    alpha: int = option(
        32,
        title="Alpha",
        help="How strongly the adapter counts: its output is multiplied by alpha / rank. Twice the rank is usual.",
        group="Adapter",
        low=1,
        high=4096,
    )
    dropout: float = option(
        0.05,
        title="Adapter dropout",
        help="The share of the adapter's inputs left out at random while it learns. 0.05 to 0.1 helps with few rows.",
        group="Adapter",
        low=0.0,
        high=0.9,
    )
    target_modules: str = option(
        ALL_LINEAR,
        title="Where",
        help="all-linear puts an adapter beside every weight matrix, the best choice; or name some: q_proj, v_proj.",
        group="Adapter",
    )
    rslora: bool = option(
        False,
        title="Rank-stabilised scaling",
        help="Divides by the root of the rank instead of the rank; try it with ranks above 32 (Kalajdzievski, 2023).",
        group="Adapter",
    )
    dora: bool = option(
        False,
        title="DoRA",
        help="Learns length and direction of each weight apart; often a little better, slower (Liu et al., 2024).",
        group="Adapter",
    )


class Lora(Method):
    """Adapters of low rank beside every weight matrix; layers that the base model lacks learn whole."""

    name = "lora"
    title = "LoRA"
    summary = (
        "A small adapter learns beside the frozen weights: a fraction of the memory, nearly the quality."
    )
    outputs = KINDS
    verb = "Train an adapter on"
    option_class = LoraOptions
    saves_adapter = True

    def unfit(self, *, kind: str | None, is_scratch: bool) -> Problem | None:
        """An adapter changes what a model knows; one from scratch knows nothing."""
        if not is_scratch:
            return None
        what = "A model from scratch knows nothing yet, so there is nothing for an adapter to change."
        return Problem(what, "method", "Choose full fine-tuning, or a pretrained model.", code="method-unfit")

    def prepare(self, model: Any, options: Mapping[str, Any]) -> Any:
        """Wrap the model. Raises UserError when it has no weight matrices, or none of the names given."""
        from peft import LoraConfig, get_peft_model

        chosen = values_as(LoraOptions, options)
        fresh = list(getattr(model, "fresh_modules", ()))
        config = LoraConfig(
            r=chosen.rank,
            lora_alpha=chosen.alpha,
            lora_dropout=chosen.dropout,
            target_modules=targets(model, chosen.target_modules, leave_out=fresh),
            modules_to_save=fresh or None,
            use_rslora=chosen.rslora,
            use_dora=chosen.dora,
        )
        return get_peft_model(model, config)


def targets(model: Any, wanted: str, *, leave_out: list[str]) -> list[str]:
    """The full names of the weight matrices to adapt: all but the output layer and `leave_out`, or those called so.

    Raises UserError when there is none, naming what there is.
    """
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    output = model.get_output_embeddings()
    matrices = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | Conv1D)
        and module is not output
        and not any(name == one or name.startswith(f"{one}.") for one in leave_out)
    ]
    if wanted.strip() == ALL_LINEAR:
        found = matrices
    else:
        names = {part for part in re.split(r"[\s,]+", wanted) if part}
        found = [name for name in matrices if name.rpartition(".")[2] in names or name in names]
    if not found:
        there = sorted({name.rpartition(".")[2] for name in matrices})
        fix = (
            f"Choose all-linear, or among: {', '.join(there)}."
            if there
            else "Choose full fine-tuning or head only."
        )
        what = (
            "The model has no weight matrix of that name."
            if there
            else "The model has no weight matrices to adapt."
        )
        raise UserError(Problem(what, "method.target_modules", fix, code="no-targets"))
    return found
