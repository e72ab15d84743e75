"""Loading text encoders and making batches for them: shared by the tasks that read text."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError

VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "tokenizer.model",
    "spiece.model",
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


def load_encoder(folder: Path, *, auto_class: str, labels: Sequence[str] | None) -> Any:
    """The model in fp32, from safetensors only; with a fresh head for `labels` unless they are None.

    fp32 because fine-tuning in pure bf16 loses small updates; mixed precision is autocast's business.
    """
    import torch
    import transformers

    settings: dict[str, Any] = {}
    if labels is not None:
        settings = {
            "num_labels": len(labels),
            "id2label": dict(enumerate(labels)),
            "label2id": {label: index for index, label in enumerate(labels)},
            "problem_type": "single_label_classification",
            # A head for other labels, from an earlier run, is replaced rather than refused.
            "ignore_mismatched_sizes": True,
        }
    try:
        model = getattr(transformers, auto_class).from_pretrained(
            folder,
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            **settings,
        )
    except (OSError, ValueError) as error:
        raise UserError(
            Problem(
                f"The model in {folder} could not be loaded: {str(error).splitlines()[0]}",
                where="model",
                fix="Use an encoder (BERT, RoBERTa, MiniLM …) saved as safetensors.",
                code="model-not-loaded",
            )
        ) from error
    return model


def batch_of_texts(
    tokenizer: Any, texts: Sequence[str], pairs: Sequence[str] | None, *, max_length: int
) -> dict[str, list[Any]]:
    """Token ids of each text or pair without padding, their `length` in tokens and whether they were cut.

    `truncated` is judged on the uncut text, so a text of exactly `max_length` tokens is not called cut.
    """
    whole = tokenizer(
        list(texts), list(pairs) if pairs is not None else None, truncation=False, verbose=False
    )
    full = [len(ids) for ids in whole["input_ids"]]
    encoded: dict[str, list[Any]]
    if max(full, default=0) <= max_length:
        encoded = {name: list(values) for name, values in whole.items()}
    else:
        cut = tokenizer(
            list(texts), list(pairs) if pairs is not None else None, truncation=True, max_length=max_length
        )
        encoded = {name: list(values) for name, values in cut.items()}
    encoded["length"] = [min(length, max_length) for length in full]
    encoded["truncated"] = [length > max_length for length in full]
    return encoded


def padding_collator(tokenizer: Any) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    """Pads a batch to its own longest row, rounded up to a multiple of 8 tokens for the matrix units."""
    from transformers import DataCollatorWithPadding

    return DataCollatorWithPadding(tokenizer, pad_to_multiple_of=8)
