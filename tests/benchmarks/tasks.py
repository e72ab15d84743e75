"""Every kind of task on real data with the default preset: the figures of README's results table.

`python -m tests.benchmarks tasks` runs all; ATELIER_BENCH_TASKS="wnut17 xquad" chooses some. The models that do not come
with the set-up are folders under ATELIER_BENCH_MODELS (default ~/.cache/small-models).
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.benchmarks.training import ROOT, run

DATA = ROOT.parent / "shared" / "data"
MODELS = Path(os.environ.get("ATELIER_BENCH_MODELS", Path.home() / ".cache" / "small-models"))

Scores = dict[str, float]


@dataclass(frozen=True)
class Case:
    """A run on real data: its spec, the score it is judged by, and what must hold for it."""

    name: str
    task: str
    data: dict[str, Any]
    model: str
    score: str
    target: str
    holds: Callable[[Scores, dict[str, Scores]], bool]
    needs: tuple[Path, ...] = field(default=())


def ner(part: str) -> str:
    return str(DATA / "ner" / f"wnut17_{part}.conll")


def summaries(part: str) -> str:
    return str(DATA / "summaries" / f"scitldr_{part}.csv")


CASES = (
    Case(
        "wnut17",
        "token-classification",
        {"file": ner("train"), "validation_file": ner("validation"), "test_file": ner("test")},
        "starter:minilm-l6",
        "entity_f1",
        "at least 0.40",
        lambda test, others: test["entity_f1"] >= 0.40,
    ),
    Case(
        "xquad",
        "question-answering",
        {
            "file": str(DATA / "questions" / "xquad_en.csv"),
            "split": {"train": 0.7, "validation": 0.1, "test": 0.2, "group": "context"},
        },
        "starter:minilm-l6",
        "exact_match",
        "well above the untuned model",
        lambda test, others: test["exact_match"] > others["untuned"]["exact_match"] + 0.05,
    ),
    Case(
        "alpaca",
        "chat",
        {"file": str(DATA / "chat" / "alpaca_en_demo.jsonl")},
        "starter:smollm2-135m-instruct",
        "perplexity",
        "at least 10 % below the untuned model's",
        lambda test, others: test["perplexity"] <= 0.9 * others["untuned"]["perplexity"],
    ),
    Case(
        "trash-dinov2",
        "image-classification",
        {
            "file": str(DATA / "images" / "trash_photos.zip"),
            "split": {"train": 0.7, "validation": 0.1, "test": 0.2},
        },
        f"folder:{MODELS / 'dinov2-small'}",
        "accuracy",
        "at least 0.87",
        lambda test, others: test["accuracy"] >= 0.87,
        (MODELS / "dinov2-small",),
    ),
    Case(
        "trash-scratch",
        "image-classification",
        {
            "file": str(DATA / "images" / "trash_photos.zip"),
            "split": {"train": 0.7, "validation": 0.1, "test": 0.2},
        },
        "scratch:vit-tiny",
        "accuracy",
        "above the colour histogram",
        lambda test, others: test["accuracy"] > others["colour_histogram"]["accuracy"],
    ),
    Case(
        "scitldr",
        "summarization",
        {"file": summaries("train"), "validation_file": summaries("dev"), "test_file": summaries("test")},
        f"folder:{MODELS / 'flan-t5-small-titler'}",
        "rouge1",
        "0.05 above the untuned model, and above the first sentence",
        lambda test, others: (
            test["rouge1"] >= others["untuned"]["rouge1"] + 0.05
            and test["rouge1"] > others["first_sentence"]["rouge1"]
        ),
        (MODELS / "flan-t5-small-titler",),
    ),
)


def measure() -> bool:
    """Run the chosen cases; True when every target is met. What needs data or models that are not there is skipped."""
    chosen = os.environ.get("ATELIER_BENCH_TASKS", "").split() or [case.name for case in CASES]
    met = True
    print("| data, task, model | score on the test rows | beside | rows | seconds |\n|---|---|---|---|---|")
    for case in CASES:
        if case.name not in chosen:
            continue
        missing = [path for path in (Path(case.data["file"]), *case.needs) if not path.exists()]
        if missing:
            print(f"| {case.name} | skipped: needs {', '.join(map(str, missing))} | | | |")
            continue
        met &= _run(case)
    return met


def _run(case: Case) -> bool:
    with tempfile.TemporaryDirectory() as home:
        spec = Path(home, "spec.yaml")
        spec.write_text(yaml.safe_dump({"task": case.task, "data": case.data, "model": case.model}))
        found = run("lib", "train", str(spec), "--json", home=home)
    test, others = found["scores"]["test"], found["baselines"]
    low, high = found["intervals"]["test"][case.score]
    beside = ", ".join(
        f"{name} {values[case.score]:.3f}" for name, values in others.items() if case.score in values
    )
    rows, seconds = found["rows"], found["seconds"]
    print(
        f"| {case.name}: {case.task}, {case.model} | {case.score} {test[case.score]:.3f} ({low:.3f} to {high:.3f}) "
        f"| {beside} | {rows['train']:,} / {rows['validation']:,} / {rows['test']:,} | {seconds['total']:.0f} |",
        flush=True,
    )
    held = case.holds(test, others)
    if not held:
        print(f"missed: {case.name} should be {case.target}")
    return held
