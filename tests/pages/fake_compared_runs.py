"""Runs to compare, written by hand: the same rows judged by several models, and runs that differ in their options."""

import json
import shutil
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from fake_finished_runs import HOSTILE, finished_run
from fake_shapes import many_labels_run, number_run
from written_runs import written_run

from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.state import State
from lib.tasks import find_task
from lib.tasks.brief import Brief

EMOJI = ("😀 glad", "😡 cross", "🫤")
OPTIONS = {"preset": "balanced", "epochs": 3.0, "batch_size": 32, "learning_rate": 5e-5, "seed": 13}


def pair(
    *,
    labels: Sequence[str] = ("anger", "joy", "sadness"),
    rows: int = 240,
    texts: Sequence[str] = (),
    **more: Any,
) -> tuple[RunFolder, RunFolder]:
    """Two models of the same rows: the first one is right on 60 %, the second, newer one on 80 %."""
    right = more.pop("right", (0.6, 0.8))
    return tuple(  # type: ignore[return-value]
        finished_run(
            labels=labels,
            rows=rows,
            texts=texts,
            right=share,
            seed=7,
            guess_seed=number,
            name=f"model {number}",
            **more,
        )
        for number, share in enumerate(right, start=1)
    )


def copied(
    run: RunFolder,
    change: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame,
    *,
    name: str = "copy",
    score: bool = True,
    **parts: Any,
) -> RunFolder:
    """The run again under another id, with its judged rows changed (and scored again) and parts of its spec."""
    made = create_run(run.spec.changed(name=name, **parts))
    for path in run.path.iterdir():
        if (
            path.name not in ("spec.json", "spec.yaml", "name.json", "log.txt", "state.json")
            and path.is_file()
        ):
            shutil.copy(path, made.path / path.name)
    shutil.copytree(run.model_path, made.model_path)
    judged = change(pd.read_parquet(run.predictions_path))
    judged.to_parquet(made.predictions_path, index=False)
    result = json.loads((run.path / "result.json").read_text())
    result["rows"] |= {split: int((judged["split"] == split).sum()) for split in ("validation", "test")}
    if score:
        task, brief = find_task(run.spec.task), Brief.from_json(run.brief() or {})
        result["scores"] = {
            split: task.score(judged[judged["split"] == split], brief) for split in ("validation", "test")
        }
        result.pop("intervals", None)
    write_json(made.path / "result.json", result | {"run": made.id})
    made.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    return made


def nearer(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers of which every second error is half as large, and the others a tenth larger."""
    factor = np.where(np.arange(len(frame)) % 2, 0.5, 1.1)
    frame["error"] *= factor
    frame["predicted"] = frame["gold"] + frame["error"]
    return frame


def rotated(columns: Sequence[str], by: int = 1) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Judged rows whose columns are those of the row before: what another model might say."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        for name in columns:
            frame[name] = np.roll(frame[name].to_numpy(), by)
        return frame

    return change


def shapes() -> dict[str, tuple[RunFolder, RunFolder]]:
    """A pair of runs of other shapes than one label a row."""
    number, many, text = number_run(), many_labels_run(), written_run()
    said = [
        name for name in pd.read_parquet(text.predictions_path) if name.startswith(("rouge", "bleu", "chrf"))
    ]
    return {
        "number": (number, copied(number, nearer)),
        "many labels": (
            many,
            copied(many, rotated(["predicted", "correct", "loss", "scores", "confidence"]), score=False),
        ),
        "text": (text, copied(text, rotated([*said, "predicted", "correct", "loss"]), score=False)),
    }


def measured(run: RunFolder, *, steps: int = 60, level: float = 0.5, seconds: float = 0.5) -> RunFolder:
    """Write metrics of so many steps: training loss every step, validation at every tenth."""
    random = np.random.default_rng(steps)
    with run.metrics_path.open("w") as file:
        for step in range(1, steps + 1):
            about = {"step": step, "epoch": round(step / 20, 3), "time": 1000.0 + seconds * step}
            loss = level * 2 * float(np.exp(-step / 30)) + 0.05 * float(random.random())
            file.write(json.dumps(about | {"split": "train", "name": "loss", "value": loss}) + "\n")
            if step % 10 == 0:
                for name, value in (
                    ("loss", loss + 0.1),
                    ("macro_f1", level + step / 200),
                    ("accuracy", level),
                ):
                    told = about | {"split": "validation", "name": name, "value": value}
                    file.write(json.dumps(told) + "\n")
    return run


def many_runs(count: int = 12, *, seeds: int = 3) -> list[RunFolder]:
    """Runs of the same rows: `seeds` that differ in their seed alone, the others in learning rate and batch size."""
    made = []
    for number in range(count):
        run = finished_run(
            right=0.6 + 0.02 * (number % 8),
            seed=7,
            guess_seed=number,
            name=f"run {number}",
            rows=200,
            baseline_right=None,
        )
        options = OPTIONS | (
            {"seed": 13 + number}
            if number < seeds
            else {"learning_rate": 10 ** -(3 + number % 4), "batch_size": (8, 16, 32)[number % 3]}
        )
        write_json(run.path / "spec.json", run.spec.changed(options=options).to_json())
        result = json.loads((run.path / "result.json").read_text())
        facts = {"parameters": 22_700_000, "weights_mb": 90.9, "seconds": {"total": 60.0 + number}}
        write_json(run.path / "result.json", result | facts)
        made.append(measured(run, steps=40 + 10 * number, level=0.4 + 0.02 * number))
    return made


if __name__ == "__main__":
    pair(labels=("anger", "joy", "optimism", "sadness"), rows=1400)
    pair(labels=[f"label {number:02d}" for number in range(20)], rows=4000)
    pair(labels=[f"label {number:04d}" for number in range(1000)], rows=20_000)
    pair(labels=HOSTILE, texts=HOSTILE)
    pair(labels=EMOJI)
    shapes()
    many_runs()
