"""Writing on from prompts token by token, several at once, with what the model thought of each token it took."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lib.inference.drawing import Drawing
from lib.inference.letters import Letters, special_ids
from lib.inference.token_texts import token_name
from lib.tasks.causal import causal_collator
from lib.tasks.manner import Manner

# Alternatives told of each token.
MOST_OTHERS = 5
Finish = Literal["stop", "length", "stopped"]


@dataclass(frozen=True)
class Piece:
    """One token taken: the `text` that is now sure ("" for an end mark or half a letter), and what it stood against.

    `name` is the token's own; `loss` is −ln p in nats before temperature, top-p and penalty, `rank` its place among
    all tokens, `others` the likeliest ones with their probabilities.
    """

    text: str
    name: str
    loss: float
    rank: int
    others: list[tuple[str, float]]


@dataclass(frozen=True)
class Wish:
    """A prompt as token ids and how to write on; `room` is the most tokens there is place for.

    `on_piece` hears of each token and may raise to end everything; `is_wanted` is asked at each token, and False ends
    this text alone. With `details` False, pieces hold only their text.
    """

    ids: Sequence[int]
    manner: Manner
    room: int
    stops: tuple[str, ...] = ()
    on_piece: Callable[[Piece], None] | None = None
    is_wanted: Callable[[], bool] | None = None
    details: bool = True


@dataclass
class Written:
    """What was written: `stop` by itself or at a stop, `length` at the most tokens, `stopped` when no longer wanted.

    `tokens` counts those taken, the end mark left out. `first` and `seconds` are the time to the first token and to
    the last one.
    """

    text: str = ""
    finish: Finish = "length"
    tokens: int = 0
    first: float = 0.0
    seconds: float = 0.0
    ids: list[int] = field(default_factory=list)


def write_together(
    model: Any, tokenizer: Any, wishes: Sequence[Wish], *, ends: Sequence[int] = ()
) -> list[Written]:
    """Write on from every prompt with `generate`, greedily over the scores of `Drawing`.

    It ends at the tokenizer's end mark, at those of the model's generation_config, and at `ends`.
    """
    import torch
    from transformers import GenerationConfig

    marks = end_ids(model, tokenizer, ends)
    batch = causal_collator(tokenizer, training=False)([{"input_ids": list(wish.ids)} for wish in wishes])
    device = next(model.parameters()).device
    width = batch["input_ids"].shape[1]
    drawing = Drawing([wish.manner for wish in wishes], [width - len(wish.ids) for wish in wishes])
    rows = [_Row(tokenizer, wish, marks) for wish in wishes]
    # All that a model's own generation_config may ask for is said here, else it would be taken from there.
    config = GenerationConfig(
        max_new_tokens=max(row.most for row in rows),
        eos_token_id=sorted(marks),
        pad_token_id=tokenizer.pad_token_id,
        do_sample=False,
        num_beams=1,
        use_cache=True,
        repetition_penalty=1.0,
        no_repeat_ngram_size=0,
        min_length=0,
        temperature=1.0,
        top_p=1.0,
        top_k=50,
    )
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            model.generate(
                **{name: values.to(device) for name, values in batch.items()},
                generation_config=config,
                logits_processor=[drawing],
                stopping_criteria=[_Watch(rows, drawing)],
            )
    finally:
        model.train(was_training)
    return [row.finished() for row in rows]


def end_ids(model: Any, tokenizer: Any, ends: Sequence[int]) -> frozenset[int]:
    """The tokens that end a text."""
    known = model.generation_config.eos_token_id
    known = known if isinstance(known, list) else [] if known is None else [known]
    return frozenset([tokenizer.eos_token_id, *ends, *known]) - {None}


class _Row:
    """One text under way."""

    def __init__(self, tokenizer: Any, wish: Wish, marks: frozenset[int]) -> None:
        self.wish, self.most = wish, max(1, min(wish.manner.max_new_tokens, wish.room))
        self.done = False
        self._tokenizer, self._marks = tokenizer, marks
        self._special = special_ids(tokenizer)
        self._letters = Letters(tokenizer, wish.stops)
        self._parts: list[str] = []
        self._found = Written()
        self._begun = time.monotonic()

    def take(self, number: int, logs: Any) -> None:
        """The next token, and float32[vocabulary] log-probabilities it was taken from."""
        found = self._found
        found.seconds = time.monotonic() - self._begun
        found.first = found.first or found.seconds
        ended = number in self._marks
        if not ended:
            found.ids.append(number)
        text = "" if ended else self._letters.add(number)
        last = len(found.ids) >= self.most
        unwanted = self.wish.is_wanted is not None and not self.wish.is_wanted()
        if ended or last or unwanted or self._letters.stopped:
            self.done = True
            found.finish = "stop" if ended or self._letters.stopped else "stopped" if unwanted else "length"
            text += self._letters.rest()
        self._parts.append(text)
        if self.wish.on_piece is not None:
            self.wish.on_piece(self._piece(number, text, logs))

    def _piece(self, number: int, text: str, logs: Any) -> Piece:
        if not self.wish.details:
            return Piece(text, "", 0.0, 0, [])
        loss = -float(logs[number])
        best = logs.topk(min(MOST_OTHERS, logs.shape[-1]))
        others = [
            (token_name(self._tokenizer, int(one)), round(float(log.exp()), 6))
            for one, log in zip(best.indices, best.values, strict=True)
        ]
        rank = int((logs > logs[number]).sum()) + 1
        name = token_name(self._tokenizer, number) if number in self._special else text
        return Piece(text, name, round(loss, 5), rank, others)

    def finished(self) -> Written:
        """What came of it."""
        found = self._found
        found.tokens = len(found.ids)
        if self._letters.stopped:
            found.text = "".join(self._parts).strip()
        else:
            found.text = self._tokenizer.decode(found.ids, skip_special_tokens=True).strip()
        return found


class _Watch:
    """A stopping criterion that hands each row its token and says which rows are done."""

    def __init__(self, rows: Sequence[_Row], drawing: Drawing) -> None:
        self._rows, self._drawing = rows, drawing

    def __call__(self, input_ids: Any, scores: Any, **more: Any) -> Any:
        """bool[rows]: True where nothing more is to be written."""
        import torch

        taken = input_ids[:, -1].tolist()
        for place, (row, number) in enumerate(zip(self._rows, taken, strict=True)):
            if not row.done:
                row.take(number, self._drawing.logs[place])
        return torch.tensor([row.done for row in self._rows], device=input_ids.device)
