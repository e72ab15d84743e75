"""Models that start from nothing: an untrained network, and a tokenizer made from the user's own texts."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError
from lib.models.families import CAUSAL, ENCODER, IMAGE, SEQ2SEQ

# Part of what a run depends on: changed when the same name, texts and seed would give another model.
SCRATCH_REVISION = "scratch-1"
VOCABULARY = 8_000
LEAST_TEXTS = 20
# A vocabulary of a few thousand pieces is settled long before this much text.
MOST_CHARACTERS = 50_000_000
LONGEST = 512


@dataclass(frozen=True)
class Scratch:
    """A model that can be built; `config` is what a transformers configuration of `model_type` is made with.

    `parameters` counts its weights with a full vocabulary; with few texts the vocabulary, and so the model, is smaller.
    """

    name: str
    title: str
    summary: str
    kind: str
    parameters: int
    model_type: str
    config: Mapping[str, Any]

    def full_config(self) -> dict[str, Any]:
        """The configuration with a full vocabulary, for planning before anything is built."""
        words = {} if self.kind == IMAGE else {"vocab_size": VOCABULARY}
        return {"model_type": self.model_type, **self.config, **words}


SCRATCH: tuple[Scratch, ...] = (
    Scratch(
        name="bert-tiny",
        title="BERT tiny (untrained)",
        summary="An encoder that knows nothing yet: 2 layers, 128 wide. For seeing what pretraining is worth.",
        kind=ENCODER,
        parameters=1_511_360,
        model_type="bert",
        config={
            "hidden_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 512,
            "max_position_embeddings": LONGEST,
        },
    ),
    Scratch(
        name="bert-mini",
        title="BERT mini (untrained)",
        summary="An encoder that knows nothing yet: 4 layers, 256 wide. For pretraining on texts of your own.",
        kind=ENCODER,
        parameters=5_413_440,
        model_type="bert",
        config={
            "hidden_size": 256,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "intermediate_size": 1_024,
            "max_position_embeddings": LONGEST,
        },
    ),
    Scratch(
        name="t5-tiny",
        title="T5 tiny (untrained)",
        summary="Reads one text and writes another: 2 + 2 layers, 128 wide. Learns simple, regular rewriting.",
        kind=SEQ2SEQ,
        parameters=1_943_296,
        model_type="t5",
        config={
            "hidden_size": 128,
            "num_hidden_layers": 2,
            "num_decoder_layers": 2,
            "num_attention_heads": 4,
            "d_kv": 32,
            "d_ff": 512,
            "n_positions": LONGEST,
            "decoder_start_token_id": 0,
        },
    ),
    Scratch(
        name="llama-tiny",
        title="Llama tiny (untrained)",
        summary="Writes on from a beginning: 4 layers, 256 wide. Learns the look of your texts, hardly their sense.",
        kind=CAUSAL,
        parameters=5_212_416,
        model_type="llama",
        config={
            "hidden_size": 256,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "intermediate_size": 688,
            "max_position_embeddings": LONGEST,
            "tie_word_embeddings": True,
        },
    ),
    Scratch(
        name="gpt2-tiny",
        title="GPT-2 tiny (untrained)",
        summary="The older shape of a language model: 4 layers, 256 wide. For comparing with Llama tiny.",
        kind=CAUSAL,
        parameters=5_338_624,
        model_type="gpt2",
        config={
            "hidden_size": 256,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "max_position_embeddings": LONGEST,
        },
    ),
    Scratch(
        name="vit-tiny",
        title="ViT tiny (untrained)",
        summary="A vision transformer that has seen nothing yet: 6 layers, 192 wide, pictures of 96 by 96 pixels.",
        kind=IMAGE,
        parameters=2_802_432,
        model_type="vit",
        config={
            "hidden_size": 192,
            "num_hidden_layers": 6,
            "num_attention_heads": 3,
            "intermediate_size": 768,
            "image_size": 96,
            "patch_size": 12,
        },
    ),
)


def build_scratch(
    name: str, texts: Iterable[str], folder: Path, *, seed: int = 0, vocabulary: int = VOCABULARY
) -> Path:
    """Build the model of that name in `folder`, which appears whole or not at all; returns the folder.

    The tokenizer learns at most `vocabulary` pieces from `texts`: those of the training rows, all that the model reads
    or writes, in any order. An image model reads none of them. The same texts, in the same order, and the same seed
    give the same files. Raises KeyError for an unknown name, and UserError when the texts are too few.
    """
    from lib.models import scratch_tokenizers

    scratch = {scratch.name: scratch for scratch in SCRATCH}[name]
    work = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    config = dict(scratch.config)
    if scratch.kind == IMAGE:
        scratch_tokenizers.save_image_settings(work, side=int(config["image_size"]))
    else:
        train = {
            ENCODER: scratch_tokenizers.train_wordpiece,
            SEQ2SEQ: scratch_tokenizers.train_unigram,
            CAUSAL: scratch_tokenizers.train_bytes,
        }[scratch.kind]
        tokenizer = train(_enough(texts), vocabulary, longest=LONGEST)
        tokenizer.save_pretrained(work)
        config["vocab_size"] = len(tokenizer)
        for special in ("pad", "bos", "eos"):
            if (number := getattr(tokenizer, f"{special}_token_id")) is not None:
                config[f"{special}_token_id"] = number
    _save_untrained(scratch, config, work, seed=seed)
    shutil.rmtree(folder, ignore_errors=True)
    return work.replace(folder)


def _enough(texts: Iterable[str]) -> list[str]:
    """The texts that are not blank, up to what a tokenizer needs. Raises UserError when they are too few."""
    found = list(_first_characters((text for text in texts if text and not text.isspace()), MOST_CHARACTERS))
    if len(found) < LEAST_TEXTS:
        have = f"there {'is' if len(found) == 1 else 'are'} {len(found)}" if found else "there is none"
        raise UserError(
            Problem(
                f"A tokenizer of your own needs at least {LEAST_TEXTS} texts to learn from, and {have}.",
                where="model",
                fix="Bring more rows, or start from a trained model.",
                code="too-few-texts",
            )
        )
    return found


def _first_characters(texts: Iterable[str], most: int) -> Iterator[str]:
    total = 0
    for text in texts:
        yield text[: most - total]
        total += len(text)
        if total >= most:
            return


def _save_untrained(scratch: Scratch, config: Mapping[str, Any], folder: Path, *, seed: int) -> None:
    import torch
    from transformers import (
        AutoConfig,
        AutoModel,
        AutoModelForCausalLM,
        AutoModelForMaskedLM,
        AutoModelForSeq2SeqLM,
    )

    auto = {
        ENCODER: AutoModelForMaskedLM,
        SEQ2SEQ: AutoModelForSeq2SeqLM,
        CAUSAL: AutoModelForCausalLM,
        IMAGE: AutoModel,
    }[scratch.kind]
    # What follows in this process draws the numbers that it would have drawn anyway.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = auto.from_config(AutoConfig.for_model(scratch.model_type, **config), dtype=torch.float32)
    model.save_pretrained(folder)
