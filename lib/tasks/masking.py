"""Hiding tokens from a model: which ones, whole words together, and what stands in their place."""

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import numpy as np

from lib.tasks.base import Features
from lib.tasks.encoder import padding_collator

# What a person writes for a hidden word, whatever the model's own mark is.
MASK = "[MASK]"
# Of the tokens to guess, these shares are masked and swapped for another token; the rest stay (Devlin et al. 2019).
MASKED, SWAPPED = 0.8, 0.1
# The word of a token that is never hidden.
NO_WORD = -1
IGNORED = -100
_MARKS = re.compile(r"\[mask\]|<mask>", re.IGNORECASE)


def with_marks(text: str, mark: str) -> str:
    """The text with every [MASK] or <mask> written as `mark`."""
    return _MARKS.sub(lambda _: mark, text)


def text_blocks(tokenizer: Any, texts: Sequence[str], *, max_length: int) -> Features:
    """Each text as blocks of at most `max_length` tokens, one after the other, so that nothing of it is lost.

    Beside what the model reads: `row`, `length`, `truncated` (never), `words` (the number of each token's word,
    −1 for special tokens) and `_offsets` (characters of the text, [start, end]). Short texts share no block.
    """
    encoded = tokenizer(
        list(texts),
        truncation=True,
        max_length=max_length,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        verbose=False,
    )
    special = set(tokenizer.all_special_ids)
    blocks: Features = {name: list(values) for name, values in encoded.items()}
    blocks["row"] = blocks.pop("overflow_to_sample_mapping")
    blocks["_offsets"] = blocks.pop("offset_mapping")
    blocks["words"] = [
        [
            NO_WORD if word is None or token in special else word
            for token, word in zip(ids, encoded.word_ids(number), strict=True)
        ]
        for number, ids in enumerate(blocks["input_ids"])
    ]
    blocks["length"] = [len(ids) for ids in blocks["input_ids"]]
    blocks["truncated"] = [False] * len(blocks["length"])
    return blocks


def choose_hidden(
    words: Sequence[int], *, share: float, whole_words: bool, generator: np.random.Generator
) -> np.ndarray:
    """The places to hide, int64 and rising: about `share` of the tokens that have a word, at least one of them.

    With `whole_words` all tokens of a word are hidden together, so that slightly more may be taken. A word that makes
    up more than half of the block is taken token by token, as nothing would be left to guess it from.
    """
    marks = np.asarray(words, dtype=np.int64)
    places = np.flatnonzero(marks >= 0)
    if not len(places):
        return places
    starts = np.flatnonzero(np.diff(marks[places])) + 1 if whole_words else np.arange(1, len(places))
    units = [
        part
        for unit in np.split(places, starts)
        for part in (np.split(unit, len(unit)) if 2 * len(unit) > len(places) else (unit,))
    ]
    # Sorting random numbers, not `permutation`: its stream may change between versions of numpy.
    order = np.argsort(generator.random(len(units)), kind="stable")
    covered = np.cumsum([len(units[number]) for number in order])
    wanted = max(1, round(share * len(places)))
    taken = order[: int(np.searchsorted(covered, wanted)) + 1]
    return np.sort(np.concatenate([units[number] for number in taken]))


def fixed_generator(ids: Sequence[int]) -> np.random.Generator:
    """A generator that depends on a block's tokens only, so that they are hidden alike before and after training."""
    digest = sha256(np.asarray(ids, dtype=np.int64).tobytes()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))


def replaced(
    ids: np.ndarray,
    places: np.ndarray,
    *,
    mask: int,
    vocabulary: np.ndarray,
    generator: np.random.Generator,
) -> np.ndarray:
    """A copy of `ids` with 80 % of the places masked, 10 % swapped for any token of `vocabulary`, 10 % as they were."""
    changed = ids.copy()
    drawn = generator.random(len(places))
    others = vocabulary[(generator.random(len(places)) * len(vocabulary)).astype(np.int64)]
    masked, swapped = drawn < MASKED, (drawn >= MASKED) & (drawn < MASKED + SWAPPED)
    changed[places[masked]] = mask
    changed[places[swapped]] = others[swapped]
    return changed


def masking_collator(
    tokenizer: Any, *, share: float, whole_words: bool
) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    """Hides tokens anew in every feature by its `draw`, adds `labels` (−100 where nothing is hidden) and pads."""
    import torch

    pad = padding_collator(tokenizer)
    special = set(tokenizer.all_special_ids)
    vocabulary = np.array(sorted(set(tokenizer.get_vocab().values()) - special), dtype=np.int64)

    def collate(features: list[dict[str, Any]]) -> dict[str, Any]:
        inputs, truths = [], []
        for feature in features:
            rest = dict(feature)
            generator = np.random.Generator(np.random.Philox(key=int(rest.pop("draw"))))
            ids = np.asarray(rest["input_ids"], dtype=np.int64)
            places = choose_hidden(
                rest.pop("words"), share=share, whole_words=whole_words, generator=generator
            )
            labels = np.full(len(ids), IGNORED, dtype=np.int64)
            labels[places] = ids[places]
            hidden = replaced(
                ids, places, mask=tokenizer.mask_token_id, vocabulary=vocabulary, generator=generator
            )
            inputs.append(rest | {"input_ids": hidden.tolist()})
            truths.append(labels)
        batch = dict(pad(inputs))
        padded = np.full(tuple(batch["input_ids"].shape), IGNORED, dtype=np.int64)
        for row, labels in zip(padded, truths, strict=True):
            if tokenizer.padding_side == "left":
                row[len(row) - len(labels) :] = labels
            else:
                row[: len(labels)] = labels
        return batch | {"labels": torch.from_numpy(padded)}

    return collate
