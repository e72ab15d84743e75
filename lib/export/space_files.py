"""A demo as a Space wants it: its program, what it needs, a head that the Hub reads, and the model or its name."""

import json
from importlib.metadata import version
from pathlib import Path

from lib.cards.card import front_matter
from lib.cards.licences import licence_metadata
from lib.cards.lineage import lineage_of
from lib.cards.plain import plain
from lib.export.base import Step
from lib.export.hub_files import Content
from lib.export.hub_model import merged_into, public_about
from lib.export.source import Source
from lib.export.space_app import app_code

# The newest that this code was written for; Spaces install what README.md and requirements.txt name.
GRADIO = "6.31.0"
INSIDE = "model"


def space_files(
    source: Source, *, named: str, title: str, licence: str, work: Path, step: Step
) -> dict[str, Content]:
    """The files by name. `named` is the model on the Hub that the demo loads; "" puts it inside, adapters merged."""
    title = " ".join((title or source.name).split())
    files: dict[str, Content] = {
        "app.py": app_code(source.task, source.brief, model=named or INSIDE, title=title).encode(),
        "requirements.txt": _requirements(source, named).encode(),
        "README.md": space_card(source, named=named, title=title, licence=licence).encode(),
    }
    if named:
        return files
    folder = merged_into(source, work / "merged", step) if source.is_adapter else source.model
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and path.suffix in _OF_A_MODEL:
            files[f"{INSIDE}/{path.relative_to(folder).as_posix()}"] = path
    about = json.dumps(public_about(source, False), indent=1, ensure_ascii=False)
    files[f"{INSIDE}/atelier.json"] = about.encode()
    return files


_OF_A_MODEL = (".json", ".safetensors", ".model", ".txt", ".jinja", ".spm")


def space_card(source: Source, *, named: str, title: str, licence: str) -> str:
    """README.md of the Space; its head is what the Hub needs to run it."""
    head = {
        "title": title[:60],
        "emoji": "🎨",
        "colorFrom": "gray",
        "colorTo": "indigo",
        "sdk": "gradio",
        "sdk_version": GRADIO,
        "app_file": "app.py",
        "pinned": False,
        **licence_metadata(licence or lineage_of(source.spec).licence),
        **({"models": [named]} if named else {}),
        "short_description": source.task.title[:60],
    }
    goal = source.task.sentence(source.brief.target)
    return "\n".join(
        [
            *front_matter(head),
            f"# {plain(title)}",
            "",
            f"A demo of a model that was trained with Atelier to {plain(goal)}. Run it here with "
            "`pip install -r requirements.txt && python app.py`.",
            "",
            "What it says can be wrong. Its scores are on the model's card.",
            "",
        ]
    )


def _requirements(source: Source, named: str) -> str:
    packages = ["torch", "transformers", *(["peft"] if named and source.is_adapter else [])]
    extra = ["pillow"] if source.task.model_kind == "image" else ["sentencepiece"]
    lines = [f"{name}=={version(name)}" for name in packages]
    return "\n".join([*lines, f"gradio=={GRADIO}", *extra]) + "\n"
