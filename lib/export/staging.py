"""The model folder made ready to travel: it loads by its own path alone, and the paths of this machine are gone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError
from lib.export.source import Source
from lib.models.adapter_usage import usage_of
from lib.runs.files import read_json, write_json

# Copied in pieces of this size, so that a stop is heeded within a large file.
PIECE = 16 * 1024 * 1024
BASE = "base"
# Of the base model only what from_pretrained reads; a starter's folder may hold more.
NOT_OF_A_MODEL = ("README.md", "LICENSE", "LICENSE.txt", ".gitattributes")


def stage_model(source: Source, folder: Path, *, with_base: bool, told: Callable[[float], None]) -> str:
    """Fill `folder`, which does not exist yet, with the run's model; returns the snippet that uses it from inside.

    `with_base` puts the base model of an adapter into `base/`, and the adapter's files then name it there. `told`
    hears which share of the bytes is there. Raises UserError when the base model is wanted and gone.
    """
    folder.mkdir(parents=True)
    inside = source.is_adapter and with_base
    if inside and source.base is None:
        raise UserError(*source.base_problems)
    files = [(path, folder / path.relative_to(source.model)) for path in _files(source.model)]
    if inside and source.base is not None:
        of_base = [path for path in _files(source.base) if path.name not in NOT_OF_A_MODEL]
        files += [(path, folder / BASE / path.relative_to(source.base)) for path in of_base]
    whole, done = max(1, sum(path.stat().st_size for path, _ in files)), 0
    for path, to in files:
        to.parent.mkdir(parents=True, exist_ok=True)
        done = _copy(path, to, done, lambda bytes_there: told(bytes_there / whole))
    snippet = source.task.usage(".", source.brief)
    before = usage_of(folder, snippet)
    if inside:
        name_base(folder, BASE)
    after = usage_of(folder, snippet)
    if after != before:
        _replace_in_card(folder, before, after)
    return after


def name_base(folder: Path, name: str, *, revision: str | None = None) -> None:
    """Let an adapter's files say that its base model is `name`: a folder below it, or a model of a hub."""
    settings = read_json(folder / "adapter_config.json", {})
    write_json(
        folder / "adapter_config.json", settings | {"base_model_name_or_path": name, "revision": revision}
    )
    about = read_json(folder / "atelier.json", {})
    below = name if (folder / name).is_dir() else None
    about["base"] = about.get("base", {}) | {"folder": below, "revision": revision}
    write_json(folder / "atelier.json", about)


def base_is_local(source: Source) -> bool:
    """Whether the adapter's base model is known by a path of this machine, so that no one else can find it."""
    settings: Any = json.loads((source.model / "adapter_config.json").read_text(encoding="utf-8"))
    return Path(str(settings["base_model_name_or_path"])).is_absolute()


def needs_base() -> Problem:
    """That an adapter cannot go without its base model."""
    return Problem(
        "The adapter's base model lies on this machine only, so nobody else could load the adapter without it.",
        "export.base",
        "Take the base model along, or export it merged.",
        code="export-needs-base",
    )


def _files(folder: Path) -> list[Path]:
    """The files of a model folder in a fixed order; caches of the Hub hold links, which are followed."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _copy(path: Path, to: Path, done: int, told: Callable[[int], None]) -> int:
    with path.open("rb") as reading, to.open("wb") as writing:
        while piece := reading.read(PIECE):
            writing.write(piece)
            done += len(piece)
            told(done)
    return done


def _replace_in_card(folder: Path, before: str, after: str) -> None:
    card = folder / "README.md"
    if card.is_file():
        text = card.read_text(encoding="utf-8")
        card.write_text(text.replace(before.strip(), after.strip()), encoding="utf-8")
