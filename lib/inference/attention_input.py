"""What a model is run on to look at its attention: one input as in prediction, with what it writes. Host only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lib.errors import Problem, UserError
from lib.inference.models import HeldModel
from lib.inference.read_tokens import Token, read_tokens
from lib.tasks.predict import model_features, quiet

# Tokens that are looked at. Beyond, a head's picture has more cells than a screen, and time grows with the square.
MOST_READ, MOST_CAUSAL, MOST_WRITTEN = 512, 256, 128


@dataclass(frozen=True)
class Input:
    """One pass of a model: `run()` does it. `queries` and `keys` are the tokens of each stack that it has.

    `kept` are the places of the keys of the encoder that are no padding. `written` are the token ids that the model
    wrote, to be handed back so that it need not write again; `notes` are sentences on what was cut. `places` are the
    middles of patches in pixels, float[tokens, 2], `grid` their rows and columns, `picture` uint8[height, width, 3].
    """

    run: Callable[[], Any]
    queries: Mapping[str, Sequence[Token]]
    keys: Mapping[str, Sequence[Token]]
    kept: np.ndarray
    written: list[int] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    places: np.ndarray | None = None
    grid: tuple[int, int] | None = None
    picture: np.ndarray | None = None


def input_of(held: HeldModel, cells: Mapping[str, str], written: Sequence[int] | None) -> Input:
    """The input that the model reads for the cells by role, the first where a text is read in several parts.

    `written` spares the model writing again. Raises UserError where there is nothing to read.
    """
    task, processor = held.task, held.processor
    brief = held.brief.changed(columns={name: name for name in cells})
    rows = {name: [cell] for name, cell in cells.items()}
    with quiet(processor):
        features = task.encode(processor, rows, brief)
    count = len(features["length"])
    if not count:
        raise UserError(Problem("The model finds nothing to read here.", code="no-text"))
    notes = []
    if count > 1:
        notes.append(
            f"The model reads the text in {count} parts, one after the other; this is the first of them."
        )
    if features["truncated"][0]:
        notes.append("The text is longer than the model reads: the rest is cut, as in prediction.")
    one = model_features(features, 0)
    match task.model_kind:
        case "image":
            return _picture(held, brief, one)
        case "seq2seq":
            return _translated(held, brief, one, cells, written, notes)
        case "causal":
            return _continued(held, brief, one, cells, written, notes)
        case _:
            return _text(held, brief, one, cells, notes)


def _batch(held: HeldModel, brief: Any, feature: dict[str, Any]) -> dict[str, Any]:
    device = next(held.model.parameters()).device
    batch = held.task.collator(held.processor, brief, training=False)([feature])
    return {name: values.to(device) for name, values in batch.items()}


def _cut(feature: dict[str, Any], most: int, notes: list[str]) -> dict[str, Any]:
    """The feature's first tokens, where it has more than are looked at."""
    length = len(feature["input_ids"])
    if length <= most:
        return feature
    notes.append(f"The model reads {length:,} tokens; its attention is shown on the first {most:,} alone.")
    return {
        name: values[:most] if isinstance(values, list) and len(values) == length else values
        for name, values in feature.items()
    }


def _kept(batch: dict[str, Any]) -> np.ndarray:
    mask: np.ndarray = batch["attention_mask"][0].bool().cpu().numpy()
    return mask


def _text(
    held: HeldModel, brief: Any, feature: dict[str, Any], cells: Mapping[str, str], notes: list[str]
) -> Input:
    batch = _batch(held, brief, _cut(feature, MOST_READ, notes))
    kept = _kept(batch)
    ids = batch["input_ids"][0].cpu().numpy()[kept].tolist()
    tokens = read_tokens(held.processor, ids, cells)
    return Input(
        lambda: held.model(**batch), {"encoder": tokens}, {"encoder": tokens}, kept, notes=tuple(notes)
    )


