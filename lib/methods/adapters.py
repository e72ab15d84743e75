"""Adapters on disk: saved small beside a note of their base model, put back on top of it, or merged into it."""

from pathlib import Path
from typing import Any

SETTINGS = "adapter_config.json"


def is_adapter(folder: Path) -> bool:
    """Whether a model folder holds an adapter instead of whole weights."""
    return (folder / SETTINGS).is_file()


def save_adapter(model: Any, folder: Path) -> None:
    """The adapter, the layers that learned whole, and the config that plain transformers needs to put them together."""
    model.save_pretrained(folder)
    whole = model.get_base_model()
    whole.config.save_pretrained(folder)
    if whole.can_generate():
        whole.generation_config.save_pretrained(folder)


def with_adapter(model: Any, folder: Path) -> Any:
    """A loaded base model with the adapter of the folder on top, read from safetensors."""
    from peft import PeftModel

    return PeftModel.from_pretrained(model, str(folder), is_trainable=False, use_safetensors=True)


def merged(model: Any) -> Any:
    """The base model with the adapter added into its weights, as if it had learned whole."""
    return model.merge_and_unload()
