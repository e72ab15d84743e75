"""The attention of a model on one input, worked out in the host: all heads small with their figures, or one whole."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from lib.errors import Problem, UserError
from lib.inference.attention_capture import no_matrix, watched
from lib.inference.attention_input import Input, input_of, patches_of
from lib.inference.attention_numbers import between_groups, figures, pooled, rolled
from lib.inference.base_model import before_training
from lib.inference.models import HeldModel
from lib.inference.read_tokens import Token

# Half a gigabyte of small pictures would be a model of thousands of heads.
MOST_HEADS = 4_096


def attend(held: HeldModel, request: dict[str, Any], *, on_rows: Callable[[int], None]) -> dict[str, Any]:
    """Attention for the cells `request["cells"]`, by role, of the stack `request["stack"]` (the first one if "").

    Without `request["head"]` the file `request["out"]` (npz) holds `pooled`, `figures` and, where it is defined,
    `rollout`, `segments` (attention between the texts of a pair) and `picture`; with it, [layer, head], it holds
    `head` = float32[queries, keys]. The answer has the tokens and what the model has written. With `request["base"]`
    it is the model as it was before training. Raises UserError for architectures without attention matrices.
    """
    import torch

    base = str(request.get("base") or "")
    with torch.inference_mode(), before_training(held, base) if base else nullcontext(held) as held:
        given = input_of(held, request["cells"], request.get("written"))
        on_rows(0)
        collector = _Collector(held, given, str(request.get("stack") or ""), request.get("head"))
        begun = time.monotonic()
        with watched(held.model, collector.take):
            given.run()
        seconds = time.monotonic() - begun
    collector.check()
    arrays: dict[str, Any] = collector.arrays()
    np.savez(request["out"], **arrays)
    return {
        "stack": collector.stack,
        "stacks": collector.stacks,
        "queries": [token.to_json() for token in collector.queries],
        "keys": [token.to_json() for token in collector.keys],
        "grid": collector.grid,
        "written": given.written,
        "segments": collector.segments,
        "notes": list(given.notes),
        "layers": collector.layers,
        "heads": collector.heads,
        "seconds": seconds,
    }


SPECIAL, NO_PART = "special tokens", "other tokens"


def segment_of(token: Token) -> str:
    """The text that a token is of, by role; what is of none."""
    return SPECIAL if token.special else token.part or NO_PART


def segments_of(tokens: Sequence[Token]) -> list[str]:
    """The texts in their order, then special tokens; nothing where only one text is read."""
    names = list(dict.fromkeys(segment_of(token) for token in tokens))
    texts = [name for name in names if name not in (SPECIAL, NO_PART)]
    return [*texts, *(name for name in (NO_PART, SPECIAL) if name in names)] if len(texts) > 1 else []


class _Collector:
    """What is kept of each layer as it passes: never more than one layer of weights at a time."""

    def __init__(self, held: HeldModel, given: Input, stack: str, head: Sequence[int] | None) -> None:
        several = bool(given.keys) and len(given.keys) > 1
        self.stacks = list(given.keys) if several else ["encoder"]
        if stack and stack not in self.stacks:
            raise UserError(Problem(f"The model has no {stack} attention.", "stack", code="no-such-stack"))
        self.stack = stack or self.stacks[0]
        self.layers, self.heads = 0, 0
        self.grid: tuple[int, int] | None = None
        self.queries: Sequence[Token] = given.queries.get(self.stack, ())
        self.keys: Sequence[Token] = given.keys.get(self.stack, ())
        self._held, self._given = held, given
        self._wanted = None if head is None else (int(head[0]), int(head[1]))
        self._pooled: list[np.ndarray] = []
        self._figures: list[np.ndarray] = []
        self._rollout: np.ndarray | None = None
        self._one: np.ndarray | None = None
        self._between: list[np.ndarray] = []
        self.segments = segments_of(self.queries) if self.stack == "encoder" else []
        self._places: np.ndarray | None = None

    def take(self, stack: str, weights: np.ndarray) -> None:
        """One layer's float32[heads, queries, keys], padding included."""
        if stack != self.stack:
            return
        if self._given.picture is not None and not self.keys:
            tokens, self.grid, self._places = patches_of(
                self._held.model, self._given.picture, weights.shape[-1]
            )
            self.queries = self.keys = tokens
        weights = self._without_padding(weights)
        if weights.shape[1:] != (len(self.queries), len(self.keys)):
            raise no_matrix("changes the number of its tokens from layer to layer")
        self.layers, self.heads = self.layers + 1, weights.shape[0]
        if self.layers * self.heads > MOST_HEADS:
            raise no_matrix(f"has more than {MOST_HEADS:,} heads")
        if self._wanted is not None:
            layer, head = self._wanted
            if self.layers == layer + 1 and head < self.heads:
                self._one = weights[head].copy()
            return
        in_order = self._given.picture is None and self.stack != "cross"
        places = np.arange(len(self.keys), dtype=float)[:, None] if in_order else self._places
        special = np.array([token.special for token in self.keys])
        self._pooled.append(pooled(weights))
        self._figures.append(figures(weights, special, places=places, in_order=in_order))
        if self.segments:
            groups = np.array([self.segments.index(segment_of(token)) for token in self.queries])
            self._between.append(between_groups(weights, groups, len(self.segments)))
        # A decoder that reads another text too mixes more than its own tokens.
        if self.stack == "encoder":
            self._rollout = rolled(self._rollout, weights)

    def _without_padding(self, weights: np.ndarray) -> np.ndarray:
        """Padding has no query worth a look, and no attention as a key."""
        kept = self._given.kept
        if kept.all():
            return weights
        if self.stack == "encoder":
            weights = weights[:, kept]
        return weights[:, :, kept] if self.stack != "decoder" else weights

    def check(self) -> None:
        """Raises UserError when nothing was seen, or not the head that was asked for."""
        if not self.layers:
            raise no_matrix("works without attention, or keeps it to itself")
        if self._wanted is not None and self._one is None:
            layer, head = self._wanted
            raise UserError(
                Problem(
                    f"There is no head {head + 1} in a layer {layer + 1}.",
                    fix=f"The model has {self.layers} layers of {self.heads} heads.",
                    code="no-such-head",
                )
            )
        if self._rollout is not None:
            assert np.allclose(self._rollout.sum(axis=1), 1.0, atol=1e-5)

    def arrays(self) -> dict[str, np.ndarray]:
        """What goes into the file."""
        if self._one is not None:
            return {"head": self._one}
        found = {"pooled": np.stack(self._pooled), "figures": np.stack(self._figures)}
        if self._rollout is not None:
            found["rollout"] = self._rollout.astype(np.float32)
        if self._between:
            found["segments"] = np.stack(self._between)
        if self._given.picture is not None:
            found["picture"] = self._given.picture
        return found
