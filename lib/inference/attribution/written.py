"""Opening a row for models that choose tokens: of a continuation, of a written text, of hidden words."""

from collections.abc import Mapping, Sequence
from typing import Any

from lib.errors import Problem, UserError
from lib.inference.attribution import targets
from lib.inference.attribution.aligned import Aligned, Span, aligned_texts, decoded
from lib.inference.attribution.batches import batch_of
from lib.inference.attribution.targets import Said, Target
from lib.inference.attribution.text_input import TextInput
from lib.inference.attribution.wish import Wish
from lib.inference.models import HeldModel
from lib.tasks.brief import Brief
from lib.tasks.masking import text_blocks, with_marks
from lib.tasks.seq2seq import prefix_of
from lib.tasks.token_loss import scores_at

# Tokens offered in place of the one that was chosen.
ALTERNATIVES = 6


def open_continuation(
    held: HeldModel, features: dict[str, list[Any]], brief: Brief, wish: Wish
) -> tuple[TextInput, Target, dict[str, Any]]:
    """A token that a causal model writes: what stands before it is read, its log-probability is the score."""
    import torch

    from lib.tasks.causal import write

    ids = list(features["input_ids"][0])
    device = next(held.model.parameters()).device
    if wish.written is None:
        batch = {"input_ids": torch.tensor([ids], device=device)}
        batch["attention_mask"] = torch.ones_like(batch["input_ids"])
        written = [int(number) for number in write(held.model, batch)[0]]
    else:
        written = list(wish.written)
    place = wish.placed(len(written), 0)
    read_ids = [*ids, *written[:place]]
    inputs = {"input_ids": torch.tensor([read_ids], device=device)}
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    read = TextInput(held.model, held.processor, inputs, decoded(held.processor, read_ids))
    say = _said_at(held, len(read_ids) - 1)
    target = _token_target(held, say, inputs, wish, written, place)
    return read, target, {"truncated": bool(features["truncated"][0]), "written": written}


def open_text(
    held: HeldModel, features: dict[str, list[Any]], cells: Mapping[str, str], brief: Brief, wish: Wish
) -> tuple[TextInput, Target, dict[str, Any]]:
    """A token that an encoder–decoder writes, given the text that it reads and what it wrote before."""
    import torch

    device = next(held.model.parameters()).device
    ids = list(features["input_ids"][0])
    inputs = {"input_ids": torch.tensor([ids], device=device)}
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    if wish.written is None:
        with torch.inference_mode():
            begun = [int(number) for number in held.model.generate(**inputs)[0].tolist()]
    else:
        begun = list(wish.written)
    # The first token starts the decoder and is not chosen; the marks of end and padding are not words.
    ends = {held.processor.pad_token_id, held.processor.eos_token_id}
    while len(begun) > 1 and begun[-1] in ends:
        begun.pop()
    place = wish.placed(len(begun) - 1, 0)
    [name] = [name for name in held.task.model_input if name in cells]
    aligned = aligned_texts(
        held.processor,
        ids,
        [(held.task.role(name).title, cells[name])],
        max_length=brief.max_length,
        prefix=prefix_of(brief),
    )
    inputs["decoder_input_ids"] = torch.tensor([begun[: place + 1]], device=device)
    read = TextInput(held.model, held.processor, inputs, aligned)
    say = _said_at(held, place, width=place + 1)
    target = _token_target(held, say, inputs, wish, begun[1:], place)
    return read, target, {"truncated": bool(features["truncated"][0]), "written": begun}


def open_masked(
    held: HeldModel, rows: Mapping[str, list[str]], brief: Brief, wish: Wish
) -> tuple[TextInput, Target, dict[str, Any]]:
    """A hidden word of a text: the log-probability of the token that the model puts there."""
    tokenizer = held.processor
    text = with_marks(rows["text"][0], tokenizer.mask_token)
    blocks = text_blocks(tokenizer, [text], max_length=brief.max_length)
    masks = [
        (number, place)
        for number, ids in enumerate(blocks["input_ids"])
        for place, token in enumerate(ids)
        if token == tokenizer.mask_token_id
    ]
    if not masks:
        raise UserError(
            Problem(
                "No word of this text is hidden, so the model has nothing to guess.",
                where="text",
                fix="Write [MASK] in the place of a word.",
                code="no-mask",
            )
        )
    chosen = wish.placed(len(masks), 0)
    number, place = masks[chosen]
    features = {name: values for name, values in blocks.items() if name not in ("words", "_offsets")}
    inputs = batch_of(held, features, number, brief)
    special = set(tokenizer.all_special_ids)
    spans = tuple(
        None if token in special or end <= start else Span(0, start, end)
        for token, (start, end) in zip(blocks["input_ids"][number], blocks["_offsets"][number], strict=True)
    )
    read = TextInput(held.model, tokenizer, inputs, Aligned(((held.task.role("text").title, text),), spans))
    say = _said_at(held, place + read.shift)
    target = _token_target(held, say, inputs, wish, None, chosen, count=len(masks))
    return read, target, {"truncated": len(blocks["input_ids"]) > 1}


def _said_at(held: HeldModel, place: int, *, width: int | None = None) -> Said:
    """The logits of the vocabulary at one place alone: those of all places of several rows would fill the memory."""

    def say(inputs: dict[str, Any]) -> tuple[Any, Any]:
        import torch

        rows, read = inputs["input_ids"].shape
        marks = torch.zeros((rows, width or read), dtype=torch.bool, device=inputs["input_ids"].device)
        marks[:, place] = True
        outputs, logits = scores_at(held.model, inputs, marks)
        return logits.float(), outputs

    return say


def _token_target(
    held: HeldModel,
    say: Said,
    inputs: dict[str, Any],
    wish: Wish,
    written: Sequence[int] | None,
    place: int,
    *,
    count: int = 0,
) -> Target:
    """The token that stands at the place (the likeliest where nothing is written) among its likeliest rivals."""
    import torch

    with torch.inference_mode():
        best = say(inputs)[0][0].topk(ALTERNATIVES).indices.tolist()
    numbers = list(dict.fromkeys([*([written[place]] if written else []), *best]))
    labels = _distinct([_shown(held.processor, number) for number in numbers])
    if written is None:
        places = [f"hidden word {number + 1}" for number in range(count)]
    else:
        places = [_shown(held.processor, number) for number in written]
    chosen, other = wish.chosen(labels, 0)
    return targets.token(say, labels, numbers, chosen, other, predicted=labels[0], places=places, place=place)


def _shown(tokenizer: Any, number: int) -> str:
    said = str(tokenizer.decode([number], clean_up_tokenization_spaces=False))
    return said.strip() or {"\n": "line break"}.get(said, repr(said) if said else "nothing")


def _distinct(labels: Sequence[str]) -> list[str]:
    """Tokens that look alike, such as with and without a blank before them, told apart by a number."""
    found: list[str] = []
    for label in labels:
        same = sum(known.partition(" #")[0] == label for known in found)
        found.append(f"{label} #{same + 1}" if same else label)
    return found
