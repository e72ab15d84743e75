"""Finished runs of other shapes than one label a row, written by hand: what the Evaluate and Predict pages read."""

import numpy as np
import pandas as pd

from lib.analysis.judged import score_intervals
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.tasks import find_task
from lib.tasks.base import Task
from lib.tasks.brief import Brief

LABELS = ("comedy", "crime", "<b>war</b>")


def many_labels_run(*, rows: int = 160, noise: float = 0.35, seed: int = 4) -> RunFolder:
    """A run of multi-label classification with three labels, one of them hostile, and tuned thresholds."""
    random = np.random.default_rng(seed)
    truth = random.random((rows, len(LABELS))) < (0.5, 0.3, 0.2)
    chance = np.clip(np.where(truth, 0.8, 0.2) + random.normal(0, noise, truth.shape), 0.01, 0.99)
    cells = [";".join(np.array(LABELS)[row]) or None for row in truth]
    frame = pd.DataFrame({"text": texts_of(rows), "labels": pd.Series(cells, dtype="str")})
    target = {
        "labels": list(LABELS),
        "counts": dict.fromkeys(LABELS, 40),
        "rows": 100,
        "separator": ";",
        "thresholds": [0.5, 0.4, 0.6],
    }
    brief = Brief({"text": "text", "labels": "labels"}, target, 64)
    task = find_task("multi-label-classification")
    judged = task.judge(task.decode(list(np.log(chance / (1 - chance))), {}, {}, brief), frame, brief)
    return _written(task, brief, judged, frame, {"tfidf": {"macro_f1": 0.3, "accuracy": 0.2}})


def number_run(*, rows: int = 160, unit: str = "€", seed: int = 5) -> RunFolder:
    """A run of text regression whose errors are a third of the numbers' spread."""
    random = np.random.default_rng(seed)
    gold = np.round(random.normal(1200, 300, rows))
    frame = pd.DataFrame(
        {"text": texts_of(rows), "price": pd.Series([f"{n:.0f} {unit}" for n in gold], dtype="str")}
    )
    target = {"mean": 1200.0, "std": 300.0, "low": 400.0, "high": 2000.0, "unit": unit, "decimal": "."}
    brief = Brief({"text": "text", "target": "price"}, target, 64)
    task = find_task("text-regression")
    judged = task.judge(pd.DataFrame({"predicted": gold + random.normal(0, 100, rows)}), frame, brief)
    return _written(task, brief, judged, frame, {"mean": {"mae": 240.0}, "tfidf": {"mae": 60.0}})


def texts_of(rows: int) -> "pd.Series[str]":
    """Texts of which one is hostile."""
    return pd.Series(
        ["<script>alert(1)</script>", *(f"words of row {n}" for n in range(1, rows))], dtype="str"
    )


def _written(
    task: Task,
    brief: Brief,
    judged: pd.DataFrame,
    frame: pd.DataFrame,
    baselines: dict[str, dict[str, float]],
) -> RunFolder:
    data = DataSpec(dataset="made-up@1", columns=dict(brief.columns))
    run = create_run(Spec(task=task.slug, data=data, model="starter:minilm-l6", name=task.slug))
    rows = len(judged)
    judged = judged.assign(row=np.arange(rows), row_id=[f"{number:016x}" for number in range(rows)])
    judged["split"] = np.where(np.arange(rows) < rows // 2, "validation", "test")
    judged["tokens"], judged["truncated"] = 7, False
    judged["input: text"] = frame["text"]
    judged.to_parquet(run.predictions_path, index=False)
    parts = {split: judged[judged["split"] == split] for split in ("validation", "test")}
    output = task.output(brief.target)
    write_json(run.path / "target.json", brief.target)
    write_json(run.path / "brief.json", brief.to_json())
    write_json(
        run.path / "result.json",
        {
            "run": run.id,
            "state": "succeeded",
            "task": task.slug,
            "rows": {"train": 100} | {split: len(part) for split, part in parts.items()},
            "scores": {split: task.score(part, brief) for split, part in parts.items()},
            "intervals": {split: score_intervals(output, part) for split, part in parts.items()},
            "baselines": baselines,
        },
    )
    run.model_path.mkdir()
    write_json(run.model_path / "atelier.json", {"task": task.slug} | brief.to_json())
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    return run


if __name__ == "__main__":
    many_labels_run()
    number_run()
