"""Models that start from nothing: planned without torch, then built from the user's own texts."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lib.errors import UserError
from lib.models.scratch import LEAST_TEXTS, SCRATCH, SCRATCH_REVISION, VOCABULARY, Scratch, build_scratch
from lib.models.sources import describe_folder, find_model
from lib.models.tokens import count_tokens
from tests.conftest import example_rows

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [text for text, _ in example_rows(60)] + ["Ünïcödé 🙂 and ΑΒΓ", "two\nlines\tand  spaces"]
each = pytest.mark.parametrize("scratch", SCRATCH, ids=lambda scratch: scratch.name)
each_text = pytest.mark.parametrize(
    "scratch", [s for s in SCRATCH if s.kind != "image"], ids=lambda s: s.name
)


def described(folder: Path) -> Any:
    return describe_folder(folder, ref="folder:x", title="x", origin="x")


@each
def test_it_is_planned_before_there_is_anything(home: Path, scratch: Scratch) -> None:
    info = find_model(f"scratch:{scratch.name}")
    assert info.is_scratch
    assert info.kind == scratch.kind
    assert info.revision == SCRATCH_REVISION
    assert info.max_length == (65 if scratch.kind == "image" else 512)
    assert info.has_chat_template is (scratch.kind == "causal")
    assert not info.folder.exists()
    assert {"model_type", "hidden_size", "num_hidden_layers", "num_attention_heads"} <= info.config.keys()
    with pytest.raises(FileNotFoundError):
        count_tokens(["a text"], info.ref)


def test_planning_needs_no_torch() -> None:
    code = (
        "import sys; from lib.models.sources import find_model, list_models; "
        "list_models(); find_model('scratch:t5-tiny').to_json(); "
        "sys.exit(bool({'torch', 'transformers', 'tokenizers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@each
def test_the_planned_size_is_that_of_a_model_with_a_full_vocabulary(scratch: Scratch, tmp_path: Path) -> None:
    # Words of random letters fill a vocabulary from few texts.
    import random

    dice = random.Random(0)
    words = ["".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=dice.randint(4, 9))) for _ in range(9_000)]
    texts = [" ".join(words[start : start + 100] * 2) for start in range(0, len(words), 100)]
    info = described(build_scratch(scratch.name, texts, tmp_path / "model"))
    assert info.parameters == scratch.parameters
    assert scratch.kind == "image" or info.config["vocab_size"] == VOCABULARY


@each
def test_what_is_built_is_what_was_planned(scratch: Scratch, tmp_path: Path) -> None:
    import transformers

    folder = build_scratch(scratch.name, TEXTS, tmp_path / "model")
    planned, info = find_model(f"scratch:{scratch.name}"), described(folder)
    assert (info.kind, info.max_length, info.has_chat_template) == (
        planned.kind,
        planned.max_length,
        planned.has_chat_template,
    )
    assert info.parameters is not None and info.parameters <= scratch.parameters
    config = transformers.AutoConfig.from_pretrained(folder)
    assert config.hidden_size == planned.config["hidden_size"]
    assert list(tmp_path.iterdir()) == [folder]
    auto = {
        "encoder": transformers.AutoModelForSequenceClassification,
        "seq2seq": transformers.AutoModelForSeq2SeqLM,
        "causal": transformers.AutoModelForCausalLM,
        "image": transformers.AutoModelForImageClassification,
    }[scratch.kind]
    assert auto.from_pretrained(folder).num_parameters() > 0


def test_the_same_texts_and_seed_give_the_same_files_in_another_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lib.models.scratch import SCRATCH, build_scratch; "
        "from tests.models.test_build_scratch import TEXTS; "
        "[build_scratch(s.name, TEXTS, Path(sys.argv[1], s.name), vocabulary=500) for s in SCRATCH]"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "there")], cwd=ROOT, check=True)
    for scratch in SCRATCH:
        here = build_scratch(scratch.name, TEXTS, tmp_path / "here", vocabulary=500)
        for path in here.iterdir():
            assert path.read_bytes() == (tmp_path / "there" / scratch.name / path.name).read_bytes(), path


@each
def test_another_seed_gives_other_weights(scratch: Scratch, tmp_path: Path) -> None:
    first, second = (
        build_scratch(scratch.name, TEXTS, tmp_path / str(seed), seed=seed, vocabulary=500) for seed in (0, 1)
    )
    weights, words = "model.safetensors", "tokenizer.json"
    assert (first / weights).read_bytes() != (second / weights).read_bytes()
    assert scratch.kind == "image" or (first / words).read_bytes() == (second / words).read_bytes()


@each_text
def test_its_tokenizer_loads_as_it_was_made_and_keeps_what_it_learned_from(
    scratch: Scratch, tmp_path: Path
) -> None:
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    folder = build_scratch(scratch.name, TEXTS, tmp_path / "model")
    loaded = AutoTokenizer.from_pretrained(folder)
    saved = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert loaded.model_max_length == 512
    assert loaded.pad_token_id is not None
    for text in TEXTS:
        ids = loaded(text)["input_ids"]
        assert ids == saved.encode(text).ids
        assert loaded.unk_token_id is None or loaded.unk_token_id not in ids
        back = loaded.decode(ids, skip_special_tokens=True)
        match scratch.kind:
            case "causal":
                assert back == text
            case "seq2seq":
                assert back == " ".join(text.split())
            case _:
                assert back.isascii() or "🙂" in back


def test_bert_is_uncased_with_marks_around_texts_and_pairs(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(build_scratch("bert-tiny", TEXTS, tmp_path / "model"))
    assert tokenizer("THE tea")["input_ids"] == tokenizer("the tea")["input_ids"]
    pair = tokenizer("the tea", "the song")
    tokens = tokenizer.convert_ids_to_tokens(pair["input_ids"])
    assert (tokens[0], tokens.count("[SEP]"), tokens[-1]) == ("[CLS]", 2, "[SEP]")
    assert set(pair["token_type_ids"]) == {0, 1}
    assert [tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.mask_token_id] == [0, 1, 4]


def test_t5_ends_texts_and_has_a_hundred_sentinels_at_the_end(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(build_scratch("t5-tiny", TEXTS, tmp_path / "model"))
    assert tokenizer("the tea")["input_ids"][-1] == tokenizer.eos_token_id == 1
    sentinels = tokenizer.convert_tokens_to_ids([f"<extra_id_{number}>" for number in range(100)])
    assert sentinels == list(range(len(tokenizer) - 1, len(tokenizer) - 101, -1))
    assert "<extra_id_0>" in tokenizer.convert_ids_to_tokens(tokenizer("a <extra_id_0> b")["input_ids"])


@pytest.mark.parametrize("name", ["llama-tiny", "gpt2-tiny"])
def test_a_chat_is_written_as_chatml_and_the_answers_are_marked(name: str, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(build_scratch(name, TEXTS, tmp_path / "model"))
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "the tea"},
        {"role": "assistant", "content": "was calm"},
    ]
    assert tokenizer.apply_chat_template(messages, tokenize=False) == (
        "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nthe tea<|im_end|>\n"
        "<|im_start|>assistant\nwas calm<|im_end|>\n"
    )
    asked = tokenizer.apply_chat_template(messages[:2], tokenize=False, add_generation_prompt=True)
    assert asked.endswith("<|im_end|>\n<|im_start|>assistant\n")
    encoded = tokenizer.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
    pairs = zip(encoded["input_ids"], encoded["assistant_masks"], strict=True)
    assert tokenizer.decode([token for token, said in pairs if said]) == "was calm<|im_end|>"
    assert tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.pad_token_id not in (tokenizer.eos_token_id, tokenizer.bos_token_id)


def test_the_vision_transformer_reads_pictures_of_its_size(tmp_path: Path) -> None:
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModel

    folder = build_scratch("vit-tiny", (), tmp_path / "model")
    pixels = AutoImageProcessor.from_pretrained(folder)(
        Image.new("RGB", (50, 200), (255, 0, 0)), return_tensors="pt"
    )
    assert pixels["pixel_values"].shape == (1, 3, 96, 96)
    assert (pixels["pixel_values"].min(), pixels["pixel_values"].max()) == (-1, 1)
    assert AutoModel.from_pretrained(folder)(**pixels).last_hidden_state.shape == (1, 65, 192)


@each_text
@pytest.mark.parametrize(
    ("texts", "said"),
    [([], "there is none"), (["", "  ", "one"], "there is 1"), (["a"] * (LEAST_TEXTS - 1), "there are 19")],
)
def test_too_few_texts_are_refused_in_a_sentence(
    scratch: Scratch, tmp_path: Path, texts: list[str], said: str
) -> None:
    with pytest.raises(UserError, match=f"at least {LEAST_TEXTS} texts to learn from, and {said}"):
        build_scratch(scratch.name, texts, tmp_path / "model")
    assert not (tmp_path / "model").exists()


@each_text
def test_texts_of_a_single_letter_are_enough_to_build(scratch: Scratch, tmp_path: Path) -> None:
    assert described(build_scratch(scratch.name, ["a"] * LEAST_TEXTS, tmp_path / "model")).parameters


def test_building_again_replaces_what_was_there_and_draws_no_random_numbers(tmp_path: Path) -> None:
    import torch

    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    build_scratch("bert-tiny", TEXTS, folder)
    assert torch.rand(1) == expected
    assert not (folder / "old.txt").exists()
