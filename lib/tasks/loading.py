"""Loading tokenizers and models from a folder: from safetensors only, never running code that lies there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError

VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "tokenizer.model",
    "spiece.model",
    "source.spm",
    "sentencepiece.bpe.model",
)


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model folder; code that lies in the folder is never run."""
    from transformers import AutoTokenizer

    # Without any of these transformers 5 makes an empty tokenizer, to which every word is unknown.
    if not any((folder / name).is_file() for name in VOCABULARIES):
        raise UserError(
            Problem(
                f"The folder {folder} has no tokenizer.",
                where="model",
                fix="Use a folder saved with save_pretrained, with tokenizer.json in it.",
                code="no-tokenizer",
            )
        )
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError) as error:
        raise UserError(
            Problem(
                f"The tokenizer in {folder} could not be loaded: {str(error).splitlines()[0]}",
                where="model",
                fix="Use a folder saved with save_pretrained, with tokenizer.json in it.",
                code="no-tokenizer",
            )
        ) from error


def label_head(
    labels: Sequence[str], *, problem_type: str | None = "single_label_classification"
) -> dict[str, Any]:
    """Settings of `load_pretrained` for a fresh head whose config names the labels."""
    named = {
        "num_labels": len(labels),
        "id2label": dict(enumerate(labels)),
        "label2id": {label: index for index, label in enumerate(labels)},
        # A head for other labels, from an earlier run, is replaced rather than refused.
        "ignore_mismatched_sizes": True,
    }
    return named | ({"problem_type": problem_type} if problem_type else {})


def load_pretrained(folder: Path, *, auto_class: str, wanted: str, dtype: Any = None, **settings: Any) -> Any:
    """The model in fp32, from safetensors only; `settings` go into its config, `wanted` into the sentence if it fails.

    fp32 because fine-tuning in pure bf16 loses small updates; mixed precision is autocast's business. The model gets an
    attribute `fresh_modules`: the names of modules whose weights were not in the folder and begin at random.
    """
    import torch
    import transformers

    try:
        model, loaded = getattr(transformers, auto_class).from_pretrained(
            folder,
            dtype=dtype or torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
            **settings,
        )
    except (OSError, ValueError) as error:
        raise UserError(
            Problem(
                f"The model in {folder} could not be loaded: {str(error).splitlines()[0]}",
                where="model",
                fix=f"Use {wanted} saved as safetensors.",
                code="model-not-loaded",
            )
        ) from error
    other = [key if isinstance(key, str) else key[0] for key in loaded["mismatched_keys"]]
    model.fresh_modules = tuple(sorted({key.rpartition(".")[0] for key in [*loaded["missing_keys"], *other]}))
    return model
