"""A script that repeats the run in plain transformers: the same rows, the same order, the same scores."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lib.data.split import row_ids
from lib.errors import Problem, UserError
from lib.export.base import Export, Made, Step
from lib.export.composing import composed
from lib.export.environment import lock, packages_for, requirements
from lib.export.place import placed, size_of
from lib.export.script_settings import KINDS, is_on_hub, run_settings
from lib.export.source import Source
from lib.export.staging import copy_folder
from lib.inference.untuned import untuned_folder
from lib.option import option
from lib.plan.run_rows import PARTS, Rows, load_rows
from lib.runs.files import write_json

# On one machine the scores agree to the last digits (tested); for other hardware this is a guess.
TOLERANCE = 0.02


@dataclass(frozen=True)
class ScriptOptions:
    """What lies beside the script."""

    base: bool = option(
        False,
        title="With the base model",
        help="Puts a base model of the Hub beside the script, so that it runs without a network. One that is on this "
        "machine only always goes along.",
        group="content",
    )


class Script(Export):
    """train.py with its rows, settings and requirements."""

    name = "script"
    title = "Training script"
    summary = "A train.py in plain transformers, with its rows, that repeats the run and compares the scores."
    serves = "To show how it was made, or to go on in code."
    icon = ":material/code:"
    makes = "folder"
    option_class = ScriptOptions

    def refused(self, source: Source) -> str | None:
        """Runs that teach a whole model one of the tasks that a plain script can repeat, from beginning to end."""
        spec = source.spec
        if spec.task not in KINDS:
            named = ", ".join(KINDS)
            return f"A plain script can repeat these tasks so far: {named}. Take the zip file with its spec instead."
        if spec.method["name"] != "full":
            return "The script teaches the whole model, and this run did not. Take the zip file with its spec instead."
        if spec.search:
            return "The options came from a search. Train once more with them as they were found, and export that run."
        if source.run.state().state == "stopped":
            return "The run was stopped before its end, and a script would go on to it. Resume the run first."
        if "," in (spec.device or ""):
            return "The run used several devices at once; the script uses one. Take the zip file with its spec instead."
        if not is_on_hub(spec) and untuned_folder(source.run) is None:
            return "The base model is no longer where the run found it. Bring it back, then export again."
        return None

    def asked(self, source: Source) -> tuple[str, ...]:
        """A base model that is on this machine only goes along without a question."""
        return super().asked(source) if is_on_hub(source.spec) else ()

    def write(self, source: Source, to: Path, options: ScriptOptions, step: Step) -> Made:
        """Read the rows as the run had them, write them beside the script, copy the base model."""
        step("reading the rows", 0.0)
        rows = load_rows(source.spec, source.task)
        with placed(to) as work:
            (work / "data").mkdir(parents=True)
            for number, part in enumerate(PARTS):
                step(f"writing {len(rows.frames[part]):,} {part} rows", 0.1 + 0.1 * number)
                _write_rows(source, rows, part, work)
            base = untuned_folder(source.run)
            pointed = is_on_hub(source.spec) and not options.base
            if not pointed:
                if base is None:
                    raise UserError(_no_base())
                copy_folder(
                    base, work / "base", lambda share: step("copying the base model", 0.4 + 0.5 * share)
                )
            settings = run_settings(source, rows, base=None if pointed else "base")
            write_json(work / "run.json", settings)
            step("writing the script", 0.95)
            kind = KINDS[source.spec.task]
            (work / "train.py").write_text(composed(kind.parts, heading=_heading(source)), encoding="utf-8")
            names = (*packages_for(source, is_adapter=False), "accelerate", "numpy", *kind.packages)
            (work / "requirements.txt").write_text(requirements(names), encoding="utf-8")
            (work / "environment.txt").write_text(lock(names), encoding="utf-8")
            shutil.copyfile(source.run.path / "spec.yaml", work / "spec.yaml")
            (work / "README.md").write_text(_readme(source, rows), encoding="utf-8")
        notes = [
            "Go into the folder, then: pip install -r requirements.txt && python train.py",
            f"It prints its scores beside the run's: the same on this machine, within about {TOLERANCE} elsewhere.",
        ]
        return Made(to, bytes=size_of(to), facts={"rows": rows.count(), "notes": notes})


def _write_rows(source: Source, rows: Rows, part: str, folder: Path) -> None:
    """data/PART.jsonl, one row a line with its stable id; pictures go to data/images/."""
    frame = rows.frames[part]
    path = folder / "data" / f"{part}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for identity, row in zip(row_ids(frame), _plain_rows(source, frame, folder), strict=True):
            file.write(json.dumps({"id": identity, **row}) + "\n")


def _plain_rows(source: Source, frame: pd.DataFrame, folder: Path) -> Iterator[dict[str, Any]]:
    """The rows under the names that the script knows."""
    columns = source.brief.columns
    match source.spec.task:
        case "token-classification":
            from lib.tasks.annotated import read_documents, read_entities
            from lib.tasks.tags import write_iob2

            cells = {str(name): frame[name].tolist() for name in dict.fromkeys(columns.values())}
            documents = read_documents(cells, columns)
            truths = read_entities(cells, columns, documents, source.brief.target["scheme"])
            for document, entities in zip(documents, truths, strict=True):
                yield {"words": document.words, "tags": list(write_iob2(entities, len(document.places)))}
        case "image-classification":
            (folder / "data" / "images").mkdir(exist_ok=True)
            for path, label in zip(frame[columns["image"]], frame[columns["label"]], strict=True):
                place = folder / "data" / "images" / Path(path).name
                if not place.exists():
                    shutil.copyfile(path, place)
                yield {"image": f"data/images/{place.name}", "label": str(label).strip()}
        case "summarization":
            for text, summary in zip(frame[columns["text"]], frame[columns["summary"]], strict=True):
                yield {"source": text, "target": summary}
        case _:
            texts = [name for name in ("text", "text_pair") if columns.get(name)]
            for row in frame.to_dict("records"):
                read = {name: str(row[columns[name]]) for name in texts}
                yield read | {"label": str(row[columns["label"]]).strip()}


def _heading(source: Source) -> list[str]:
    # Each on one line: a name is a user's text, which must never become code.
    return [
        f"Repeats the run {' '.join(source.name.split())} with plain transformers: python train.py",
        f"It learns from data/train.jsonl, chooses the best checkpoint by {source.task.main_score.name} on",
        "data/validation.jsonl, and scores data/test.jsonl once. Every setting is in run.json.",
    ]


def _readme(source: Source, rows: Rows) -> str:
    counted = ", ".join(f"{count:,} {part}" for part, count in rows.count().items())
    return (
        "# A run, repeated in plain transformers\n\n"
        "```\npip install -r requirements.txt\npython train.py\n```\n\n"
        f"`data/` holds the rows of the run ({counted}), each with the id that the run's own files use. `run.json` "
        "holds every setting; `spec.yaml` is the run as Atelier knows it. The model and its scores go to `out/`.\n\n"
        f"The script prints each score beside the run's. On the machine and with the versions of the run "
        f"(`environment.txt`) they are the same; on other hardware sums round otherwise, and scores may differ by "
        f"about {TOLERANCE}, more with few test rows.\n"
    )


def _no_base() -> Problem:
    what = "The base model is not on this machine, so it cannot go along."
    return Problem(what, "export.base", "Leave it out: the script downloads it.", code="export-needs-base")
