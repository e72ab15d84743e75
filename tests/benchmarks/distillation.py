"""Distillation on real data: a teacher, students cut from it with and without its answers, over several seeds.

`python -m tests.benchmarks distillation`; ATELIER_BENCH_DISTIL="emotion wnut17 trash" chooses some.
"""

import os
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lib.analysis.distilled import across_seeds
from lib.methods.distill import without_teacher
from tests.benchmarks.tasks import DATA, MODELS, ner
from tests.benchmarks.training import run

LEAST_KEPT, LEAST_SPEEDUP = 0.97, 1.8


@dataclass(frozen=True)
class Case:
    """A teacher, how many of its layers the student has, and over how many seeds; `bound` to the claimed quality."""

    name: str
    task: str
    data: dict[str, Any]
    teacher: str
    layers: int
    score: str
    seeds: int
    bound: bool
    options: dict[str, Any]


CASES = (
    Case(
        "emotion",
        "text-classification",
        {"file": str(DATA / "text" / "tweets_emotion.csv")},
        "starter:minilm-l6",
        3,
        "macro_f1",
        3,
        True,
        {},
    ),
    Case(
        "wnut17",
        "token-classification",
        {"file": ner("train"), "validation_file": ner("validation"), "test_file": ner("test")},
        "starter:minilm-l6",
        3,
        "entity_f1",
        1,
        False,
        {},
    ),
    Case(
        "trash",
        "image-classification",
        {
            "file": str(DATA / "images" / "trash_photos.zip"),
            "split": {"train": 0.7, "validation": 0.1, "test": 0.2},
        },
        f"folder:{MODELS / 'dinov2-small'}",
        6,
        "accuracy",
        1,
        False,
        {"preset": "quick", "epochs": 2},
    ),
)


def measure() -> bool:
    """Run the chosen cases; True when the bound ones keep what is claimed and are as much faster."""
    chosen = os.environ.get("ATELIER_BENCH_DISTIL", "").split() or [case.name for case in CASES]
    met = True
    for case in CASES:
        if case.name not in chosen:
            continue
        if not Path(case.data["file"]).exists():
            print(f"{case.name}: skipped, needs {case.data['file']}")
            continue
        met &= _run(case)
    return met


def _run(case: Case) -> bool:
    with tempfile.TemporaryDirectory() as home:
        teacher = _trained(home, case, case.teacher, {"name": "full"}, case.options)
        best = teacher["scores"]["test"][case.score]
        print(f"{case.name}: teacher {case.teacher}, test {case.score} {best:.4f}", flush=True)
        kept, leads, speeds = [], [], []
        for seed in range(1, case.seeds + 1):
            method = {"name": "distill", "teacher": f"run:{teacher['run']}"}
            options = {**case.options, "seed": seed}
            student = _trained(home, case, f"cut:{case.layers}", method, options)
            control = _trained(home, case, f"cut:{case.layers}", without_teacher(method), options)
            values = [result["scores"]["test"][case.score] for result in (student, control)]
            told = student["distillation"]
            kept.append(values[0] / best)
            leads.append(values[0] - values[1])
            speeds.append(told["speed"]["speedup"]["32"]["value"])
            fast = {side: told["speed"][side] for side in ("teacher", "student")}
            times = "; ".join(
                f"{side} p50 {found['1']['p50_ms']:.1f} / p95 {found['1']['p95_ms']:.1f} ms at 1, "
                f"{found['32']['p50_ms']:.0f} / {found['32']['p95_ms']:.0f} ms at 32"
                for side, found in fast.items()
            )
            sizes = ", ".join(
                f"{side} {told[side]['parameters'] / 1e6:.1f} M, {told[side]['size_mb']:.0f} MB"
                for side in ("teacher", "student")
            )
            print(
                f"  seed {seed}: student {values[0]:.4f} (keeps {kept[-1]:.3f}), control {values[1]:.4f}, lead "
                f"{leads[-1]:+.4f}; {speeds[-1]:.2f} × as fast at batch 32; {times}; {sizes}",
                flush=True,
            )
        mean = across_seeds(leads)
        spread = f" [{mean.low:+.4f}, {mean.high:+.4f}]" if mean is not None else ""
        print(
            f"  mean of {case.seeds}: keeps {statistics.mean(kept):.3f}, {statistics.mean(speeds):.2f} × as fast, "
            f"lead over the control {statistics.mean(leads):+.4f}{spread}",
            flush=True,
        )
    enough = statistics.mean(kept) >= LEAST_KEPT and statistics.mean(speeds) >= LEAST_SPEEDUP
    return enough or not case.bound


def _trained(
    home: str, case: Case, model: str, method: dict[str, Any], options: dict[str, Any]
) -> dict[str, Any]:
    spec = Path(home, "spec.yaml")
    wish = {"task": case.task, "data": case.data, "model": model, "method": method, "options": options}
    spec.write_text(yaml.safe_dump(wish))
    return run("lib", "train", str(spec), "--json", home=home)
