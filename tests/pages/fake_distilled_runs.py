"""Distilled runs and their controls written by hand, with no model and no torch."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from fake_finished_runs import finished_run, label_rows

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.scores import scores
from lib.plan.control import control_of
from lib.runs.files import write_json
from lib.runs.folder import RunFolder
from lib.runs.state import State

TEACHER = {"name": "distill", "teacher": "run:20260101-000000-teacher-0000", "temperature": 2.0, "alpha": 0.7}
SPEED = {
    "device": "cpu",
    "rows": 200,
    "teacher": {"1": {"p50_ms": 9.1, "p95_ms": 14.0}, "32": {"p50_ms": 182.0, "p95_ms": 240.0}},
    "student": {"1": {"p50_ms": 5.2, "p95_ms": 8.0}, "32": {"p50_ms": 91.0, "p95_ms": 120.0}},
    "speedup": {"1": {"value": 1.75, "low": 1.6, "high": 1.9}, "32": {"value": 2.0, "low": 1.9, "high": 2.1}},
}
DISTILLATION = {
    "teacher": {
        "model": TEACHER["teacher"], "title": "<b>moods</b> at *full* size",
        "parameters": 22_700_000, "size_mb": 90.9,
    },
    "student": {"parameters": 17_400_000, "size_mb": 69.6},
}  # fmt: skip


def distilled_run(
    *,
    labels: Sequence[str] = ("anger", "joy", "sadness"),
    rows: int = 600,
    teacher: float = 0.9,
    student: float = 0.85,
    seed: int = 42,
    texts: Sequence[str] = (),
    speed: bool = True,
    name: str = "moods, distilled",
) -> RunFolder:
    """A student that succeeded, with what its teacher said of the same test rows."""
    run = finished_run(labels=labels, rows=rows, right=student, seed=7, texts=texts, name=name)
    spec = run.spec
    spec = spec.changed(model="cut:3", method=TEACHER, options={**spec.options, "seed": seed})
    write_json(run.path / "spec.json", spec.to_json())
    _teach(run, labels, teacher)
    result = run.result() or {}
    told = DISTILLATION | ({"speed": SPEED} if speed else {})
    write_json(run.path / "result.json", result | {"distillation": told, "method": "distill"})
    return run


def control_run(run: RunFolder, *, right: float = 0.8, state: str = "succeeded") -> RunFolder:
    """The control of a run: with scores on the same rows, or only asked for when the state says so."""
    labels = (run.target() or {})["labels"]
    rows = len(pd.read_parquet(run.predictions_path, columns=["row"]))
    texts = pd.read_parquet(run.predictions_path, columns=["input: text"])["input: text"].tolist()
    made = finished_run(labels=labels, rows=rows, right=right, seed=7, texts=texts)
    write_json(made.path / "spec.json", control_of(run.spec, run.id).to_json())
    if state != "succeeded":
        made.predictions_path.unlink()
        (made.path / "result.json").unlink()
        made.write_state(State(state=state, queued=1.0, step=40, total_steps=100))
        return made
    (made.path / "baseline-teacher.parquet").write_bytes((run.path / "baseline-teacher.parquet").read_bytes())
    return made


def _teach(run: RunFolder, labels: Sequence[str], right: float) -> None:
    """Write what a teacher that is right so often said of the test rows, and its scores."""
    judged = pd.read_parquet(run.predictions_path)
    test = judged[judged["split"] == "test"]
    place = {label: number for number, label in enumerate(labels)}
    gold = test["gold"].map(place).to_numpy()
    said = label_rows(np.random.default_rng(8), gold, labels, right).drop(columns="scores")
    for number, name in enumerate(("row", "row_id", "split")):
        said.insert(number, name, test[name].to_numpy())
    said.to_parquet(run.path / "baseline-teacher.parquet", index=False)
    result = run.result() or {}
    result["baselines"]["teacher"] = scores(ConfusionMatrix.of(said["gold"], said["predicted"]))
    write_json(run.path / "result.json", result)


if __name__ == "__main__":
    from fake_finished_runs import HOSTILE

    control_run(distilled_run())
    control_run(distilled_run(student=0.9, name="better than its control"), right=0.7)
    for seed in (1, 2, 3):
        control_run(distilled_run(seed=seed, name=f"seed {seed}", student=0.83 + seed / 100), right=0.82)
    distilled_run(name="without a control", speed=False)
    control_run(distilled_run(name="waiting"), state="stopped")
    many = [f"label {number:03d}" for number in range(60)]
    control_run(distilled_run(labels=many, rows=4000, name="sixty labels"))
    control_run(distilled_run(labels=HOSTILE, texts=HOSTILE, name="<b>hostile</b> **run**"))
