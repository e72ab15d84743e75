"""From words to what an encoder reads: word pieces, windows over long documents, and where each word begins."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from lib.tasks.annotated import Document
from lib.tasks.loading import load_tokenizer
from lib.tasks.windows import Window, best_window, word_windows


def load_word_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model folder, made ready for texts that come as words.

    Byte-level tokenizers (RoBERTa, ModernBERT) know a word by the space before it, so they are told to put one before
    every word; the tokenizer that is saved with the model does so too.
    """
    tokenizer = load_tokenizer(folder)
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    before = state.get("pre_tokenizer") or {}
    if before.get("type") == "ByteLevel" and not before.get("add_prefix_space"):
        from tokenizers import pre_tokenizers

        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(
            add_prefix_space=True, use_regex=before.get("use_regex", True)
        )
    if hasattr(tokenizer, "add_prefix_space") and before.get("type") == "ByteLevel":
        tokenizer.add_prefix_space = True
        tokenizer.init_kwargs["add_prefix_space"] = True
    return tokenizer


def encode_words(
    tokenizer: Any, documents: Sequence[Document], *, max_length: int, stride: int
) -> dict[str, list[Any]]:
    """Token ids of each document's windows without padding.

    Beside what the model reads: `row`, `length`, `truncated` (a single word was longer than the window), and for
    decoding `_document`, `_words` (which words this window speaks for: each word of a document is in one window's
    list, the one where it has most context) and `_places` (where the first piece of each of these words stands).
    Words of which the tokenizer leaves nothing, such as control characters, are in no list.
    """
    found: dict[str, list[Any]] = {}
    if not documents:
        return {
            name: [] for name in ("input_ids", "row", "length", "truncated", "_document", "_words", "_places")
        }
    whole = tokenizer(
        [document.words or [""] for document in documents],
        is_split_into_words=True,
        truncation=False,
        verbose=False,
    )
    for row, document in enumerate(documents):
        ids = {name: values[row] for name, values in whole.items()}
        word_of = whole.word_ids(row)
        known = [place for place, word in enumerate(word_of) if word is not None]
        head, tail = (known[0], len(word_of) - 1 - known[-1]) if known else (len(word_of), 0)
        pieces = word_of[head : len(word_of) - tail]
        windows = word_windows(pieces, room=max(1, max_length - head - tail), stride=stride)
        for window, words, places in _shared_out(pieces, windows or [Window(0, 0)]):
            for name, values in ids.items():
                part = values[head + window.start : head + window.end]
                found.setdefault(name, []).append(values[:head] + part + values[len(values) - tail :])
            about = {
                "row": row,
                "length": head + tail + window.end - window.start,
                "truncated": window.cut,
                "_document": document,
                "_words": words,
                "_places": [head + place - window.start for place in places],
            }
            for name, value in about.items():
                found.setdefault(name, []).append(value)
    return found


def _shared_out(
    pieces: Sequence[int], windows: Sequence[Window]
) -> list[tuple[Window, list[int], list[int]]]:
    """Each window with the words it speaks for and where these begin among the pieces."""
    shares: list[tuple[Window, list[int], list[int]]] = [(window, [], []) for window in windows]
    firsts = [place for place in range(len(pieces)) if place == 0 or pieces[place] != pieces[place - 1]]
    for first, after in pairwise([*firsts, len(pieces)]):
        number = best_window(windows, first, after - 1) if len(windows) > 1 else 0
        shares[number][1].append(pieces[first])
        shares[number][2].append(first)
    return shares
