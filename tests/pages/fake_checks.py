"""A finished run on a stored data set, and a finished check of its labels, written by hand without a model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from lib.data.dataset import StoredDataset
from lib.data.split import SplitPlan, assign, row_ids
from lib.data.store import save
from lib.data.table import Table
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.tasks.label_scores import from_probabilities, judge_labels

COLUMNS = {"text": "text", "label": "label"}


def checked_run(
    *,
    labels: Sequence[str] = ("anger", "joy", "fear"),
    rows: int = 300,
    wrong: int = 20,
    texts: Sequence[str] = (),
) -> tuple[RunFolder, RunFolder, StoredDataset, list[int]]:
    """The run, its check, their data, and the rows whose labels are wrong; the models of the check know the truth."""
    random = np.random.default_rng(2)
    truth = random.integers(len(labels), size=rows)
    planted = sorted(random.choice(rows, wrong, replace=False).tolist()) if wrong else []
    given = truth.copy()
    given[planted] = (truth[planted] + 1) % len(labels)
    said = [f"{texts[number % len(texts)] if texts else 'words of row'} {number}" for number in range(rows)]
    frame = pd.DataFrame({"text": said, "label": [labels[place] for place in given]}).astype("str")
    stored = save(
        Table(frame, "moods.csv"),
        name="moods",
        task="text-classification",
        columns=COLUMNS,
        split=SplitPlan(),
    )
    parts = assign(frame, SplitPlan(), label="label", text=["text"])
    data = DataSpec(
        dataset=stored.ref, columns=COLUMNS, split=SplitPlan().to_json(), fingerprint=stored.fingerprint
    )
    spec = Spec(
        "text-classification", data, "starter:minilm-l6", name="moods", options={"epochs": 4.0, "seed": 1}
    )
    chances = 0.1 * random.random((rows, len(labels))).astype(np.float32)
    chances[np.arange(rows), truth] += 3.0
    chances /= chances.sum(axis=1, keepdims=True)
    judged = judge_labels(from_probabilities(chances, labels), frame["label"], labels)
    judged.insert(0, "row", np.arange(rows))
    judged.insert(1, "row_id", row_ids(frame).to_numpy())
    judged.insert(2, "split", parts.to_numpy())
    judged["input: text"] = frame["text"]
    run = _finished(spec, labels, judged[judged["split"] != "train"], "predictions.parquet", {})
    audit = {"how": "quick", "folds": 4, "reader": None}
    check = _finished(
        spec.changed(name="Labels of moods", audit=audit, parent=run.id),
        labels,
        judged.assign(fold=np.arange(rows) % 4),
        "audit.parquet",
        {"audit": audit | {"rows": rows, "expected": 20.0, "interval": [12.0, 29.0], "flagged": 20}},
    )
    return run, check, stored, planted


def _finished(
    spec: Spec, labels: Sequence[str], judged: pd.DataFrame, file: str, more: dict[str, Any]
) -> RunFolder:
    run = create_run(spec)
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    judged.reset_index(drop=True).to_parquet(run.path / file, index=False)
    write_json(run.path / "target.json", {"labels": list(labels), "counts": dict.fromkeys(labels, 10)})
    counts = {part: int((judged["split"] == part).sum()) for part in ("validation", "test")}
    result = {
        "run": run.id,
        "state": "succeeded",
        "task": spec.task,
        "rows": {"train": 240, **counts},
        "scores": {} if more else {"test": {"macro_f1": 0.9, "accuracy": 0.9}},
        "intervals": {},
        "baselines": {},
        "seconds": {"training": 60.0},
        "problems": [],
    }
    write_json(run.path / "result.json", result | more)
    return run
