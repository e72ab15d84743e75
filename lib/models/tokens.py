"""How long texts are in the tokens of a model, counted without torch."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

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


class Piece(NamedTuple):
    """One token: what it covers of the text ("" for special ones), its own name, and which word it belongs to."""

    text: str
    token: str
    special: bool
    word: int | None


def pieces_of(text: str | Sequence[str], ref: str = "starter:minilm-l6") -> list[Piece]:
    """The tokens of a text, or of words that are cut already, with the special ones around them, before any cutting.

    Raises UserError when the model is not there, and FileNotFoundError when it has no tokenizer.json.
    """
    path = find_model(ref).folder / "tokenizer.json"
    if not path.is_file():
        raise FileNotFoundError(path)
    words = None if isinstance(text, str) else list(text)
    found = _tokenizer(str(path)).encode(text if words is None else words, is_pretokenized=words is not None)
    pieces = []
    for token, (start, end), special, word in zip(
        found.tokens, found.offsets, found.special_tokens_mask, found.word_ids, strict=True
    ):
        source = text if words is None else words[word] if word is not None else ""
        assert isinstance(source, str)
        pieces.append(Piece("" if special else source[start:end], token, bool(special), word))
    return pieces
