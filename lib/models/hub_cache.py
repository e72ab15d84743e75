"""The folder where models of the Hub are kept, laid out as every tool of the Hub lays it out."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from lib.models.hub_token import hub_home

COMMIT = re.compile(r"[0-9a-f]{40}")
_WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors")
_INDEX = "model.safetensors.index.json"
# One of these makes texts or pictures readable for the model.
_READERS = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
    "spm.model",
    "sentencepiece.bpe.model",
    "preprocessor_config.json",
    "processor_config.json",
)


def cache_folder() -> Path:
    """HF_HUB_CACHE, or `hub` in HF_HOME."""
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    return Path(os.path.expandvars(named)).expanduser() if named else hub_home() / "hub"


def model_folder(name: str) -> Path:
    """Everything of one model: its blobs, its snapshots and which revision is which commit."""
    return cache_folder() / f"models--{name.replace('/', '--')}"


def snapshot_folder(name: str, sha: str) -> Path:
    """The files of one commit."""
    return model_folder(name) / "snapshots" / sha


def weights_named(names: Iterator[str] | list[str] | tuple[str, ...]) -> list[str]:
    """Which of the files are the weights that transformers loads: one file, or else the parts of one."""
    found = [name for name in names if _WEIGHTS.fullmatch(name)]
    return ["model.safetensors"] if "model.safetensors" in found else found


def is_whole(folder: Path) -> bool:
    """Whether a snapshot holds all that training needs, as far as its own files can tell."""
    if not (folder / "config.json").is_file() or not any((folder / name).is_file() for name in _READERS):
        return False
    if (folder / "model.safetensors").is_file():
        return True
    try:
        parts = set(json.loads((folder / _INDEX).read_text(encoding="utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return bool(parts) and all((folder / str(part)).is_file() for part in parts)


def known_commit(name: str, revision: str) -> str | None:
    """The commit that a branch, tag or (shortened) commit meant when the Hub was last asked; None when unknown."""
    if COMMIT.fullmatch(revision):
        return revision
    try:
        text = (model_folder(name) / "refs" / revision).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if COMMIT.fullmatch(text):
        return text
    if re.fullmatch(r"[0-9a-f]{7,39}", revision):
        snapshots = model_folder(name) / "snapshots"
        found = [path.name for path in snapshots.glob(f"{revision}*") if COMMIT.fullmatch(path.name)]
        return found[0] if len(found) == 1 else None
    return None


def remember_commit(name: str, revision: str, sha: str) -> None:
    """Note which commit a revision is, for the time without a network."""
    if revision == sha:
        return
    path = model_folder(name) / "refs" / revision
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_text(sha, encoding="utf-8")
    fresh.replace(path)


def whole_models() -> list[tuple[str, str]]:
    """Name and commit of every model that lies here whole: of several commits the one called main, or the newest."""
    found = []
    for folder in sorted(cache_folder().glob("models--*")):
        name = folder.name.removeprefix("models--").replace("--", "/")
        snapshots = [
            path
            for path in (folder / "snapshots").glob("*")
            if COMMIT.fullmatch(path.name) and is_whole(path)
        ]
        if not snapshots:
            continue
        main = known_commit(name, "main")
        newest = max(snapshots, key=lambda path: (path.name == main, path.stat().st_mtime))
        found.append((name, newest.name))
    return found


def stated_licence(folder: Path) -> str:
    """The licence at the head of a snapshot's README.md, or "not stated"."""
    try:
        text = (folder / "README.md").read_text(encoding="utf-8", errors="replace")[:20_000]
    except OSError:
        return "not stated"
    head = re.match(r"---\s*\n(.*?)\n---", text, re.DOTALL)
    found = re.search(r"^license:\s*[\"']?([\w.-]+)", head.group(1) if head else "", re.MULTILINE)
    return found.group(1) if found else "not stated"
