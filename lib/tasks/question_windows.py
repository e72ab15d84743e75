"""A question with a window of its context: what an encoder reads at once when the context is longer than it reads."""

from collections.abc import Sequence
from typing import Any

import numpy as np

# Rows handed to the tokenizer at once: its own lists are large.
ROWS_AT_ONCE = 256


def question_windows(
    tokenizer: Any, questions: Sequence[str], contexts: Sequence[str], *, max_length: int, stride: int
) -> dict[str, list[Any]]:
    """Features of each question with windows of its context that overlap by `stride` tokens, as transformers cuts them.

    Only the context is windowed. A question longer than half of what is left beside the special tokens is cut, which
    is `truncated`. Per feature: the model's inputs, `row`, `length`, `truncated`; `_first` (place of the first
    token of the context in it), `_count` (tokens of the context in it), `_from` (which token of the context is the
    first), and `_starts`, `_ends`: int32, characters of all tokens of the context, shared by its windows.
    """
    bookkeeping = ("row", "length", "truncated", "_first", "_count", "_from", "_starts", "_ends")
    features: dict[str, list[Any]] = {name: [] for name in bookkeeping}
    for at in range(0, len(questions), ROWS_AT_ONCE):
        chosen = slice(at, at + ROWS_AT_ONCE)
        whole = tokenizer(
            list(questions[chosen]),
            list(contexts[chosen]),
            truncation=False,
            return_offsets_mapping=True,
            verbose=False,
        )
        offsets = whole.pop("offset_mapping")
        for number, places in enumerate(offsets):
            inputs = {name: values[number] for name, values in whole.items()}
            for window in _windows(inputs, whole.sequence_ids(number), places, max_length, stride):
                window["row"] = at + number
                for name, value in window.items():
                    features.setdefault(name, []).append(value)
    return features


def usual_stride(stride: int, max_length: int) -> int:
    """How many tokens two windows share: as asked, but at most a third of a window, so that windows move on."""
    return min(stride, max_length // 3)


def _windows(
    inputs: dict[str, list[int]],
    sequences: list[int | None],
    offsets: list[tuple[int, int]],
    max_length: int,
    stride: int,
) -> list[dict[str, Any]]:
    """The windows of one question and context from the tokens of both together."""
    asked = [place for place, sequence in enumerate(sequences) if sequence == 0]
    read = [place for place, sequence in enumerate(sequences) if sequence == 1]
    # A context of which nothing becomes a token: the question alone.
    first, behind = (read[0], read[-1] + 1) if read else (len(sequences), len(sequences))
    specials = len(sequences) - len(asked) - len(read)
    most_asked = max(1, (max_length - specials) // 2)
    dropped = set(asked[most_asked:])
    head = [place for place in range(first) if place not in dropped]
    tail = range(behind, len(sequences))
    room = max(1, max_length - len(head) - len(tail))
    step = room - min(stride, room - 1)
    starts, ends = np.asarray(offsets[first:behind], dtype=np.int32).reshape(-1, 2).T
    windows = []
    for begin in range(0, max(1, len(read) - (room - step)), step):
        count = min(room, len(read) - begin)
        chosen = [*head, *range(first + begin, first + begin + count), *tail]
        windows.append(
            {name: [values[place] for place in chosen] for name, values in inputs.items()}
            | {
                "length": len(chosen),
                "truncated": bool(dropped),
                "_first": len(head),
                "_count": count,
                "_from": begin,
                "_starts": starts,
                "_ends": ends,
            }
        )
    return windows
