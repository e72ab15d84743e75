"""A Hub of tiny models on loopback, with a cache of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.models import hub as hub_module
from tests.models.hub_server import HubServer, Repo
from tests.models.tiny import tiny_checkpoint

NAME = "test/tiny-bert"


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT with a card, and beside its weights files that must never be downloaded."""
    folder = tiny_checkpoint("BERT", tmp_path_factory.mktemp("hub") / "tiny-bert")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Tiny BERT\n")
    for name in ("pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "rust_model.ot", "optimizer.pt"):
        (folder / name).write_bytes(b"pickled")
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.safetensors").write_bytes(b"another copy")
    return folder


@pytest.fixture
def served(tiny_bert: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(tiny_bert, tmp_path / "served"))


@pytest.fixture
def hub_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty HF_HOME, with the network allowed and no token of the machine's own."""
    for name in (
        "HF_TOKEN",
        "HUGGING_FACE_HUB_TOKEN",
        "HF_HUB_CACHE",
        "HUGGINGFACE_HUB_CACHE",
        "HF_TOKEN_PATH",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    hub_module._known.clear()
    return tmp_path / "hf"


@pytest.fixture
def hub(served: Path, hub_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """The Hub, with test/tiny-bert on it."""
    with HubServer() as server:
        server.repos[NAME] = Repo(served)
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server