def _translated(
    held: HeldModel,
    brief: Any,
    feature: dict[str, Any],
    cells: Mapping[str, str],
    written: Sequence[int] | None,
    notes: list[str],
) -> Input:
    """The text read and, in the decoder, what was written for it: each place writes the token that follows it."""
    import torch

    whole = _batch(held, brief, feature)
    if written is None:
        written = held.model.generate(
            input_ids=whole["input_ids"], attention_mask=whole["attention_mask"]
        )[0].tolist()  # fmt: skip
    batch = _batch(held, brief, _cut(feature, MOST_READ, notes))
    kept = _kept(batch)
    shown = list(written)[: MOST_CAUSAL + 1]
    if len(shown) < len(written):
        notes.append(f"The model writes {len(written) - 1:,} tokens; the first {MOST_CAUSAL:,} are shown.")
    if len(shown) < 2:
        raise UserError(Problem("The model writes nothing for this text.", code="nothing-written"))
    decoder = torch.tensor([shown[:-1]], device=batch["input_ids"].device)
    read = read_tokens(held.processor, batch["input_ids"][0].cpu().numpy()[kept].tolist(), cells)
    said = read_tokens(held.processor, shown, {})

    def run() -> Any:
        return held.model(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            decoder_input_ids=decoder,
            use_cache=False,
        )

    # In cross-attention a place is named by the token it writes; among themselves, places by the token they read.
    queries = {"encoder": read, "decoder": said[:-1], "cross": said[1:]}
    keys = {"encoder": read, "decoder": said[:-1], "cross": read}
    return Input(run, queries, keys, kept, list(written), tuple(notes))


def _continued(
    held: HeldModel,
    brief: Any,
    feature: dict[str, Any],
    cells: Mapping[str, str],
    written: Sequence[int] | None,
    notes: list[str],
) -> Input:
    """The prompt and what the model writes after it."""
    import torch

    from lib.tasks.causal import write

    if written is None:
        batch = _batch(held, brief, feature)
        written = write(held.model, batch)[0].tolist()
    said = list(written)[:MOST_WRITTEN]
    room = MOST_CAUSAL - len(said)
    prompt = list(feature["input_ids"])
    if len(said) < len(written):
        notes.append(f"The model writes {len(written):,} tokens; the first {len(said):,} are shown.")
    if len(prompt) > room:
        notes.append(
            f"The prompt has {len(prompt):,} tokens; attention is shown as the model reads its last {room:,} alone."
        )
    device = next(held.model.parameters()).device
    ids = prompt[-room:] + said
    inputs = torch.tensor([ids], device=device)

    def run() -> Any:
        return held.model(input_ids=inputs, attention_mask=torch.ones_like(inputs), use_cache=False)

    tokens = read_tokens(held.processor, ids, cells)
    return Input(
        run, {"encoder": tokens}, {"encoder": tokens}, np.ones(len(ids), bool), list(written), tuple(notes)
    )


def _picture(held: HeldModel, brief: Any, feature: dict[str, Any]) -> Input:
    """The picture in patches, after the tokens that stand for no patch."""
    batch = _batch(held, brief, feature)
    pixels = batch["pixel_values"]
    return Input(
        lambda: held.model(**batch), {}, {}, np.ones(0, bool), picture=_as_seen(held.processor, pixels[0])
    )


def patches_of(
    model: Any, picture: np.ndarray, tokens: int
) -> tuple[list[Token], tuple[int, int], np.ndarray]:
    """The tokens of a picture, the rows and columns of its patches, and the middle of each token in pixels.

    Tokens that stand for no patch (class, registers, distillation) come first and have no place (NaN). Raises UserError
    where the tokens are no grid of patches.
    """
    from lib.inference.attention_capture import no_matrix

    given = getattr(model.config, "patch_size", None)
    size = int(given[0] if isinstance(given, list | tuple) else given or 0)
    height, width = picture.shape[:2]
    rows, columns = (height // size, width // size) if size else (0, 0)
    others = tokens - rows * columns
    if not rows * columns or not 0 <= others <= 32:
        raise no_matrix("does not cut its picture into one grid of patches")
    names = _other_tokens(model, others)
    middles = [
        (size * (row + 0.5), size * (column + 0.5)) for row in range(rows) for column in range(columns)
    ]
    patches = [
        Token(f"row {row + 1}, column {column + 1}") for row in range(rows) for column in range(columns)
    ]
    places = np.array([(np.nan, np.nan)] * others + middles)
    return [*(Token(name, special=True) for name in names), *patches], (rows, columns), places


def _other_tokens(model: Any, count: int) -> list[str]:
    names = ["[CLS]"] if count else []
    if count == 2 and "deit" in str(model.config.model_type).lower():
        return [*names, "[distillation]"]
    return names + [f"[register {number}]" for number in range(1, count)]


def _as_seen(processor: Any, pixels: Any) -> np.ndarray:
    """The picture as the model sees it: uint8[height, width, 3] from its normalised pixels."""
    values = pixels.float().cpu().numpy().transpose(1, 2, 0)
    if getattr(processor, "do_normalize", False):
        values = values * np.asarray(processor.image_std) + np.asarray(processor.image_mean)
    seen: np.ndarray = np.clip(np.rint(values * 255), 0, 255).astype(np.uint8)
    return np.repeat(seen, 3, axis=2) if seen.shape[2] == 1 else seen
