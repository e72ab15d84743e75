"""Opening one row for the model that is held: what it reads and which score is explained, by the output's shape."""

from collections.abc import Mapping
from typing import Any

from lib.errors import Problem, UserError
from lib.inference.attribution import targets
from lib.inference.attribution.aligned import Aligned, aligned_texts, aligned_window, aligned_words, decoded
from lib.inference.attribution.batches import batch_of
from lib.inference.attribution.picture_input import PictureInput
from lib.inference.attribution.targets import Said, Target
from lib.inference.attribution.text_input import TextInput
from lib.inference.attribution.wish import Wish
from lib.inference.attribution.written import open_continuation, open_masked, open_text
from lib.inference.models import HeldModel
from lib.tasks.brief import Brief
from lib.tasks.outputs import (
    Continuation,
    LabelScores,
    ManyLabels,
    MaskedTokens,
    Number,
    Spans,
    Text,
    TokenLabels,
)
from lib.tasks.predict import quiet

Opened = tuple[TextInput | PictureInput, Target, dict[str, Any]]


def open_row(held: HeldModel, cells: Mapping[str, str], wish: Wish) -> Opened:
    """The row `cells` (texts or a picture's path by role) as the model reads it, its target, and more for the asker.

    Read exactly as `lib.tasks.predict` does. Raises UserError for rows that cannot be explained.
    """
    brief = held.brief.changed(columns={name: name for name in cells})
    rows = {name: [cell] for name, cell in cells.items()}
    with quiet(held.processor):
        features = held.task.encode(held.processor, rows, brief)
    match held.task.output(brief.target):
        case LabelScores() | ManyLabels() | Number():
            return _open_whole(held, features, cells, brief, wish)
        case TokenLabels():
            return _open_word(held, features, cells, brief, wish)
        case Spans():
            return _open_answer(held, features, rows, brief, wish)
        case MaskedTokens():
            return open_masked(held, rows, brief, wish)
        case Text():
            return open_text(held, features, cells, brief, wish)
        case Continuation():
            return open_continuation(held, features, brief, wish)
    raise UserError(
        Problem("Atelier cannot say what predictions of this shape rest on.", code="relevance-not-known")
    )


def _logits(held: HeldModel) -> Said:
    def say(inputs: dict[str, Any]) -> tuple[Any, Any]:
        outputs = held.model(**inputs)
        return outputs.logits.float(), outputs

    return say


def _open_whole(
    held: HeldModel, features: dict[str, list[Any]], cells: Mapping[str, str], brief: Brief, wish: Wish
) -> Opened:
    """A score of the whole row: of a label, or a number."""
    import torch

    inputs = batch_of(held, features, 0, brief)
    read: TextInput | PictureInput
    if "pixel_values" in inputs:
        read = PictureInput(held.model, held.processor, inputs, coarse=wish.method == "occlusion")
    else:
        fields = [
            (held.task.role(name).title, cells[name]) for name in held.task.model_input if name in cells
        ]
        ids = features["input_ids"][0]
        aligned = aligned_texts(held.processor, ids, fields, max_length=brief.max_length)
        read = TextInput(held.model, held.processor, inputs, aligned)
    say, output = _logits(held), held.task.output(brief.target)
    about = {"truncated": bool(features["truncated"][0])}
    if isinstance(output, Number):
        target = brief.target
        return read, targets.number(say, mean=target["mean"], spread=target["std"]), about
    assert isinstance(output, LabelScores | ManyLabels)
    with torch.inference_mode():
        best = int(say(inputs)[0][0].argmax())
    chosen, other = wish.chosen(output.labels, best)
    if isinstance(output, ManyLabels):
        return read, targets.each_of(say, output.labels, chosen, best), about
    return read, targets.one_of(say, output.labels, chosen, other, best), about


