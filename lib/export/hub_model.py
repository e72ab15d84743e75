"""What of a finished run goes to the Hub: the model's files, whole or as an adapter, with nothing of this machine."""

import json
import shutil
from pathlib import Path
from typing import Any, Literal

from lib.cards.facts import portable
from lib.cards.wish import CardWish
from lib.errors import Problem, UserError
from lib.export.base import Step
from lib.export.hub_files import Content
from lib.export.source import Source
from lib.export.source_card import card_of
from lib.export.staging import base_is_local

Weights = Literal["auto", "adapter", "merged"]
WEIGHTS: tuple[Weights, ...] = ("auto", "adapter", "merged")


def goes_as_adapter(source: Source, weights: Weights) -> bool:
    """Whether the model goes as an adapter. Raises UserError when what is wished for cannot be."""
    if not source.is_adapter:
        return False
    local = base_is_local(source)
    if weights == "adapter" and local:
        what = "The adapter's base model lies on this machine only, so nobody else could load the adapter."
        raise UserError(Problem(what, "export.weights", "Publish it merged.", code="export-needs-base"))
    if weights == "adapter" or (weights == "auto" and not local):
        return True
    if source.base is None:
        raise UserError(*source.base_problems)
    return False


def model_files(
    source: Source, *, place: str, as_adapter: bool, wish: CardWish, work: Path, step: Step
) -> dict[str, Content]:
    """The files by name: `place` is the name on the Hub, `work` an empty folder for what must be made first."""
    folder = source.model
    if source.is_adapter and not as_adapter:
        folder = merged_into(source, work / "merged", step)
    files: dict[str, Content] = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    files = {name: path for name, path in files.items() if name not in NOT_OF_A_MODEL}
    files["atelier.json"] = json.dumps(
        public_about(source, as_adapter), indent=1, ensure_ascii=False
    ).encode()
    files["README.md"] = card_of(source, place=place, is_adapter=as_adapter, wish=wish).encode()
    return files


# Papers of exports to folders; on the Hub the card holds what they say.
NOT_OF_A_MODEL = (
    "predict.py", "spec.yaml", "data.json", "scores.json", "calibration.json", "requirements.txt", "environment.txt",
    "LICENCE-NOTE.md",
)  # fmt: skip


def public_about(source: Source, as_adapter: bool) -> dict[str, Any]:
    """What atelier.json says of the model, without a path of this machine."""
    about = dict(source.about)
    method = dict(about.get("method") or {})
    if isinstance(method.get("teacher"), str):
        method["teacher"] = portable(method["teacher"])
    about["method"] = method
    if not as_adapter:
        about.pop("base", None)
    return about


def merged_into(source: Source, folder: Path, step: Step) -> Path:
    """The adapter added into its base model, in fp32 as it was trained. Raises UserError when there is no room."""
    from lib.export.merged import Merged, MergedOptions

    assert source.base is not None
    # In 32 bits, from weights that may lie there in 16; twice as many bytes are enough in any case.
    needed = 2 * sum(path.stat().st_size for path in source.base.glob("*.safetensors"))
    free = shutil.disk_usage(source.run.path).free
    if free < needed:
        raise UserError(
            Problem(
                f"Merging takes up to {needed / 1e9:.1f} GB for a while, and {free / 1e9:.1f} GB are free.",
                str(source.run.path),
                "Free some space, or publish the adapter.",
                code="disk-full",
            )
        )
    Merged().write(
        source, folder, MergedOptions(weights="float32"), lambda words, share: step(words, 0.3 * share)
    )
    return folder
