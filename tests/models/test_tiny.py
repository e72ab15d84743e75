"""Every architecture that should train has a tiny checkpoint that loads, reads and answers."""

from pathlib import Path
from typing import Any

import pytest

from lib.models.sources import describe_folder
from tests.models.tiny import ARCHITECTURES, IMAGE_SIDE, SENTENCES, tiny_checkpoint


def _load(kind: str, folder: Path) -> tuple[Any, Any]:
    import transformers

    name = {
        "encoder": "AutoModelForMaskedLM",
        "seq2seq": "AutoModelForSeq2SeqLM",
        "causal": "AutoModelForCausalLM",
        "image": "AutoModelForImageClassification",
    }[kind]
    reader = transformers.AutoImageProcessor if kind == "image" else transformers.AutoTokenizer
    return reader.from_pretrained(folder), getattr(transformers, name).from_pretrained(folder).eval()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_tiny_checkpoint_loads_reads_and_answers(architecture: str, tmp_path: Path) -> None:
    import torch
    from PIL import Image

    folder = tiny_checkpoint(architecture, tmp_path / "model")
    kind = ARCHITECTURES[architecture]
    info = describe_folder(folder, ref="folder:x", title="x", origin="x")
    assert info.kind == kind
    assert info.parameters is not None and info.parameters < 500_000
    reader, model = _load(kind, folder)
    assert isinstance(model.config.model_type, str)
    with torch.no_grad():
        if kind == "image":
            inputs = reader(Image.new("RGB", (50, 40), (200, 30, 30)), return_tensors="pt")
            assert inputs["pixel_values"].shape == (1, 3, IMAGE_SIDE, IMAGE_SIDE)
            logits = model(**inputs).logits
            assert logits.shape == (1, model.config.num_labels)
        else:
            inputs = reader(list(SENTENCES[:2]), padding=True, return_tensors="pt")
            extra = {"labels": inputs["input_ids"]} if kind == "seq2seq" else {}
            logits = model(**inputs, **extra).logits
            assert logits.shape == (*inputs["input_ids"].shape, model.config.vocab_size)
    assert torch.isfinite(logits).all()


TEXT = [name for name, kind in ARCHITECTURES.items() if kind != "image"]


@pytest.mark.parametrize("architecture", TEXT)
def test_its_tokenizer_is_the_one_that_was_saved_and_loses_no_text(architecture: str, tmp_path: Path) -> None:
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    folder = tiny_checkpoint(architecture, tmp_path / "model")
    loaded = AutoTokenizer.from_pretrained(folder)
    assert loaded.pad_token_id is not None
    # The library that trained it, asked without the class that transformers chooses for the architecture.
    saved = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text in (*SENTENCES, "a new text: zebra 99"):
        assert loaded(text)["input_ids"] == saved.encode(text).ids
    plain = SENTENCES[0]
    assert loaded.decode(loaded(plain)["input_ids"], skip_special_tokens=True) == plain


@pytest.mark.parametrize("architecture", [name for name in TEXT if ARCHITECTURES[name] != "encoder"])
def test_a_writing_one_generates(architecture: str, tmp_path: Path) -> None:
    reader, model = _load(ARCHITECTURES[architecture], tiny_checkpoint(architecture, tmp_path / "model"))
    inputs = reader(SENTENCES[0], return_tensors="pt", return_token_type_ids=False)
    made = model.generate(**inputs, max_new_tokens=3, min_new_tokens=3, do_sample=False)
    assert made.shape[1] > 3
