"""The receipt of a converted model: size, speed and answers beside the original, each measured in a fresh process."""

import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lib.analysis.exported import Exported, compare_exported
from lib.errors import Problem, UserError
from lib.export.base import Step
from lib.export.place import clear_remains, size_of
from lib.export.receipt_words import remarks, sentence, tables
from lib.export.source import Source
from lib.export.subjects import Subject
from lib.runs.files import read_json, write_json
from lib.runs.launch import ROOT, worker_environment
from lib.tasks.outputs import (
    Continuation,
    LabelScores,
    ManyLabels,
    MaskedTokens,
    Number,
    Output,
    Text,
    TokenLabels,
)

SECONDS_BETWEEN_LOOKS = 0.2
# What "the same" is the same of.
_ANSWERS: dict[type[Output], str] = {
    LabelScores: "label",
    ManyLabels: "labels",
    Number: "number",
    TokenLabels: "spans",
    MaskedTokens: "guesses",
    Text: "text",
    Continuation: "text",
}


def measure_export(
    source: Source, subject: Subject, step: Step, *, made_bytes: int, tolerance: float
) -> dict[str, Any]:
    """The receipt's `measured`: `original` and `made` with bytes, times and scores, how they compare, and all of it in
    `sentences` and `tables` as pages show it.

    `tolerance` is how far a probability (a number in spreads, a loss per token) may lie from the original's. Raises
    UserError when one of the two cannot be measured.
    """
    clear_remains(source.run.path / "measuring")
    work = source.run.path / f".measuring.part-{os.getpid()}"
    work.mkdir()
    try:
        sides: dict[str, dict[str, Any]] = {}
        frames: dict[str, pd.DataFrame] = {}
        todo = {"original": Subject("original", source.model), "made": subject}
        for number, (name, one) in enumerate(todo.items()):
            folder = work / name
            words = "measuring the original" if name == "original" else "measuring what was made"
            measured = _measured(source, one, folder, step, words, (number / 2, (number + 1) / 2))
            sides[name], frames[name] = measured, pd.read_parquet(folder / "judged.parquet")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    output, main = source.task.output(source.brief.target), source.task.main_score
    found = compare_exported(
        output, main.name, frames["original"], frames["made"], higher_is_better=main.higher_is_better
    )
    return _as_json(source, output, sides, found, made_bytes, tolerance)


def original_bytes(source: Source) -> int:
    """What the run's model takes on disk, with the base model of an adapter."""
    return size_of(source.model) + (size_of(source.base) if source.base is not None else 0)


def _measured(
    source: Source, subject: Subject, folder: Path, step: Step, words: str, span: tuple[float, float]
) -> dict[str, Any]:
    """What the fresh process found out of one model."""
    folder.mkdir()
    write_json(
        folder / "request.json",
        {"run": str(source.run.path), "kind": subject.kind, "path": str(subject.path)},
    )
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lib.export.measuring", str(folder)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=worker_environment("cpu") | {"HF_HUB_OFFLINE": "1"},
        )
        try:
            while process.poll() is None:
                told = read_json(folder / "progress.json") or {}
                share = told.get("done", 0) / max(1, told.get("rows", 1))
                step(words, span[0] + (span[1] - span[0]) * share)
                time.sleep(SECONDS_BETWEEN_LOOKS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    found = read_json(folder / "measured.json")
    if isinstance(found, dict) and not found.get("problems"):
        return found
    if isinstance(found, dict):
        raise UserError(*(Problem(**problem) for problem in found["problems"]))
    last = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    sys.stderr.write("\n".join(last) + "\n")
    raise UserError(
        Problem(
            f"{words.capitalize()} failed: {last[-1] if last else 'the process ended without a word'}",
            where="receipt",
            fix="Read the export's log.",
            code="not-measured",
        )
    )


def _as_json(
    source: Source,
    output: Output,
    sides: Mapping[str, Mapping[str, Any]],
    found: Exported,
    made_bytes: int,
    tolerance: float,
) -> dict[str, Any]:
    one, two = sides["original"], sides["made"]
    sizes = {"original": original_bytes(source), "made": made_bytes}
    kept = ("batch_1", "batch_32", "scores")
    score = None
    if found.score is not None:
        gap = found.score.difference
        score = {
            "name": found.score.score,
            "original": found.score.other,
            "made": found.score.this,
            "lead": _number(gap.value),
            "low": _number(gap.low),
            "high": _number(gap.high),
        }
    measured: dict[str, Any] = {
        "rows": {"judged": one["rows"], "test": one["whole"]},
        "machine": one["machine"],
        "original": {"bytes": sizes["original"], **{name: one[name] for name in kept}},
        "made": {"bytes": sizes["made"], **{name: two[name] for name in kept}},
        "same": {"rows": found.same, "of": found.asked, "what": _ANSWERS.get(type(output), "answer")},
        "numbers": {"greatest": found.greatest, "usual": found.usual, "tolerance": tolerance},
        "score": score,
        "labels": [
            {name: _number(value) for name, value in line.items()} for line in found.labels.to_dict("records")
        ],
    }
    said = sentence(measured)
    return measured | {
        "sentence": said,
        "sentences": [said, *remarks(measured)],
        "tables": tables(measured),
    }


def _number(value: Any) -> Any:
    """JSON knows no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
