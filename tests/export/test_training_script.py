"""The training script: a process that cannot see Atelier runs it and gets the run's scores."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.export import find_export
from lib.export.composing import composed
from lib.export.repeating.repeat import order
from lib.export.repeating.words import entities
from lib.export.script import ScriptOptions
from lib.export.script_settings import KINDS
from lib.export.source import open_source
from lib.runs.folder import RunFolder
from lib.tasks.tags import entities_of, iob2_labels
from tests.export.conftest import Finished

SLOW = pytest.mark.slow


def script_of(run: RunFolder, to: Path) -> Path:
    find_export("script").write(open_source(run), to, ScriptOptions(), lambda words, share: None)
    return to


@pytest.mark.parametrize(
    "task",
    [
        "text-classification",
        pytest.param("token-classification", marks=SLOW),
        pytest.param("image-classification", marks=SLOW),
        pytest.param("summarization", marks=SLOW),
    ],
)
def test_it_runs_without_atelier_and_gets_the_same_scores(
    finished: Finished, tmp_path: Path, task: str
) -> None:
    """On one machine the same within 1e-4: only what is added up in another order may differ."""
    run = finished(task)
    folder = script_of(run, tmp_path / "script")
    assert "lib" not in {name.partition(".")[0] for name in imported(folder / "train.py")}
    done = subprocess.run(
        [sys.executable, "-I", "train.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((folder / "out" / "scores.json").read_text())
    expected = (run.result() or {})["scores"]
    for part in ("validation", "test"):
        known = {name: value for name, value in expected[part].items() if name in found[part]}
        assert find_main(run) in known
        assert {name: found[part][name] for name in known} == pytest.approx(known, abs=1e-4)
    # Scores of so small a model could agree by luck; thousands of weights cannot.
    assert largest_difference(folder / "out" / "model", run.model_path) < 1e-5
    shutil.rmtree(folder)


def largest_difference(one: Path, other: Path) -> float:
    from safetensors.numpy import load_file

    ours, theirs = (load_file(folder / "model.safetensors") for folder in (one, other))
    assert ours.keys() == theirs.keys()
    return max(float(np.abs(ours[name] - theirs[name]).max()) for name in ours)


def find_main(run: RunFolder) -> str:
    return open_source(run).task.main_score.name


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_a_name_never_becomes_code(finished: Finished, tmp_path: Path) -> None:
    run = finished("text-classification")
    run.rename("x\nimport os\u2028os.abort()")
    try:
        text = (script_of(run, tmp_path / "script") / "train.py").read_text(encoding="utf-8")
    finally:
        run.rename("tiny text-classification")
    assert "os.abort" in text.splitlines()[0]
    assert "os" not in imported(tmp_path / "script" / "train.py")


@pytest.mark.parametrize("method", ["lora", "head"])
def test_a_run_that_taught_not_the_whole_model_is_refused(finished: Finished, method: str) -> None:
    refusal = find_export("script").refused(open_source(finished("text-classification", method)))
    assert refusal is not None and "whole model" in refusal


@pytest.mark.parametrize("task", KINDS)
def test_every_script_is_one_whole_file(task: str) -> None:
    text = composed(KINDS[task].parts, heading=["x"])
    names = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert len(names) == len(set(names))
    assert {"load", "encode", "collator", "own_loss", "score", "main"} <= set(names)


def test_the_order_of_rows_is_the_run_s_own() -> None:
    from lib.training.sampler import order as of_the_run

    random = np.random.default_rng(0)
    for rows, size, seed, epoch in ((1, 4, 0, 0), (7, 4, 3, 0), (700, 8, 5, 2), (901, 16, 1, 0)):
        lengths = random.integers(1, 90, rows)
        said = order(lengths, batch_size=size, seed=seed, epoch=epoch)
        assert said == of_the_run(lengths, batch_size=size, seed=seed, epoch=epoch)


@pytest.mark.parametrize("mode", ["conlleval", "strict"])
def test_its_entities_are_those_of_the_task(mode: Any) -> None:
    random, tags = np.random.default_rng(1), iob2_labels(["A", "B"])
    for _ in range(300):
        row = [tags[place] for place in random.integers(0, len(tags), 8)]
        own = {(one.start, one.end, one.label) for one in entities_of(row, mode=mode)}
        assert entities(row, mode) == own, row
