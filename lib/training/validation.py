"""Scoring the validation rows while a model learns, with samples of what it writes."""

import json
from typing import Any

import pandas as pd

from lib.analysis.confusion import ConfusionMatrix
from lib.runs.folder import RunFolder
from lib.tasks.base import Brief, Task
from lib.tasks.outputs import LabelScores
from lib.training.progress import Progress

# Few enough to be read, and to be written in seconds.
SAMPLES = 3


class Validation:
    """The validation rows of a run, or a seeded sample of them where scoring all of them would take too long."""

    def __init__(
        self, run: RunFolder, task: Task, brief: Brief, processor: Any, rows: pd.DataFrame, *, seed: int
    ) -> None:
        most = task.most_validated
        if most is not None and len(rows) > most:
            rows = rows.sample(most, random_state=seed).sort_index()
        self._run, self._task, self._brief, self._processor, self._rows = run, task, brief, processor, rows

    def score(self, model: Any, *, progress: Progress) -> dict[str, float]:
        """The task's scores and the mean loss of the rows; samples and counts go to the run's folder."""
        judged = self._task.evaluate(model, self._processor, self._rows, self._brief)
        self.sample(model, step=progress.state.step)
        self._count(judged, step=progress.state.step)
        return all_scores(self._task, judged, self._brief)

    def sample(self, model: Any, *, step: int) -> None:
        """Keep what the model writes for the first rows at this step, if the task writes at all."""
        written = self._task.samples(model, self._processor, self._rows.head(SAMPLES), self._brief)
        if written:
            with self._run.samples_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, "samples": written}, ensure_ascii=False) + "\n")

    def _count(self, judged: pd.DataFrame, *, step: int) -> None:
        """Keep which label was taken for which at this step, where rows have one label each."""
        output = self._task.output(self._brief.target)
        if not isinstance(output, LabelScores):
            return
        matrix = ConfusionMatrix.of(judged["gold"], judged["predicted"], labels=output.labels)
        record = {
            "step": step,
            "true": matrix.true.tolist(),
            "predicted": matrix.predicted.tolist(),
            "rows": matrix.rows.tolist(),
        }
        with self._run.confusions_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, separators=(",", ":")) + "\n")


def all_scores(task: Task, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
    """The task's scores, the main one first, and the mean loss of the rows unless the task has one of its own."""
    scores = task.score(judged, brief)
    return scores | {name: value for name, value in mean_loss(judged).items() if name not in scores}


def mean_loss(judged: pd.DataFrame) -> dict[str, float]:
    """The mean loss of the rows that have one; nothing when none has, for JSON knows no NaN."""
    return {"loss": float(judged["loss"].mean())} if judged["loss"].notna().any() else {}
