"""Finished runs written by hand, with no model and no torch: what the Evaluate and Predict pages read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.intervals import bootstrap
from lib.analysis.scores import scores
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.tasks.brief import Brief
from lib.tasks.label_scores import from_probabilities, judge_labels

HOSTILE = (
    "<script>alert(1)</script>",
    "**bold** [link](http://example.org) :red[x]",
    "<b>markup</b> & $x^2$",
    "=HYPERLINK(1)",
    "%{x} <br> `code`",
)


def finished_run(
    *,
    labels: Sequence[str] = ("anger", "joy", "sadness"),
    rows: int = 240,
    right: float = 0.7,
    seed: int = 1,
    guess_seed: int | None = None,
    texts: Sequence[str] = (),
    baseline_right: float | None = 0.4,
    pairs: bool = False,
    name: str = "moods",
) -> RunFolder:
    """A run that succeeded; half of the rows are validation rows, half are test rows.

    Runs of one `seed` have the same rows; another `guess_seed` is another model.
    """
    columns = {"text": "text", "label": "label"} | ({"text_pair": "reply"} if pairs else {})
    run = queued_run(columns=columns, name=name)
    random = np.random.default_rng(seed)
    gold = random.integers(len(labels), size=rows)
    if guess_seed is not None:
        random = np.random.default_rng(guess_seed)
    judged = label_rows(random, gold, labels, right)
    judged.insert(0, "row", np.arange(rows))
    judged.insert(1, "row_id", [f"{number:016x}" for number in range(rows)])
    judged.insert(2, "split", np.where(np.arange(rows) < rows // 2, "validation", "test"))
    judged["tokens"], judged["truncated"] = 7, False
    said = [texts[number % len(texts)] if texts else f"words of row {number}" for number in range(rows)]
    judged["input: text"] = pd.Series(said, dtype="str")
    if pairs:
        judged["input: reply"] = pd.Series([f"reply {number}" for number in range(rows)], dtype="str")
    judged.to_parquet(run.predictions_path, index=False)
    parts = {split: judged[judged["split"] == split] for split in ("validation", "test")}
    matrices = {split: ConfusionMatrix.of(part["gold"], part["predicted"]) for split, part in parts.items()}
    baselines: dict[str, Any] = {}
    if baseline_right is not None:
        test = parts["test"]
        other = label_rows(random, gold[test["row"].to_numpy()], labels, baseline_right)
        other.insert(0, "row", test["row"].to_numpy())
        other[["row", "gold", "predicted", "correct"]].to_parquet(
            run.path / "baseline-tfidf.parquet", index=False
        )
        baselines["tfidf"] = scores(ConfusionMatrix.of(other["gold"], other["predicted"]))
    target = {"labels": list(labels), "counts": dict.fromkeys(labels, 10)}
    write_json(run.path / "target.json", target)
    write_json(run.path / "brief.json", Brief(columns, target).to_json())
    write_json(
        run.path / "result.json",
        {
            "run": run.id,
            "state": "succeeded",
            "task": "text-classification",
            "rows": {"train": 100, **{split: len(part) for split, part in parts.items()}},
            "scores": {split: scores(matrix) for split, matrix in matrices.items()},
            "intervals": {
                split: {key: list(ends) for key, ends in bootstrap(matrix, draws=50).items()}
                for split, matrix in matrices.items()
            },
            "baselines": baselines,
        },
    )
    run.model_path.mkdir()
    write_json(
        run.model_path / "atelier.json",
        {
            "task": "text-classification",
            "target": {"labels": list(labels)},
            "columns": columns,
            "max_length": 64,
        },
    )
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    return run


def queued_run(*, columns: dict[str, str] | None = None, name: str = "moods") -> RunFolder:
    """A run that has only been asked for."""
    chosen = columns or {"text": "text", "label": "label"}
    data = DataSpec(dataset="moods@1", columns=chosen)
    run = create_run(Spec(task="text-classification", data=data, model="starter:minilm-l6", name=name))
    # Never let the app's queue start it.
    run.write_state(State(state="stopped", queued=1.0))
    return run


def label_rows(
    random: np.random.Generator, gold: np.ndarray, labels: Sequence[str], right: float
) -> pd.DataFrame:
    rows = len(gold)
    guess = np.where(random.random(rows) < right, gold, random.integers(len(labels), size=rows))
    probabilities = random.random((rows, len(labels))).astype(np.float32)
    probabilities[np.arange(rows), guess] += 1.5
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    names = pd.Series([labels[number] for number in gold], dtype="str")
    return judge_labels(from_probabilities(probabilities, labels), names, labels)


def write_home(home: Path) -> None:
    """Runs of many kinds for looking at in a browser: `python tests/pages/fake_finished_runs.py` with a home."""
    for count, rows in ((2, 400), (20, 100_000), (100, 8_000), (1000, 20_000)):
        finished_run(
            labels=[f"label {number:04d}" for number in range(count)], rows=rows, name=f"{count} labels"
        )
    finished_run(labels=HOSTILE, texts=HOSTILE, name="<b>hostile</b> **run**")
    finished_run(baseline_right=0.95, name="worse than its baseline")
    finished_run(pairs=True, name="pairs")
    queued_run(name="stopped early")


if __name__ == "__main__":
    from lib.settings import get_settings

    write_home(get_settings().home)
