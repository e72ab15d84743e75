"""The text that each token of a text stands for."""

from collections.abc import Sequence
from typing import Any

# What a decoder writes for bytes that are no whole letter yet.
_BROKEN = "\ufffd"
_BLANK = "▁"


def token_texts(tokenizer: Any, ids: Sequence[int]) -> list[str]:
    """For each token the letters it adds; joined they are the whole text, special tokens included.

    A letter that takes several tokens (an emoji in bytes) stands with the last of them, and the others are "". Tokens
    are decoded together with those before them, as many decoders drop the blank at the beginning.
    """
    found: list[str] = []
    prefix = read = 0
    for at in range(len(ids)):
        before = _decoded(tokenizer, ids[prefix:read])
        now = _decoded(tokenizer, ids[prefix : at + 1])
        whole = len(now) > len(before) and not now.endswith(_BROKEN)
        if whole or at + 1 == len(ids):
            found.append(now[len(before) :])
            prefix, read = read, at + 1
        else:
            found.append("")
    return found


def token_name(tokenizer: Any, number: int) -> str:
    """One token by itself, as a name: its text, or how the vocabulary writes it where it is no whole letter."""
    written = str(tokenizer.convert_ids_to_tokens(int(number)))
    text = _decoded(tokenizer, [int(number)])
    if not text or _BROKEN in text:
        return written
    return f" {text}" if written.startswith(_BLANK) and not text.startswith(" ") else text


def _decoded(tokenizer: Any, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))
