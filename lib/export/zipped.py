"""A zip file with the model and everything a colleague needs to use, check and repeat it."""

import hashlib
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import UserError
from lib.export.base import Export, Made, Step
from lib.export.papers import write_papers
from lib.export.place import placed, size_of
from lib.export.source import Source
from lib.export.staging import PIECE, base_is_local, needs_base, stage_model
from lib.option import option

# The earliest moment that zip files know: equal content gives equal bytes.
LONG_AGO = (1980, 1, 1, 0, 0, 0)
# Weights hardly shrink, and packing them takes longer than all the rest.
STORED = (".safetensors", ".png", ".jpg")
SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class ZipOptions:
    """What may be left out."""

    base: bool = option(
        True,
        title="With the base model",
        help="An adapter needs the model it lies on: with it the file is larger and loads anywhere, without it "
        "whoever gets the file must have that model. Whole models have none.",
        group="content",
    )


class Zipped(Export):
    """The model folder, its card and its papers, in one file with checksums."""

    name = "zip"
    title = "Zip file"
    summary = (
        "The model with tokenizer, card, scores, spec, environment and a script that predicts, in one file."
    )
    serves = "To hand the model to a colleague, or to keep it."
    icon = ":material/folder_zip:"
    makes = "file"
    suffix = ".zip"
    option_class = ZipOptions

    def refused(self, source: Source) -> str | None:
        """Only an adapter whose base model is neither here nor known to the Hub cannot go."""
        if source.is_adapter and source.base is None and base_is_local(source):
            return str(source.base_problems[0])
        return None

    def write(self, source: Source, to: Path, options: ZipOptions, step: Step) -> Made:
        """Stage the folder beside the file, sum it, pack it in a fixed order."""
        with_base = source.is_adapter and options.base
        if source.is_adapter and not with_base and base_is_local(source):
            raise UserError(needs_base())
        with placed(to) as work:
            staged = work.with_name(f"{work.name}-folder")
            shutil.rmtree(staged, ignore_errors=True)
            try:
                snippet = stage_model(
                    source,
                    staged,
                    with_base=with_base,
                    told=lambda share: step("copying the model", 0.3 * share),
                )
                step("writing its papers", 0.3)
                write_papers(source, staged, snippet=snippet)
                names = _sum_up(staged, step)
                _pack(staged, work, source.slug, step)
            finally:
                shutil.rmtree(staged, ignore_errors=True)
        return Made(to, bytes=size_of(to), facts=_facts(source, names, with_base, snippet))


def _facts(source: Source, names: list[str], with_base: bool, snippet: str) -> dict[str, Any]:
    notes = [f"Unpack it, go into {source.slug}/, then: pip install -r requirements.txt && python predict.py"]
    if source.is_adapter:
        notes.append("The base model is inside." if with_base else "It needs its base model from the Hub.")
    return {"files": names, "use": snippet, "notes": notes}


def _sum_up(folder: Path, step: Step) -> list[str]:
    """Write SHA256SUMS, as `sha256sum --check` reads it; returns the names of all files, in order."""
    names = sorted(str(path.relative_to(folder).as_posix()) for path in folder.rglob("*") if path.is_file())
    whole, done, lines = max(1, size_of(folder)), 0, []
    for name in names:
        digest = hashlib.sha256()
        with (folder / name).open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                done += len(piece)
                step("summing up", 0.35 + 0.25 * done / whole)
        lines.append(f"{digest.hexdigest()}  {name}\n")
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
    return sorted([*names, SUMS])


def _pack(folder: Path, to: Path, top: str, step: Step) -> None:
    """Pack the folder into the file under one folder of that name; names in order, no times, plain permissions."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    whole, done = max(1, size_of(folder)), 0
    with zipfile.ZipFile(to, "w", allowZip64=True) as archive:
        for path in paths:
            about = zipfile.ZipInfo(f"{top}/{path.relative_to(folder).as_posix()}", LONG_AGO)
            about.compress_type = zipfile.ZIP_STORED if path.suffix in STORED else zipfile.ZIP_DEFLATED
            about.external_attr = 0o644 << 16
            about.file_size = path.stat().st_size
            with path.open("rb") as reading, archive.open(about, "w") as writing:
                while piece := reading.read(PIECE):
                    writing.write(piece)
                    done += len(piece)
                    step("packing", 0.6 + 0.4 * done / whole)
