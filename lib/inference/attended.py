"""The attention of a model on one input, from the model host: what the app is given of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lib.inference.ask import ask, work_folder
from lib.inference.attention_numbers import FIGURES
from lib.inference.read_tokens import Token

STACKS = {"encoder": "Encoder", "decoder": "Decoder", "cross": "Cross-attention"}


@dataclass(frozen=True, eq=False)
class Attention:
    """All heads of one stack of a model on one input.

    `queries` are the tokens that read, `keys` those that are read from. `pooled` is float32[layers, heads, ≤64, ≤64]:
    keys summed and queries averaged in blocks, so rows sum to 1. `figures` maps a name (see attention_numbers) to
    float[layers, heads]. `rollout` is float32[tokens, tokens] or None where it is not defined (cross-attention).
    Of pictures `grid` are the rows and columns of patches and `picture` is uint8[height, width, 3], as the model sees
    it.
    Where several texts are read, `segments` name them (roles, then "special tokens") and `between` is
    float64[layers, heads, segments, segments]: of what the tokens of one read, the share that lies in another.
    `notes` are sentences on what was cut; `written` token ids that the model wrote.
    """

    stack: str
    stacks: tuple[str, ...]
    queries: tuple[Token, ...]
    keys: tuple[Token, ...]
    pooled: np.ndarray
    figures: Mapping[str, np.ndarray]
    rollout: np.ndarray | None
    picture: np.ndarray | None
    grid: tuple[int, int] | None
    written: tuple[int, ...]
    notes: tuple[str, ...]
    seconds: float
    segments: tuple[str, ...] = ()
    between: np.ndarray | None = None

    @property
    def layers(self) -> int:
        """How many layers the stack has."""
        return int(self.pooled.shape[0])

    @property
    def heads(self) -> int:
        """How many heads each layer has; with grouped queries those of the queries."""
        return int(self.pooled.shape[1])


def attention_of(
    ref: str,
    cells: Mapping[str, str],
    *,
    stack: str = "",
    written: Sequence[int] | None = None,
    base: str = "",
) -> Attention:
    """All heads of a stack for the cells by role.

    `written`, of an earlier answer, spares a model writing the same text again. `base` asks for the model as it was
    before training, and names it (an adapter's is taken off). Raises UserError with what the host
    said, such as that the architecture has no attention.
    """
    answer, arrays = _asked(ref, cells, stack, written, None, base)
    return Attention(
        stack=answer["stack"],
        stacks=tuple(answer["stacks"]),
        queries=tuple(Token(**token) for token in answer["queries"]),
        keys=tuple(Token(**token) for token in answer["keys"]),
        pooled=arrays["pooled"],
        figures={name: arrays["figures"][:, :, place] for place, name in enumerate(FIGURES)},
        rollout=arrays.get("rollout"),
        picture=arrays.get("picture"),
        grid=tuple(answer["grid"]) if answer["grid"] else None,
        written=tuple(answer["written"]),
        notes=tuple(answer["notes"]),
        seconds=float(answer["seconds"]),
        segments=tuple(answer["segments"]),
        between=arrays.get("segments"),
    )


def head_of(
    ref: str,
    cells: Mapping[str, str],
    *,
    stack: str,
    layer: int,
    head: int,
    written: Sequence[int] | None = None,
) -> np.ndarray:
    """One head whole: float32[queries, keys], rows sum to 1; layer and head count from 0."""
    return _asked(ref, cells, stack, written, [layer, head])[1]["head"]


def _asked(
    ref: str,
    cells: Mapping[str, str],
    stack: str,
    written: Sequence[int] | None,
    head: list[int] | None,
    base: str = "",
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    with work_folder() as work:
        sink = work / "attention.npz"
        request: dict[str, Any] = {
            "do": "attention",
            "model": ref,
            "cells": dict(cells),
            "stack": stack,
            "head": head,
            "base": base,
            "written": None if written is None else list(written),
            "out": str(sink),
        }
        answer = ask(request, lambda done, phase: None)
        assert answer is not None  # nothing cancels it
        with np.load(sink) as file:
            return answer, {name: file[name] for name in file.files}
