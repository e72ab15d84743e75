"""How long texts are in the tokens of a model, counted without torch."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from lib.models.sources import find_model


@lru_cache(maxsize=4)
def _tokenizer(path: str) -> Any:
    from tokenizers import Tokenizer  # the Rust library alone: quick to import, no torch

    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def count_tokens(texts: Sequence[str], ref: str = "starter:minilm-l6") -> list[int]:
    """Tokens of each text, special tokens included, before any cutting.

    Raises UserError when the model is not there, and FileNotFoundError when it has no tokenizer.json.
    """
    path = find_model(ref).folder / "tokenizer.json"
    if not path.is_file():
        raise FileNotFoundError(path)
    return [len(encoding.ids) for encoding in _tokenizer(str(path)).encode_batch(list(texts))]
