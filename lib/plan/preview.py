"""What a run on a stored data set would be, at a glance: cheap enough to draw with every click."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.data.dataset import ROW_GROUP, StoredDataset
from lib.models.sources import ModelInfo
from lib.plan.estimate import Estimate, estimate_run
from lib.plan.fit import run_sentence
from lib.plan.fitting import Run
from lib.plan.lengths import read_lengths, token_lengths
from lib.plan.planner import complete_options
from lib.runs.options import TrainingOptions, options_from
from lib.tasks.base import Task


@dataclass(frozen=True)
class Preview:
    """The options that would be used (`values` has the task's own too), the rows by part, the cost by formula."""

    options: TrainingOptions
    values: Mapping[str, Any]
    rows: dict[str, int]
    estimate: Estimate
    sentence: str
    run: Run


def sample_lengths(stored: StoredDataset, task: Task, ref: str, max_length: int) -> tuple[float, int]:
    """Mean and longest length in tokens, cut at `max_length`, of a sample of the data set's first rows."""
    used = task.inputs(stored.columns)
    frame = stored.read(used, 0, min(stored.rows, ROW_GROUP))
    return token_lengths(frame, task, stored.columns, ref, max_length)


def preview_run(
    stored: StoredDataset,
    task: Task,
    model: ModelInfo,
    given: Mapping[str, Any],
    *,
    lengths: tuple[float, int],
    method: Mapping[str, Any],
) -> Preview:
    """The run that these choices mean. `lengths` are those of `sample_lengths`, which callers cache."""
    rows = {part: int(stored.counts.get(part, 0)) for part in ("train", "validation", "test")}
    values = complete_options(
        given, task=task, model=model, rows=max(1, rows["train"]), method=str(method["name"])
    )
    read = read_lengths(task, model, values, lengths)
    estimate = estimate_run(model, values, task=task, rows=rows, lengths=read, method=method)
    sentence = run_sentence(method, task, model, rows["train"])
    return Preview(
        options_from(values), values, rows, estimate, sentence, Run(model, task, values, method, read[1])
    )
