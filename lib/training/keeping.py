"""What a run keeps when it has learned: judged predictions, baselines, the model with its card."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lib.data.split import row_ids
from lib.methods import find_method
from lib.methods.adapters import save_adapter
from lib.models.adapted import about_base, plain_name
from lib.models.adapter_usage import usage_of
from lib.models.sources import find_model
from lib.plan.run_rows import Rows
from lib.runs.files import write_atomic, write_json
from lib.runs.folder import RunFolder
from lib.runs.spec import Spec
from lib.tasks.base import Brief, Task
from lib.training.card import model_card


def keep_predictions(
    run: RunFolder, task: Task, brief: Brief, rows: Rows, judged: Mapping[str, pd.DataFrame]
) -> None:
    """predictions.parquet: judged rows of both parts with what was read, so that a review needs no other file."""
    parts = []
    for part, found in judged.items():
        frame = by_name(rows.frames[part], task, brief)
        read = frame[task.inputs(brief.columns)].reset_index(drop=True)
        # Prefixed, because a user's column may be called `gold` or `loss` too.
        parts.append(pd.concat([with_places(found, frame, part), read.add_prefix("input: ")], axis=1))
    path = run.predictions_path
    work = path.with_name(".predictions.parquet")
    # Small row groups: opening one row of many labels reads only its group.
    pd.concat(parts, ignore_index=True).to_parquet(work, index=False, row_group_size=5_000)
    work.replace(path)


def by_name(frame: pd.DataFrame, task: Task, brief: Brief) -> pd.DataFrame:
    """The rows with pictures by their names alone, as the data set has them: its folder may move."""
    named = [
        brief.columns[role.name] for role in task.roles if role.kind == "image" and role.name in brief.columns
    ]
    return frame.assign(**{name: frame[name].map(lambda path: Path(path).name) for name in named})


def with_places(judged: pd.DataFrame, frame: pd.DataFrame, part: str) -> pd.DataFrame:
    """The judged rows with where they come from: the row's number in the data set and its stable id."""
    placed = judged.reset_index(drop=True)
    placed.insert(0, "row", frame.index.to_numpy())
    placed.insert(1, "row_id", row_ids(frame).to_numpy())
    placed.insert(2, "split", part)
    return placed


def keep_baseline(run: RunFolder, name: str, judged: pd.DataFrame, frame: pd.DataFrame) -> None:
    """The judged test rows of a simple method, without the probabilities of every label."""
    path = run.path / f"baseline-{name}.parquet"
    work = path.with_name(f".{path.name}")
    with_places(judged, frame, "test").drop(columns="scores", errors="ignore").to_parquet(work, index=False)
    work.replace(path)


def kept_baseline(run: RunFolder, name: str) -> pd.DataFrame | None:
    """The judged rows that an earlier session of the run kept."""
    path = run.path / f"baseline-{name}.parquet"
    return pd.read_parquet(path) if path.is_file() else None


def keep_model(
    run: RunFolder,
    spec: Spec,
    task: Task,
    brief: Brief,
    processor: Any,
    model: Any,
    result: dict[str, Any],
    data_name: str,
) -> None:
    """The model folder, complete or not there at all; it works in plain transformers."""
    final, work = run.model_path, run.path / ".model"
    shutil.rmtree(work, ignore_errors=True)
    task.finish(model, brief)
    about = {"task": task.slug, "method": spec.method} | brief.to_json()
    if calibration := result.get("calibration"):
        about["temperature"] = calibration["temperature"]
    if find_method(spec.method["name"]).saves_adapter:
        base = find_model(spec.model)
        # A base model that was merged for this run lies in the run's own folder.
        made = (run.path / "base").resolve() if (run.path / "base").is_dir() else None
        name, revision = (str(made), None) if made else plain_name(base)
        found = save_adapter(model, work, base=name, revision=revision)
        about["base"] = about_base(base, inside="../base" if made else None) | found
    else:
        model.save_pretrained(work)
    processor.save_pretrained(work)
    write_json(work / "atelier.json", about)
    usage = usage_of(work, task.usage(".", brief))
    write_atomic(work / "README.md", model_card(task, spec, brief, result, data_name, usage=usage))
    if final.exists():
        shutil.rmtree(final)
    work.rename(final)
    if "base" not in about:
        # Merged for this run from an adapter; nothing lies on it any more.
        shutil.rmtree(run.path / "base", ignore_errors=True)
