"""An answer of a model to a conversation, from the model host, as it is written."""

import contextlib
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lib.inference.ask import ask_and_listen

Side = Literal["tuned", "untuned"]
Finish = Literal["stop", "length", "stopped"]


@dataclass
class Answer:
    """What one model has written so far.

    `tokens` are [name, −ln p in nats, rank, [[alternative, probability], …]], the end mark included; `reading` says how
    many tokens were read of how many (see `Prompt.to_json`). `finish` is None while it is being written, and "stopped"
    for one that was not let finish. Times in seconds, from the moment the model began to read.
    """

    text: str = ""
    tokens: list[list[Any]] = field(default_factory=list)
    reading: dict[str, Any] = field(default_factory=dict)
    finish: Finish | None = None
    written: int = 0
    first: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Heard:
    """News of an answer: its `place` among those asked for, and what was `added` to its text.

    Without a place only `phase` has news: "waiting", "loading" or "predicting".
    """

    place: int | None = None
    added: str = ""
    phase: str = ""


def listen(
    ref: str,
    messages: Sequence[Mapping[str, str]],
    answers: Sequence[Answer],
    *,
    settings: Mapping[str, Any],
    sides: Sequence[Side] = ("tuned",),
) -> Generator[Heard, None, None]:
    """Ask for an answer of each side to the conversation and fill `answers`, one a side, as they come.

    Closing the iterator stops the writing; what is there stays in `answers`. `settings` change the run's own way of
    writing (see `Manner`). Raises UserError with what the host said, or when it died.
    """
    request = {
        "do": "write_answer",
        "model": ref,
        "messages": [dict(message) for message in messages],
        "settings": dict(settings),
        "sides": list(sides),
    }
    begun = time.monotonic()
    with contextlib.closing(ask_and_listen(request)) as messages_back:
        yield from _heard(messages_back, answers, begun)


def _heard(
    messages: Iterator[dict[str, Any]], answers: Sequence[Answer], begun: float
) -> Generator[Heard, None, None]:
    for message in messages:
        if "side" not in message:
            if "phase" in message:
                yield Heard(phase=str(message["phase"]))
            continue
        place = int(message["side"])
        answer = answers[place]
        if "reading" in message:
            answer.reading, begun = message["reading"], time.monotonic()
            yield Heard(place)
        elif "written" in message:
            said = message["written"]
            answer.text, answer.finish = said["text"], said["finish"]
            answer.written, answer.first, answer.seconds = said["tokens"], said["first"], said["seconds"]
            yield Heard(place)
        else:
            answer.text += message["piece"]
            answer.tokens.append(message["token"])
            # Until the host says it more exactly; it never does of an answer that is stopped.
            answer.written, answer.seconds = len(answer.tokens), time.monotonic() - begun
            answer.first = answer.first or answer.seconds
            yield Heard(place, message["piece"])
