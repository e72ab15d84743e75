"""The papers that go with a model: scores, calibration, spec, data fingerprint, licence note, environment."""

import json
from pathlib import Path
from typing import Any

from lib.errors import UserError
from lib.export.environment import lock, packages_for, requirements
from lib.export.source import Source
from lib.models.sources import find_model
from lib.runs.files import write_json


def write_papers(source: Source, folder: Path, *, snippet: str) -> None:
    """Put them into the folder of a model; `snippet` becomes predict.py. Nothing names a path of this machine."""
    (folder / "predict.py").write_text(_script(source, snippet), encoding="utf-8")
    (folder / "spec.yaml").write_text(
        (source.run.path / "spec.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    write_json(folder / "data.json", data_facts(source))
    write_json(folder / "scores.json", score_facts(source))
    if calibration := source.result.get("calibration"):
        write_json(folder / "calibration.json", calibration)
    names = packages_for(source)
    (folder / "requirements.txt").write_text(requirements(names), encoding="utf-8")
    (folder / "environment.txt").write_text(lock(names), encoding="utf-8")
    (folder / "LICENCE-NOTE.md").write_text(licence_note(source), encoding="utf-8")


def data_facts(source: Source) -> dict[str, Any]:
    """Which rows the run learned from and was judged on: the data set's fingerprint, columns, split and counts."""
    data = source.spec.data
    return {
        "dataset": data.dataset,
        "fingerprint": data.fingerprint,
        "columns": dict(data.columns),
        "split": data.split,
        "limit": data.limit,
        "train_share": data.train_share,
        "rows": dict(source.result.get("rows", {})),
    }


def score_facts(source: Source) -> dict[str, Any]:
    """The run's result without where it lies on this machine, and the rows that each score was counted on."""
    kept = {name: value for name, value in source.result.items() if name not in ("folder", "problems")}
    return json.loads(json.dumps(kept))


def licence_note(source: Source) -> str:
    """What is known of the licences that the model stands under."""
    try:
        base = find_model(source.spec.model)
        known = f"{base.title} ({source.spec.model}), licence: {base.licence}"
    except UserError:
        known = f"{source.spec.model}, licence: not known any more"
    return (
        f"# Licences\n\n"
        f"{_plain(source.name)} was made from a base model and a data set, and stands under the terms of both.\n\n"
        f"- Base model: {known}\n"
        f"- Data set: {_plain(source.spec.data.dataset or '')}, licence: not stated in Atelier\n\n"
        "Before you pass the model on, check that both allow it, and say here under which licence you do.\n"
    )


def _script(source: Source, snippet: str) -> str:
    # In comments, each on one line: labels are a user's text, which must never become code.
    goal = " ".join(source.task.sentence(source.brief.target).split())
    return (
        f"# Uses the model in this folder to {goal}, with plain transformers.\n"
        "# Install what requirements.txt names, then run this inside the folder: python predict.py\n\n"
        f"{snippet.strip()}\n"
    )


def _plain(text: str) -> str:
    """A user's text on one line, with nothing in it that Markdown or HTML would act on."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#|" else sign for sign in " ".join(text.split()))
