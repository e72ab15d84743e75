"""QLoRA: the base model's weights are held in 4 or 8 bits, and LoRA adapters learn on top (Dettmers et al., 2023)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.errors import Problem
from lib.methods.lora import Lora, LoraOptions
from lib.option import option, values_as

# Heads and what feeds them: small, and the first to suffer from few bits.
KEPT_WHOLE = [
    "classifier", "score", "qa_outputs", "lm_head", "cls", "pooler", "pre_classifier", "head", "out_proj", "mlm",
    "vocab_projector", "vocab_transform", "generator_predictions", "generator_lm_head", "predictions",
]  # fmt: skip


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

    def load_settings(self, options: Mapping[str, Any], *, device: str) -> dict[str, Any]:
        """bitsandbytes' configuration. The compute type is bf16 on a GPU that has it and fp32 on a CPU."""
        import torch
        from transformers import BitsAndBytesConfig

        if values_as(QloraOptions, options).bits == 8:
            config = BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=KEPT_WHOLE)
        else:
            on_gpu = device.startswith("cuda") and torch.cuda.is_bf16_supported()
            config = BitsAndBytesConfig(
                load_in_4bit=True,
                # transformers' own default is fp4, which loses more (facts of the paper: NF4 is the better one).
                bnb_4bit_quant_type="nf4",
                bnb_4bit_use_double_quant=True,
                bnb_4bit_compute_dtype=torch.bfloat16 if on_gpu else torch.float32,
                llm_int8_skip_modules=KEPT_WHOLE,
            )
        return {"quantization_config": config, "device_map": {"": device}}

    def prepare(self, model: Any, options: Mapping[str, Any]) -> Any:
        """Wrap the quantised model; on a CPU its weights are kept in the form that has gradients."""
        keep_gradients(model)
        return super().prepare(model, options)


def keep_gradients(model: Any) -> None:
    """Stop bitsandbytes from repacking 4-bit weights for inference on CPUs with AVX512-BF16.

    A forward pass in eval mode would repack them for good, and training would then go on through an operator
    without a gradient: silently wrong.
    """
    from bitsandbytes.nn import Linear4bit

    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = False
