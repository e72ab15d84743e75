"""Making batches of texts for encoders: shared by the tasks that read one text or a pair."""

from collections.abc import Callable, Sequence
from typing import Any

WANTED_ENCODER = "an encoder (BERT, RoBERTa, MiniLM …)"


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
