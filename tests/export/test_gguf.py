"""Models as GGUF: the file, read back by transformers, takes the tokens that the model takes."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from lib.export.gguf import LEAST_ALIKE, Gguf, GgufOptions
from lib.export.gguf_file import interleaved, reasons_against, write_gguf
from lib.export.gguf_words import cut_of, pre_tokenizer
from lib.export.source import open_source
from tests.export.conftest import Finished
from tests.models.tiny import tiny_checkpoint

LLAMA = {
    "model_type": "llama",
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e4},
    "max_position_embeddings": 128,
}
LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def field(reader: gguf.GGUFReader, name: str) -> Any:
    found = reader.get_field(name)
    assert found is not None, name
    return found.contents()


@pytest.mark.parametrize("precision", ["f16", pytest.param("q8_0", marks=pytest.mark.slow)])
def test_a_chat_adapter_is_merged_and_says_the_same(
    precision: str, finished: Finished, tmp_path: Path
) -> None:
    source = open_source(finished("chat", "lora"))
    assert Gguf().refused(source) is None
    made = Gguf().write(source, tmp_path / "model.gguf", GgufOptions(precision=precision), lambda *_: None)
    assert list(tmp_path.iterdir()) == [made.path] and made.path is not None
    checked = made.facts["checked"]
    assert checked["alike"] >= LEAST_ALIKE[precision] * checked["places"] > 0
    reader = gguf.GGUFReader(made.path)
    assert field(reader, "general.architecture") == "llama"
    assert "{%" in field(reader, "tokenizer.chat_template")
    kinds = {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}
    assert kinds["blk.0.attn_norm.weight"] == "F32"
    assert kinds["blk.0.ffn_up.weight"] == precision.upper()


@pytest.mark.parametrize("name", ["Llama", "SmolLM", "Mistral"])
def test_the_file_read_back_has_the_very_logits(name: str, tmp_path: Path) -> None:
    """In f16 and of weights that halves hold exactly, so that nothing but order and names can differ."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tmp_path / "model"
    tiny_checkpoint(name, folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    model = model.half().float().eval()
    if name == "Mistral":
        model.config.sliding_window = None
    tokenizer = AutoTokenizer.from_pretrained(folder)
    write_gguf(model, tokenizer, tmp_path / "model.gguf", precision="f16", name="tiny")
    again = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="model.gguf", dtype=torch.float32).eval()
    read = tokenizer("the tea was wonderful on a bright morning 12, 345", return_tensors="pt")
    with torch.no_grad():
        one, two = (each(input_ids=read["input_ids"]).logits for each in (model, again))
    assert torch.allclose(one, two, atol=1e-5)
    tokens = field(gguf.GGUFReader(tmp_path / "model.gguf"), "tokenizer.ggml.tokens")
    names = {number: token for token, number in tokenizer.get_vocab().items()}
    assert tokens[: len(names)] == [names[number] for number in range(len(names))]


def test_halves_of_each_head_are_taken_in_turn() -> None:
    rows = np.arange(8)[:, None]
    assert interleaved(rows, 1)[:, 0].tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
    assert interleaved(rows, 2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"model_type": "gpt2"}, "of the kind gpt2"),
        ({"rope_parameters": {"rope_type": "llama3"}}, "stretches its positions (llama3)"),
        ({"sliding_window": 64}, "sliding window"),
        ({"hidden_act": "gelu"}, "gelu"),
    ],
)
def test_what_cannot_be_written_is_refused_with_the_reason(config: dict[str, Any], words: str) -> None:
    assert reasons_against(LLAMA) is None
    why = reasons_against(LLAMA | config)
    assert why is not None and words in why


@pytest.mark.parametrize(
    ("cut", "name"),
    [
        ([{"type": "ByteLevel", "use_regex": True}], "gpt-2"),
        ([{"type": "Digits", "individual_digits": True}, {"type": "ByteLevel", "use_regex": True}], "smollm"),
        (
            [{"type": "Split", "pattern": {"Regex": LLAMA_3}}, {"type": "ByteLevel", "use_regex": False}],
            "llama-bpe",
        ),
        (
            [
                {"type": "Split", "pattern": {"Regex": LLAMA_3.replace("{1,3}", "")}},
                {"type": "ByteLevel", "use_regex": False},
            ],
            "qwen2",
        ),
        ([{"type": "Split", "pattern": {"Regex": "x"}}, {"type": "ByteLevel"}], None),
        ([{"type": "ByteLevel", "use_regex": True, "add_prefix_space": True}], None),
        ([{"type": "Metaspace"}], None),
    ],
)
def test_how_texts_are_cut_is_named_as_llama_cpp_names_it(
    cut: list[dict[str, Any]], name: str | None
) -> None:
    state = {"model": {"type": "BPE"}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": cut}}
    assert pre_tokenizer(state) == name


def test_a_model_that_does_not_write_is_refused(finished: Finished, tmp_path: Path) -> None:
    refused = Gguf().refused(open_source(finished("text-classification")))
    assert refused is not None and "ONNX" in refused
    assert cut_of(tmp_path) is None
