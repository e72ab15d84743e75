"""Models that write on: loading them, making batches for them, and writing with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lib.option import option, values_as
from lib.tasks.brief import Brief
from lib.tasks.chat_template import give_chat_template
from lib.tasks.elsewhere import Elsewhere, fitting
from lib.tasks.loading import load_pretrained, load_tokenizer

if TYPE_CHECKING:
    from lib.tasks.base import Features

WANTED_CAUSAL = "a model that writes on (GPT-2, Llama, SmolLM …)"
# So many rows of a part are answered too when it is scored; writing takes a hundred times as long as judging.
WRITTEN = 20


@dataclass(frozen=True, kw_only=True)
class WritingOptions:
    """How a model writes: while it is watched, when it is asked, and from the saved folder."""

    max_new_tokens: int = option(
        64,
        title="Longest answer, in tokens",
        help="Writing stops here if the model has not ended itself. More takes longer and leaves the input less room.",
        group="Writing",
        low=1,
        high=4096,
    )
    temperature: float = option(
        0.0,
        title="Temperature",
        help="0 always takes the likeliest token; 0.7 to 1 draws among them: livelier, and less often right.",
        group="Writing",
        low=0.0,
        high=2.0,
    )
    top_p: float = option(
        1.0,
        title="Top-p",
        help="Draws only among the likeliest tokens that together have this probability; counts above temperature 0.",
        group="Writing",
        low=0.05,
        high=1.0,
    )
    repetition_penalty: float = option(
        1.0,
        title="Repetition penalty",
        help="Above 1, tokens that are there already become less likely. Try 1.1 when the model repeats itself.",
        group="Writing",
        low=1.0,
        high=2.0,
    )


def load_causal_tokenizer(folder: Path, *, chat: bool) -> Any:
    """The tokenizer with an end mark, padding and, for `chat`, a template; all of it is saved with the model.

    Padding is the end mark where there is no token for it (GPT-2, Llama): the attention mask tells them apart, and
    labels are set by place, never by looking for the padding token.
    """
    tokenizer = load_tokenizer(folder)
    if tokenizer.eos_token_id is None:
        tokenizer.add_special_tokens({"eos_token": "<|endoftext|>"})
    if chat:
        give_chat_template(tokenizer)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"
    # These models have one segment only; generate() refuses what it does not know.
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    return tokenizer


def load_causal_model(folder: Path, *, chat: bool, **settings: Any) -> Any:
    """The model in fp32, with a row for every token that `load_causal_tokenizer` has added.

    Its attribute `added_tokens` holds their numbers: rows that know nothing yet.
    """
    model = load_pretrained(folder, auto_class="AutoModelForCausalLM", wanted=WANTED_CAUSAL, **settings)
    known, tokens = len(load_tokenizer(folder)), len(load_causal_tokenizer(folder, chat=chat))
    model.added_tokens = tuple(range(known, tokens))
    embeddings = model.get_input_embeddings()
    # Never shrunk: many tables are larger than their vocabulary, to be a multiple of 64.
    if tokens > embeddings.num_embeddings:
        model.resize_token_embeddings(tokens)
        embeddings = model.get_input_embeddings()
    # Else the end mark would never learn where it serves as padding; real padding is masked and has no gradient.
    embeddings.padding_idx = None
    return model


def rooms(brief: Brief) -> tuple[int, int]:
    """How many tokens of a prompt are read and how many are written at most, together at most `max_length`."""
    wanted = values_as(WritingOptions, brief.options).max_new_tokens
    written = max(1, min(wanted, brief.max_length // 2))
    return max(1, brief.max_length - written), written


def writing_elsewhere(model: Elsewhere, kind: type) -> dict[str, Any]:
    """How a model taught elsewhere writes, as its generation_config.json says, in the words of WritingOptions."""
    said = model.writing
    drawn = {"temperature": said.get("temperature", 1.0), "top_p": said.get("top_p")}
    always = {
        "max_new_tokens": said.get("max_new_tokens"),
        "repetition_penalty": said.get("repetition_penalty"),
    }
    return fitting(always | (drawn if said.get("do_sample") else {}), kind)


def writing_settings(brief: Brief) -> dict[str, Any]:
    """The settings of a GenerationConfig that the options stand for; what is None is as if it had never been said."""
    options = values_as(WritingOptions, brief.options)
    drawn = options.temperature > 0
    return {
        "max_length": None,
        "max_new_tokens": rooms(brief)[1],
        "repetition_penalty": options.repetition_penalty if options.repetition_penalty != 1.0 else None,
        "do_sample": drawn,
        "temperature": options.temperature if drawn else None,
        "top_p": options.top_p if drawn and options.top_p < 1 else None,
        # Else 50 by default, which nobody chose.
        "top_k": 0 if drawn else None,
    }


def set_writing(model: Any, tokenizer: Any, brief: Brief, *, stops: Sequence[int] = ()) -> None:
    """Put the run's way of writing into the model's generation_config, which is saved with it.

    It ends at the tokenizer's end mark, at those the model came with, and at `stops`.
    """
    config = model.generation_config
    known = config.eos_token_id
    known = known if isinstance(known, list) else [] if known is None else [known]
    ends = list(dict.fromkeys([tokenizer.eos_token_id, *stops, *known]))
    config.eos_token_id = ends if len(ends) > 1 else ends[0]
    config.pad_token_id = tokenizer.pad_token_id
    config._from_model_config = False
    for name, value in writing_settings(brief).items():
        setattr(config, name, value)


def write(model: Any, batch: dict[str, Any]) -> list[np.ndarray]:
    """The new token ids for each row of a left-padded batch, without padding and without the end mark.

    Drawing has a random state of its own, so that watching a model learn does not change what it learns.
    """
    import torch

    config = model.generation_config
    ends = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    was_training = model.training
    model.eval()
    with torch.random.fork_rng(devices=_cuda_devices(model)), torch.inference_mode():
        torch.manual_seed(0)
        found = model.generate(**batch)[:, batch["input_ids"].shape[1] :].cpu().numpy()
    model.train(was_training)
    return [row[: _first(np.isin(row, ends))] for row in found]


def _cuda_devices(model: Any) -> list[Any]:
    device = next(model.parameters()).device
    return [device] if device.type == "cuda" else []


def _first(mask: np.ndarray) -> int:
    places = np.flatnonzero(mask)
    return int(places[0]) if len(places) else len(mask)


def write_texts(model: Any, tokenizer: Any, batch: dict[str, Any]) -> list[tuple[str, int]]:
    """What is written for each row of a left-padded batch, as text without special tokens, and in how many tokens."""
    return [
        (tokenizer.decode(ids, skip_special_tokens=True).strip(), len(ids)) for ids in write(model, batch)
    ]


def written_frame(raw: Sequence[tuple[str, int]]) -> pd.DataFrame:
    """`predicted` and `tokens written` from what `write_texts` gave."""
    texts = pd.Series([text for text, _ in raw], dtype="str")
    return pd.DataFrame({"predicted": texts, "tokens written": [count for _, count in raw]})


def write_for(
    model: Any, tokenizer: Any, prompts: Sequence[Sequence[int]], *, at_once: int = 10
) -> list[str]:
    """What the model writes for prompts of token ids, a few at a time."""
    device = next(model.parameters()).device
    collate = causal_collator(tokenizer, training=False)
    texts: list[str] = []
    for start in range(0, len(prompts), at_once):
        batch = collate([{"input_ids": list(ids)} for ids in prompts[start : start + at_once]])
        on_device = {name: values.to(device) for name, values in batch.items()}
        texts += [text for text, _ in write_texts(model, tokenizer, on_device)]
    return texts


def prompt_features(prompts: Sequence[Sequence[int]], brief: Brief) -> "Features":
    """Prompts as features; of one that is too long the end is kept, for that is what is written on."""
    room = rooms(brief)[0]
    return {
        "input_ids": [list(ids)[-room:] for ids in prompts],
        "length": [min(len(ids), room) for ids in prompts],
        "truncated": [len(ids) > room for ids in prompts],
    }


def causal_collator(tokenizer: Any, *, training: bool) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    """Pads on the right to learn and on the left to write, with an attention mask; labels of padding are −100."""

    def collate(features: list[dict[str, Any]]) -> dict[str, Any]:
        import torch

        longest = max(len(feature["input_ids"]) for feature in features)
        # A multiple of 8 for the matrix units; what is written would begin after padding on the right.
        width = -(-longest // 8) * 8 if training else longest
        fill = {"input_ids": tokenizer.pad_token_id, "attention_mask": 0, "labels": -100}
        rows: dict[str, list[list[int]]] = {name: [] for name in fill if training or name != "labels"}
        for feature in features:
            ids = feature["input_ids"]
            values = {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": feature.get("labels")}
            for name in rows:
                padding = [fill[name]] * (width - len(ids))
                rows[name].append([*values[name], *padding] if training else [*padding, *values[name]])
        return {name: torch.tensor(values, dtype=torch.long) for name, values in rows.items()}

    return collate
