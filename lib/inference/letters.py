"""The text of tokens as they come, one at a time: no half letters, and nothing behind a mark that ends it."""

from collections.abc import Sequence
from typing import Any

# What a decoder writes for bytes that are no whole letter yet.
_BROKEN = "\ufffd"


class Letters:
    """Turns token ids into text bit by bit; what is joined equals decoding them all at once, special ones skipped.

    With `stops`, the text ends before the first of them, and what may be the beginning of one is held back.
    """

    def __init__(self, tokenizer: Any, stops: Sequence[str] = ()) -> None:
        self._tokenizer = tokenizer
        self._special = special_ids(tokenizer)
        self._stops = [stop for stop in stops if stop]
        self._ids: list[int] = []
        self._prefix = self._read = 0
        self._held = ""
        self.stopped = False

    def add(self, number: int) -> str:
        """The text that is sure once this token is there, perhaps none. Nothing more once `stopped`."""
        if self.stopped or number in self._special:
            return ""
        self._ids.append(number)
        before = self._decoded(self._ids[self._prefix : self._read])
        now = self._decoded(self._ids[self._prefix :])
        if len(now) <= len(before) or now.endswith(_BROKEN):
            return ""
        self._prefix, self._read = self._read, len(self._ids)
        return self._released(now[len(before) :])

    def rest(self) -> str:
        """What was held back, once no token follows."""
        if self.stopped:
            return ""
        before = self._decoded(self._ids[self._prefix : self._read])
        left = self._decoded(self._ids[self._prefix :])[len(before) :]
        self._prefix = self._read = len(self._ids)
        said = self._released(left) if left else ""
        held, self._held = self._held, ""
        return said + ("" if self.stopped else held)

    def _released(self, text: str) -> str:
        """The text as far as no stop can begin in it."""
        if not self._stops:
            return text
        text = self._held + text
        places = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if places:
            self.stopped, self._held = True, ""
            return text[: min(places)]
        kept = max(_overlap(text, stop) for stop in self._stops)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept]

    def _decoded(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), clean_up_tokenization_spaces=False))


def special_ids(tokenizer: Any) -> frozenset[int]:
    """The tokens that stand for no text: marks of ends and turns."""
    added = getattr(tokenizer, "added_tokens_decoder", {})
    marked = (number for number, token in added.items() if token.special)
    return frozenset([*tokenizer.all_special_ids, *marked])


def _overlap(text: str, stop: str) -> int:
    """How many letters at the end of the text may be the beginning of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if stop.startswith(text[-size:])), 0)
