"""A model from scratch for a run: random weights, and a tokenizer trained on the run's own training texts."""

import shutil
from pathlib import Path

from lib.models.scratch import build_scratch
from lib.plan.run_rows import Rows
from lib.tasks.base import Task


def made_from_scratch(ref: str, task: Task, rows: Rows, folder: Path, *, seed: int) -> Path:
    """The folder with the model, made now unless an earlier session of the run has. Raises UserError."""
    if not folder.is_dir():
        work = folder.with_name(f".{folder.name}")
        shutil.rmtree(work, ignore_errors=True)
        texts = task.texts(rows.frames["train"], rows.columns)
        build_scratch(ref.removeprefix("scratch:"), texts, work, seed=seed)
        work.rename(folder)
    return folder
