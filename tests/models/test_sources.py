"""Where a model comes from, and what is said when it does not come."""

import json
from pathlib import Path

import pytest

from lib.errors import UserError
from lib.models.scratch import SCRATCH
from lib.models.sources import describe_folder, find_model, list_models
from lib.models.starters import STARTERS
from lib.models.tokens import count_tokens
from lib.settings import get_settings


def test_the_starter_is_described_without_loading_it() -> None:
    info = find_model("starter:minilm-l6")
    assert info.parameters == pytest.approx(22.7e6, rel=0.01)
    assert info.size_mb == pytest.approx(90.9, abs=0.1)
    assert info.max_length == 512
    assert info.licence == "Apache-2.0"
    assert info.kind == "encoder"
    assert not info.has_chat_template
    assert info.revision.startswith("sha256:")


BAD_REFS = [
    "minilm-l6",
    "scratch:",
    "scratch:gpt-9",
    "starter:",
    "starter:gpt-9",
    "run:../../etc",
    "run:none",
    "pickle:model",
    "",
]


@pytest.mark.parametrize("ref", BAD_REFS)
def test_an_unknown_reference_is_answered_with_what_can_be_written(home: Path, ref: str) -> None:
    with pytest.raises(
        UserError, match=r"starter:minilm-l6, .*scratch:vit-tiny, hub:ORG/NAME, folder:PATH or run:RUN"
    ):
        find_model(ref)


def test_a_folder_without_weights_is_refused_and_pickles_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(UserError, match="pickled weights are never loaded"):
        find_model(f"folder:{tmp_path}")


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 64, (99).to_bytes(8, "little") + b"{not json"])
def test_a_damaged_weights_file_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(UserError, match="cannot be read"):
        find_model(f"folder:{tmp_path}")


def test_folders_in_atelier_models_are_offered(
    home: Path, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "tiny").symlink_to(tiny_encoder)
    (shelf / "not-a-model").mkdir()
    monkeypatch.setenv("ATELIER_MODELS", str(shelf))
    get_settings.cache_clear()
    found = [model.ref.rpartition("/")[2] for model in list_models()]
    installed = [f"starter:{starter.name}" for starter in STARTERS if starter.is_installed()]
    assert found == [*installed, "tiny", *(f"scratch:{scratch.name}" for scratch in SCRATCH)]


def test_a_changed_model_has_another_revision(tiny_encoder: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(tiny_encoder, copy)
    before = find_model(f"folder:{copy}").revision
    assert before == find_model(f"folder:{tiny_encoder}").revision
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    assert find_model(f"folder:{copy}").revision != before


def test_a_model_with_other_weights_of_the_same_shapes_has_another_revision(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    import shutil

    from safetensors.numpy import load_file, save_file

    copy = tmp_path / "copy"
    shutil.copytree(tiny_encoder, copy)
    weights = load_file(copy / "model.safetensors")
    save_file(
        {name: array + 1 for name, array in weights.items()}, copy / "model.safetensors", {"format": "pt"}
    )
    assert find_model(f"folder:{copy}").revision != find_model(f"folder:{tiny_encoder}").revision


def test_tokens_are_counted_as_transformers_counts_them() -> None:
    from transformers import AutoTokenizer

    texts = ["A short one.", "", "Ünïcödé 🙂 привет", "word " * 700]
    tokenizer = AutoTokenizer.from_pretrained(find_model("starter:minilm-l6").folder)
    expected = [len(tokenizer(text, truncation=False, verbose=False)["input_ids"]) for text in texts]
    assert count_tokens(texts) == expected


@pytest.mark.parametrize("name", ["spiece.model", "chat_template.jinja", "preprocessor_config.json"])
def test_a_file_that_changes_what_a_model_reads_changes_its_revision(
    tiny_encoder: Path, tmp_path: Path, name: str
) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(tiny_encoder, copy)
    before = find_model(f"folder:{copy}").revision
    (copy / name).write_text("{}")
    assert find_model(f"folder:{copy}").revision != before


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("chat_template.jinja", "{{ messages }}", True),
        ("tokenizer_config.json", json.dumps({"chat_template": "{{ messages }}"}), True),
        ("tokenizer_config.json", json.dumps({"chat_template": None}), False),
        ("README.md", "chat_template", False),
    ],
)
def test_a_chat_template_is_found_wherever_it_is_kept(
    tiny_encoder: Path, tmp_path: Path, name: str, content: str, expected: bool
) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(tiny_encoder, copy)
    (copy / name).write_text(content)
    assert find_model(f"folder:{copy}").has_chat_template is expected


@pytest.mark.parametrize("nested", [False, True])
def test_the_tokens_of_a_picture_follow_the_file_of_its_processor(tmp_path: Path, nested: bool) -> None:
    from safetensors.numpy import save_file

    images = {"size": {"height": 64, "width": 64}}
    (tmp_path / "config.json").write_text(
        json.dumps({"model_type": "vit", "image_size": 224, "patch_size": 16})
    )
    name = "processor_config.json" if nested else "preprocessor_config.json"
    (tmp_path / name).write_text(json.dumps({"image_processor": images} if nested else images))
    save_file({}, tmp_path / "model.safetensors")
    info = describe_folder(tmp_path, ref="folder:x", title="x", origin="x")
    assert (info.kind, info.max_length) == ("image", 17)
