"""Adapters on disk: saved small beside a note of their base model, put back on top of it, or merged into it."""

import copy
from pathlib import Path
from typing import Any

from lib.methods.parts import kept_beside, learns_whole
from lib.methods.repair import save_repair

WEIGHTS = "adapter_model.safetensors"


def save_adapter(model: Any, folder: Path, *, base: str, revision: str | None) -> dict[str, Any]:
    """The adapter, the layers that learned whole, and the config that plain transformers needs to put them together.

    `base` and `revision` are what transformers alone calls the base model; they go into adapter_config.json. Returns
    what more must be known to load it there: its `class`, how many `tokens` its tables were made to hold (None for as
    many as before), its `quantisation`, and whether it `writes`.
    """
    from safetensors.torch import load_file, save_file

    settings = model.peft_config["default"]
    settings.base_model_name_or_path, settings.revision = base, revision
    model.save_pretrained(folder, save_embedding_layers=False)
    save_repair(model, folder)
    whole = model.get_base_model()
    # peft reads a tensor back under any name that the model has.
    weights = dict(whole.named_parameters(remove_duplicate=False))
    # Copies, as a file cannot hold one tensor under two names.
    beside = {
        f"base_model.model.{name}": weights[name].detach().cpu().clone() for name in whole.kept_beside_adapter
    }
    if beside:
        saved = load_file(folder / WEIGHTS)
        save_file(saved | beside, folder / WEIGHTS, metadata={"format": "pt"})
    config = copy.deepcopy(whole.config)
    config.architectures = [type(whole).__name__]
    quantisation = _quantisation(whole)
    # Else the base model's weights would be taken for such as hold few bits already.
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.save_pretrained(folder)
    writes = bool(whole.can_generate())
    if writes:
        whole.generation_config.save_pretrained(folder)
    resized = getattr(whole, "added_tokens", ())
    tokens = whole.get_input_embeddings().weight.shape[0] if resized else None
    return {"class": type(whole).__name__, "tokens": tokens, "quantisation": quantisation, "writes": writes}


def _quantisation(model: Any) -> dict[str, Any] | None:
    """The settings of the BitsAndBytesConfig that the model was loaded with, its spared layers by their full names."""
    held = getattr(model.config, "quantization_config", None)
    if held is None:
        return None
    from torch import nn

    settings = {
        name: value
        for name, value in held.to_diff_dict().items()
        if value and name != "quant_method" and not name.startswith("_")
    }
    always = tuple(f".{name}" for name in getattr(model, "_keep_in_fp32_modules", None) or ())
    # Adapters are linear layers too, and peft puts what they lie beside one level down.
    kept = [
        name.removesuffix(".original_module").removesuffix(".token_adapter").removesuffix(".base_layer")
        for name, module in model.named_modules()
        if type(module) is nn.Linear and "lora_" not in name and "modules_to_save" not in name
    ]
    spared = [name for name in kept if not (always and f".{name}".endswith(always))]
    return settings | {"llm_int8_skip_modules": sorted(set(spared))}


def note_kept(model: Any) -> None:
    """Remember by name, before the model is wrapped, what must be saved with its adapter (`kept_beside_adapter`)."""
    model.kept_beside_adapter = tuple(kept_beside(model, learns_whole(model)))


def with_adapter(model: Any, folder: Path) -> Any:
    """A loaded base model with the adapter of the folder on top, read from safetensors."""
    from peft import PeftModel

    return PeftModel.from_pretrained(model, str(folder), is_trainable=False, use_safetensors=True)


def merged(model: Any) -> Any:
    """The base model with the adapter added into its weights, as if it had learned whole.

    Its weights must not hold few bits, or the sum would be rounded to those.
    """
    return model.merge_and_unload()
