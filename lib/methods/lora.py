"""LoRA: the weights stay, and a small change of low rank is learned beside each of them (Hu et al., 2021)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.errors import Problem, UserError
from lib.methods.adapters import note_kept
from lib.methods.base import Method
from lib.methods.parts import learns_whole, matrices
from lib.option import option, values_as
from lib.tasks.outputs import KINDS

ALL_LINEAR = "all-linear"
# Networks of convolutions: what lies under their head are filters, not weight matrices (their `model_type`).
CONVOLUTIONS = frozenset(
    {
        "bit", "efficientnet", "ibert", "mobilenet_v1", "mobilenet_v2", "mobilevitv2", "poolformer", "regnet", "resnet",
        "squeezebert",
    }
)  # fmt: skip


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

    def check(self, options: Mapping[str, Any]) -> list[Problem]:
        """Also that it is said where adapters go."""
        problems = super().check(options)
        if not problems and not values_as(self.option_class, options).target_modules.strip(" ,"):
            fix = f"Write {ALL_LINEAR}, or names such as q_proj, v_proj."
            problems.append(
                Problem("It is not said where adapters go.", "method.target_modules", fix, code="no-targets")
            )
        return problems

    def unfit(self, *, kind: str | None, is_scratch: bool, config: Mapping[str, Any]) -> Problem | None:
        """An adapter changes what a model knows; one from scratch knows nothing, and convolutions have no matrices."""
        if is_scratch:
            what = "A model from scratch knows nothing yet, so there is nothing for an adapter to change."
            fix = "Choose full fine-tuning, or a pretrained model."
            return Problem(what, "method", fix, code="method-unfit")
        if str(config.get("model_type")) in CONVOLUTIONS:
            what = "This model is made of convolutions and has no weight matrices that adapters could lie beside."
            return Problem(what, "method", "Choose full fine-tuning or head only.", code="method-unfit")
        return super().unfit(kind=kind, is_scratch=is_scratch, config=config)

    def prepare(self, model: Any, options: Mapping[str, Any]) -> Any:
        """Wrap the model. Raises UserError when it has no weight matrices, or none of the names given."""
        from peft import LoraConfig, get_peft_model

        self.loaded(model)
        note_kept(model)
        chosen = values_as(LoraOptions, options)
        whole = learns_whole(model)
        config = LoraConfig(
            r=chosen.rank,
            lora_alpha=chosen.alpha,
            lora_dropout=chosen.dropout,
            target_modules=targets(model, chosen.target_modules, leave_out=whole),
            modules_to_save=whole or None,
            trainable_token_indices=new_rows(model),
            use_rslora=chosen.rslora,
            use_dora=chosen.dora,
        )
        return get_peft_model(model, config)


def new_rows(model: Any) -> dict[str, list[int]] | None:
    """The rows of tokens that the base model did not know (`added_tokens`), by the tables that learn them.

    Tables of words that share their weights are named once.
    """
    added = list(getattr(model, "added_tokens", ()))
    if not added:
        return None
    inputs, output = model.get_input_embeddings(), model.get_output_embeddings()
    tables = [inputs] if output is None or output.weight is inputs.weight else [inputs, output]
    return {name: added for name, module in model.named_modules() if any(module is table for table in tables)}


def targets(model: Any, wanted: str, *, leave_out: list[str]) -> list[str]:
    """The full names of the weight matrices to adapt: all but the output layer and `leave_out`, or those called so.

    Raises UserError when a name is not among them, naming what there is.
    """
    there = [name for name in matrices(model) if name not in leave_out]
    if not there:
        what, fix = "The model has no weight matrices to adapt.", "Choose full fine-tuning or head only."
        raise UserError(Problem(what, "method.target_modules", fix, code="no-targets"))
    if wanted.strip() == ALL_LINEAR:
        return there
    names = [part for part in re.split(r"[\s,]+", wanted) if part]
    found = {name: [one for one in there if f".{one}".endswith(f".{name}")] for name in names}
    if missing := [name for name in names if not found[name]]:
        known = sorted({name.rpartition(".")[2] for name in there})
        what = f"The model has no weight matrix called {', '.join(missing)}."
        fix = f"Write {ALL_LINEAR}, or names among: {', '.join(known)}."
        raise UserError(Problem(what, "method.target_modules", fix, code="no-targets"))
    return [name for name in there if any(name in matched for matched in found.values())]
