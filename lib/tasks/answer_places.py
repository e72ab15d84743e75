"""Where the answers to a question stand in its context: read from cells, checked, and found where no place is said."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lib.data.cells import as_answers


@dataclass(frozen=True)
class Truth:
    """What is known of a question: all accepted answers, and the characters of its context that hold one.

    `place` is (start, end), end exclusive, of the first answer that the context holds; None when it holds none or
    there is none. `moved`: an answer does not stand where the data says, and the nearest place was taken.
    """

    answers: tuple[str, ...] = ()
    place: tuple[int, int] | None = None
    moved: bool = False

    @property
    def is_usable(self) -> bool:
        """Whether the question can be learned and scored: its answer is in the context, or it has none."""
        return not self.answers or self.place is not None


def read_truth(context: object, answers: str | None, starts: str | None = None) -> Truth:
    """The truth in the cells of one row; an empty cell of answers means that the context does not tell."""
    given = as_answers(answers, starts)
    texts = tuple(dict.fromkeys(str(answer["text"]).strip() for answer in given))
    if not isinstance(context, str):
        return Truth(texts)
    for answer in given:
        found = find_answer(context, str(answer["text"]), answer["start"])
        if found is not None:
            start, end, moved = found
            return Truth(texts, (start, end), moved)
    return Truth(texts)


def read_truths(
    contexts: Iterable[object], answers: Iterable[str | None], starts: Iterable[str | None] | None
) -> list[Truth]:
    """The truths of many rows, from their columns."""
    if starts is None:
        return [read_truth(context, cell) for context, cell in zip(contexts, answers, strict=True)]
    rows = zip(contexts, answers, starts, strict=True)
    return [read_truth(context, cell, start) for context, cell, start in rows]


def find_answer(context: str, text: str, start: int | None) -> tuple[int, int, bool] | None:
    """(start, end, moved): the characters of the context that are the answer, white space around it left out.

    At `start` if it is there; else the nearest place with the same letters (the first one when no start is given),
    then one that differs in case and white space only. Only white space between `start` and the place is no move.
    """
    answer = text.strip()
    lead = text.index(answer)
    for said in (start, start + lead) if start is not None else ():
        if context.startswith(answer, said):
            return said, said + len(answer), False
    pattern = r"\s+".join(map(re.escape, answer.split()))
    places = [match.span() for match in re.finditer(re.escape(answer), context)] or [
        match.span() for match in re.finditer(pattern, context, re.IGNORECASE)
    ]
    if not places:
        return None
    if start is None:
        return *places[0], False
    wanted = start
    first, end = min(places, key=lambda place: abs(place[0] - wanted))
    return first, end, bool(context[min(first, wanted) : max(first, wanted)].strip())


def token_span(place: tuple[int, int], starts: Sequence[int], ends: Sequence[int]) -> tuple[int, int] | None:
    """The first and last (inclusive) of the tokens that hold those characters; None when no token does.

    `starts` and `ends` are the characters of each token of the context, rising. A token may begin with the white
    space before its word.
    """
    from numpy import asarray, searchsorted

    # The first token that ends behind the answer's beginning, the last that begins before the answer's end.
    first = int(searchsorted(asarray(ends), place[0], side="right"))
    last = int(searchsorted(asarray(starts), place[1], side="left")) - 1
    return (first, last) if first <= last else None
