"""QLoRA: the base model's weights are held in 4 or 8 bits, and LoRA adapters learn on top (Dettmers et al., 2023)."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lib.errors import Problem
from lib.methods.lora import Lora, LoraOptions
from lib.methods.parts import learns_whole
from lib.methods.repair import give_back
from lib.methods.weights import count_weights
from lib.option import option, values_as

_LOG = logging.getLogger(__name__)

# Heads and what feeds them are kept whole: small, and the first to suffer from few bits. Names as transformers matches
# them: from the first part of a layer's full name on, as a regular expression.
KEPT_WHOLE = (
    ".*pooler", "classifier", "cls", "decoder$", "embed_out", "generator_lm_head", "generator_predictions", "head",
    "lm_head", "lm_loss", "lm_predictions", "logits_proj", "pre_classifier", "pred_layer", "predictions", "qa_outputs",
    "score", "sequence_summary", "vocab_projector", "vocab_transform",
)  # fmt: skip


# Models that pass pictures through their layers as grids, four axes at once (their `model_type`).
OF_GRIDS = frozenset({"convnext", "convnextv2", "dinat", "focalnet", "swinv2"})


@dataclass(frozen=True, kw_only=True)
class QloraOptions(LoraOptions):
    """The adapter's options and the base model's bits."""

    bits: int = option(
        4,
        title="Bits per weight",
        help="4 (NF4, double quantisation) takes a quarter of 16 bits; 8 (LLM.int8) takes half and loses less.",
        group="Adapter",
        low=4,
        high=8,
    )
    repair: int = option(
        64,
        title="Repair rank",
        help="What rounding to 4 bits took is given back beside each matrix, up to this rank (LQER). It never learns. "
        "0 leaves it out, as do 8 bits and DoRA.",
        group="Adapter",
        low=0,
        high=256,
    )


class Qlora(Lora):
    """LoRA over a base model in 4-bit NormalFloat or 8-bit integers."""

    name = "qlora"
    title = "QLoRA"
    summary = "LoRA over a base model held in 4 or 8 bits: the least memory, for models that would not fit otherwise."
    verb = "Train an adapter on the quantised"
    option_class = QloraOptions

    def check(self, options: Mapping[str, Any]) -> list[Problem]:
        """Also that bits are 4 or 8."""
        problems = super().check(options)
        if not problems and values_as(QloraOptions, options).bits not in (4, 8):
            problems.append(
                Problem(
                    "Weights can be held in 4 or 8 bits.", "method.bits", "Give 4 or 8.", code="option-choice"
                )
            )
        return problems

    def unfit(self, *, kind: str | None, is_scratch: bool, config: Mapping[str, Any]) -> Problem | None:
        """As LoRA; and where layers read grids, which bitsandbytes' layers of 8 bits fail at."""
        found = super().unfit(kind=kind, is_scratch=is_scratch, config=config)
        if found is None and str(config.get("model_type")) in OF_GRIDS:
            what = (
                "This model passes pictures through its layers as grids, which layers of 8 bits cannot read."
            )
            return Problem(
                what, "method", "Choose LoRA; such models are small enough for it.", code="method-unfit"
            )
        return found

    def load_settings(self, options: Mapping[str, Any], *, device: str) -> dict[str, Any]:
        """bitsandbytes' configuration. The compute type is bf16 on a GPU that has it and fp32 on a CPU."""
        import torch
        from transformers import BitsAndBytesConfig

        on_gpu = device.startswith("cuda") and torch.cuda.is_bf16_supported()
        settings = quantisation(values_as(QloraOptions, options).bits, bf16=on_gpu)
        return {"quantization_config": BitsAndBytesConfig(**settings), "device_map": {"": device}}

    def loaded(self, model: Any) -> None:
        """Heads back in full precision where their names were not foreseen; on a CPU, weights in their usual form."""
        unpack_layers(model, learns_whole(model))
        keep_gradients(model)

    def complete(self, model: Any, options: Mapping[str, Any], *, again: Callable[..., Any]) -> None:
        """Gives back beside each matrix in 4 bits what rounding took, if the machine has room to look at it."""
        import psutil
        import torch

        chosen = values_as(QloraOptions, options)
        # DoRA measures the length of the weights as they are held, and would not see what lies beside them.
        if chosen.bits != 4 or not chosen.repair or chosen.dora:
            return
        self.loaded(model)
        needed = 2 * count_weights(model)["total"]
        if psutil.virtual_memory().available < 1.2 * needed:
            _LOG.warning(
                "What rounding took is not given back: it needs the model in 16 bits once more (%.1f GB).",
                needed / 1e9,
            )
            return
        with torch.random.fork_rng():
            give_back(model, again(dtype=torch.bfloat16), rank=chosen.repair)


def quantisation(bits: int, *, bf16: bool) -> dict[str, Any]:
    """The settings of a BitsAndBytesConfig.

    transformers' own default for 4 bits is fp4, which loses more than NF4 (Dettmers et al., 2023, table 2).
    """
    kept = list(KEPT_WHOLE)
    if bits == 8:
        return {"load_in_8bit": True, "llm_int8_skip_modules": kept}
    return {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": True,
        "bnb_4bit_compute_dtype": "bfloat16" if bf16 else "float32",
        "llm_int8_skip_modules": kept,
    }


def unpack_layers(model: Any, names: Iterable[str]) -> None:
    """Replace those of the layers that hold few bits by ones in fp32."""
    from bitsandbytes.functional import dequantize_4bit
    from bitsandbytes.nn import Linear4bit, Linear8bitLt
    from torch import float32, nn

    for name in names:
        held = model.get_submodule(name)
        few: Any = held.weight
        if isinstance(held, Linear4bit):
            weight = dequantize_4bit(few.data, few.quant_state)
        elif isinstance(held, Linear8bitLt):
            # LLM.int8 keeps a scale for each row: its largest absolute value.
            weight = few.data * (few.SCB[:, None] / 127)
        else:
            continue
        whole = nn.Linear(held.in_features, held.out_features, bias=held.bias is not None)
        whole.weight = nn.Parameter(weight.to(float32))
        if held.bias is not None:
            whole.bias = nn.Parameter(held.bias.data.to(float32))
        model.set_submodule(name, whole)


def keep_gradients(model: Any) -> None:
    """Keep the base model's weights as they are while it computes.

    bitsandbytes repacks 4-bit weights for good at the first forward pass in eval mode on CPUs with AVX512-BF16;
    training would then go on through an operator without a gradient: silently wrong. And it rounds a layer's bias to
    the type of the first input, which is bf16 under autocast: inputs are given in the bias's own type.
    """
    from bitsandbytes.nn import Linear4bit, Linear8bitLt

    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = False
        has_bias = isinstance(module, Linear4bit | Linear8bitLt) and module.bias is not None
        if has_bias and _in_type_of_bias not in module._forward_pre_hooks.values():
            module.register_forward_pre_hook(_in_type_of_bias)


def _in_type_of_bias(module: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return (inputs[0].to(module.bias.dtype), *inputs[1:])