def _open_word(
    held: HeldModel, features: dict[str, list[Any]], cells: Mapping[str, str], brief: Brief, wish: Wish
) -> Opened:
    """The tag of one word: the one that is asked for, else the first that belongs to a span."""
    import torch

    document, tags = features["_document"][0], brief.target["tags"]
    at = {
        word: (number, place)
        for number, (words, places) in enumerate(zip(features["_words"], features["_places"], strict=True))
        for word, place in zip(words, places, strict=True)
    }
    if not at:
        raise UserError(
            Problem(
                "The model reads no word of this text.",
                where="text",
                fix="Choose another row.",
                code="no-words",
            )
        )
    best: dict[int, int] = {}
    with torch.inference_mode():
        for number in range(len(features["input_ids"])):
            said = held.model(**batch_of(held, features, number, brief)).logits[0].float()
            best |= {
                word: int(said[place].argmax()) for word, (where, place) in at.items() if where == number
            }
    inside = [word for word in sorted(best) if tags[best[word]] != "O"]
    usual = inside[0] if inside else min(at)
    word = wish.placed(len(document.words), usual)
    if word not in at:
        word = usual
    number, place = at[word]
    inputs = batch_of(held, features, number, brief)
    aligned, _ = aligned_words(held.processor, features, number, held.task.role("text").title)
    read = TextInput(held.model, held.processor, inputs, aligned)
    place += read.shift
    chosen, other = wish.chosen(tags, best[word])

    def say(inputs: dict[str, Any]) -> tuple[Any, Any]:
        outputs = held.model(**inputs)
        return outputs.logits[:, place].float(), outputs

    target = targets.one_of(say, tags, chosen, other, best[word], places=document.words, place=word)
    said_by_word = [tags[best[number]] if number in best else "" for number in range(len(document.words))]
    return read, target, {"truncated": len(features["input_ids"]) > 1, "said": said_by_word}


def _open_answer(
    held: HeldModel, features: dict[str, list[Any]], rows: Mapping[str, list[str]], brief: Brief, wish: Wish
) -> Opened:
    """The answer that the model gives, in the window where it stands; the first token where it gives none."""
    import torch

    raw, batches = [], []
    with torch.no_grad():  # the inputs are used again where gradients are needed
        for number in range(len(features["input_ids"])):
            batches.append(batch_of(held, features, number, brief))
            raw += held.task.predict_batch(held.model, batches[-1], held.processor, brief)
    found = held.task.decode(raw, features, rows, brief).iloc[0]
    start, end = int(found["start"]), int(found["end"])
    number, first, last = 0, 0, 0
    places = _answer_places(features, start, end) if end > start else []
    if places:
        # Windows overlap: the answer is taken where the model is surest of it.
        number, first, last = max(places, key=lambda at: raw[at[0]][0][at[1]] + raw[at[0]][1][at[2]])
    elif end <= start:
        number = min(range(len(raw)), key=lambda at: raw[at][0][0] + raw[at][1][0])
    fields = [(held.task.role(name).title, rows[name][0]) for name in held.task.model_input]
    fast = getattr(held.processor, "is_fast", False)
    ids = features["input_ids"][number]
    aligned: Aligned = (
        aligned_window(held.processor, features, number, fields) if fast else decoded(held.processor, ids)
    )
    read = TextInput(held.model, held.processor, batches[number], aligned)

    def say(inputs: dict[str, Any]) -> tuple[Any, Any]:
        outputs = held.model(**inputs)
        return torch.stack([outputs.start_logits, outputs.end_logits], dim=1).float(), outputs

    text = str(found["predicted"]) or "no answer"
    target = targets.answer(say, first + read.shift, last + read.shift, text)
    return read, target, {"truncated": len(raw) > 1}


def _answer_places(features: dict[str, list[Any]], start: int, end: int) -> list[tuple[int, int, int]]:
    """(window, first token, last token) for each window that holds the characters `start` to `end` whole."""
    found = []
    for number, (starts, ends) in enumerate(zip(features["_starts"], features["_ends"], strict=True)):
        begin, count = features["_from"][number], features["_count"][number]
        inside = [
            token
            for token in range(begin, begin + count)
            if ends[token] > start and starts[token] < end and ends[token] > starts[token]
        ]
        if inside and starts[inside[0]] <= start and ends[inside[-1]] >= end:
            shift = features["_first"][number] - begin
            found.append((number, inside[0] + shift, inside[-1] + shift))
    return found
