"""Where in the texts each token of a feature stands: by the tokenizer's offsets, or by decoding token after token."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from lib.tasks.annotated import Document


class Span(NamedTuple):
    """The characters `start` to `end` (exclusive) of the text with the number `field`."""

    field: int
    start: int
    end: int


class Aligned(NamedTuple):
    """Texts by name, and for each token its span in them; None for tokens that stand for no text."""

    fields: tuple[tuple[str, str], ...]
    spans: tuple[Span | None, ...]


def aligned_texts(
    tokenizer: Any,
    ids: Sequence[int],
    fields: Sequence[tuple[str, str]],
    *,
    max_length: int,
    prefix: str = "",
) -> Aligned:
    """The tokens of one text or a pair that was cut at `max_length`; `prefix` stood before the first text.

    Falls back on decoding where the tokenizer has no offsets or would cut the texts otherwise.
    """
    if not getattr(tokenizer, "is_fast", False):
        return decoded(tokenizer, ids)
    texts = [prefix + fields[0][1], *(text for _, text in fields[1:])]
    read = tokenizer(
        *texts, truncation=True, max_length=max_length, return_offsets_mapping=True, verbose=False
    )
    if list(read["input_ids"]) != list(ids):
        return decoded(tokenizer, ids)
    spans: list[Span | None] = []
    for (start, end), field in zip(read["offset_mapping"], read.sequence_ids(0), strict=True):
        shift = len(prefix) if field == 0 else 0
        here = field is not None and end > max(start, shift)
        spans.append(Span(int(field), max(start - shift, 0), end - shift) if here else None)
    return Aligned(tuple(fields), tuple(spans))


def aligned_window(
    tokenizer: Any, features: dict[str, list[Any]], number: int, fields: Sequence[tuple[str, str]]
) -> Aligned:
    """The tokens of a question (field 0) and a window of its context (field 1), as `question_windows` made them."""
    ids, first, begin = (features[name][number] for name in ("input_ids", "_first", "_from"))
    spans: list[Span | None] = [None] * len(ids)
    asked = tokenizer(fields[0][1], add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    special = set(tokenizer.all_special_ids)
    places = [place for place in range(first) if ids[place] not in special]
    for place, token, (start, end) in zip(places, asked["input_ids"], asked["offset_mapping"], strict=False):
        if ids[place] != token:
            break
        spans[place] = Span(0, start, end)
    for step in range(features["_count"][number]):
        start, end = (int(features[name][number][begin + step]) for name in ("_starts", "_ends"))
        spans[first + step] = Span(1, start, end) if end > start else None
    return Aligned(tuple(fields), tuple(spans))


def aligned_words(
    tokenizer: Any, features: dict[str, list[Any]], number: int, name: str
) -> tuple[Aligned, tuple[int | None, ...]]:
    """The tokens of a window over a document as `encode_words` made it, and the number of each token's word."""
    document: Document = features["_document"][number]
    ids, spoken = features["input_ids"][number], features["_words"][number]
    fields = ((name, document.text),)
    nothing: tuple[None, ...] = (None,) * len(ids)
    if not spoken:
        return Aligned(fields, nothing), nothing
    whole = tokenizer(document.words, is_split_into_words=True, truncation=False, verbose=False).word_ids(0)
    known = [place for place, word in enumerate(whole) if word is not None]
    head, tail = known[0], len(whole) - 1 - known[-1]
    shift = whole.index(spoken[0]) - features["_places"][number][0]
    words = tuple(
        whole[place + shift] if head <= place < len(ids) - tail else None for place in range(len(ids))
    )
    spans = tuple(None if word is None else Span(0, *document.places[word]) for word in words)
    return Aligned(fields, spans), words


def decoded(tokenizer: Any, ids: Sequence[int], name: str = "As the model reads it") -> Aligned:
    """The text that the tokens themselves make, special ones left out: for inputs that are no plain text.

    Tokens that are parts of one character share its place.
    """
    special = set(tokenizer.all_special_ids)
    spans: list[Span | None] = []
    text, run = "", 0
    while run < len(ids):
        if ids[run] in special:
            spans.append(None)
            run += 1
            continue
        stop = run
        while stop < len(ids) and ids[stop] not in special:
            stop += 1
        spans += _decoded_run(tokenizer, ids[run:stop], at=len(text))
        text += tokenizer.decode(list(ids[run:stop]), clean_up_tokenization_spaces=False)
        run = stop
    return Aligned(((name, text),), tuple(spans))


def _decoded_run(tokenizer: Any, ids: Sequence[int], *, at: int) -> list[Span | None]:
    spans: list[Span | None] = []
    before, waiting = 0, 0
    for stop in range(1, len(ids) + 1):
        said = tokenizer.decode(list(ids[:stop]), clean_up_tokenization_spaces=False)
        waiting += 1
        if said.endswith("\ufffd") and stop < len(ids):
            continue  # a part of a character, which the next token completes
        here = Span(0, at + before, at + len(said)) if len(said) > before else None
        spans += [here] * waiting
        before, waiting = max(before, len(said)), 0
    return spans
