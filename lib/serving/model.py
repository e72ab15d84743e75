"""The model that is served: what it is, what it reads, and what it says, many requests at once."""

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import Problem, UserError
from lib.inference.chat_prompt import Prompt, prompt_of
from lib.inference.inputs import model_inputs
from lib.inference.predict import Predictions
from lib.inference.table import as_table
from lib.inference.taught import Taught, load_taught
from lib.inference.writing import Piece, Wish, Written, write_together
from lib.runs.folder import RunFolder
from lib.serving.batcher import Job
from lib.tasks.base import Role
from lib.tasks.chat_template import Messages
from lib.tasks.manner import Manner
from lib.tasks.outputs import LabelScores, ManyLabels, TokenLabels


@dataclass(frozen=True)
class Asked:
    """A conversation to answer; `on_text` hears the text as it comes, in the model's thread."""

    prompt: Prompt
    manner: Manner
    stops: tuple[str, ...]
    on_text: Callable[[str], None] | None = None


class ServedModel:
    """A finished run's model in this process's memory. Only one thread at a time may ask it."""

    def __init__(self, run: RunFolder) -> None:
        """Load it. Raises UserError when the run has no model, or it cannot be loaded."""
        import torch

        if not (run.model_path / "atelier.json").is_file():
            what = f"The run {run.id} has no finished model, so there is nothing to serve."
            raise UserError(
                Problem(what, "RUN", "Wait until it has finished, or resume it.", code="no-model")
            )
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.run = run
        self.taught: Taught = load_taught(run.model_path, name=run.id, device=device)
        self.taught.model.eval()
        # Tokenizers are not safe to be used by two threads, and prompts are read while the model writes.
        self._reader, self._reading = self.taught.task.load_processor(run.model_path), threading.Lock()
        self.output = self.taught.task.output(self.taught.brief.target)
        self.inputs: list[Role] = model_inputs(self.taught.task, self.taught.brief.columns)
        self.chats = self.taught.task.slug == "chat"

    def about(self) -> dict[str, Any]:
        """What it is: its run, task, base model, labels, columns, and its scores with their intervals and rows."""
        task, brief, result = self.taught.task, self.taught.brief, self.run.result() or {}
        spec = self.run.spec
        return plain(
            {
                "run": self.run.id,
                "name": self.run.name,
                "task": task.slug,
                "title": task.title,
                "model": spec.model,
                "revision": spec.revision,
                "method": spec.method["name"],
                "output": self.output.kind,
                "labels": self._labels(),
                "inputs": [
                    {
                        "name": role.name,
                        "kind": role.kind,
                        "explanation": role.explanation,
                        "column": brief.columns.get(role.name),
                    }
                    for role in self.inputs
                ],
                "columns": dict(brief.columns),
                "max_length": brief.max_length,
                "rows": result.get("rows", {}),
                "scores": result.get("scores", {}),
                "intervals": result.get("intervals", {}),
                "parameters": result.get("parameters", {}),
                "calibration": result.get("calibration"),
            }
        )

    def _labels(self) -> list[str] | None:
        match self.output:
            case LabelScores(labels=labels) | ManyLabels(labels=labels) | TokenLabels(labels=labels):
                return list(labels)
        return None

    def predict(self, jobs: Sequence[Job]) -> list[list[dict[str, Any]]]:
        """One prediction a row for each job's frame (columns named by role), as `predict` prints them."""
        from lib.tasks.predict import predict_rows

        frames: list[pd.DataFrame] = [job.what for job in jobs]
        rows = pd.concat(frames, ignore_index=True)
        task, brief = self.taught.task, self.taught.brief
        asked = brief.changed(columns={role.name: role.name for role in self.inputs})
        frame = predict_rows(task, self.taught.model, self.taught.processor, rows, asked)
        table = as_table(Predictions(frame.reset_index(drop=True), self.output, 0.0))
        found = plain(table.to_dict(orient="records"))
        ends = np.cumsum([len(one) for one in frames]).tolist()
        return [found[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]

    def prompt(self, messages: Messages, manner: Manner) -> Prompt:
        """The conversation as the model reads it; any thread may ask for this."""
        with self._reading:
            return prompt_of(self.taught.task, self._reader, self.taught.brief, messages, manner)

    def write(self, jobs: Sequence[Job]) -> list[Written]:
        """An answer for each job's `Asked`, all written together."""
        wishes = [_wish(job, job.what) for job in jobs]
        ends = jobs[0].what.prompt.ends
        return write_together(self.taught.model, self.taught.processor, wishes, ends=ends)


def _wish(job: Job, asked: Asked) -> Wish:
    def tell(piece: Piece) -> None:
        if asked.on_text is not None and piece.text:
            asked.on_text(piece.text)

    return Wish(
        asked.prompt.ids,
        asked.manner,
        asked.prompt.limit - len(asked.prompt.ids),
        stops=asked.stops,
        on_piece=tell,
        is_wanted=lambda: job.wanted,
        details=False,
    )


def plain(value: Any) -> Any:
    """The value as JSON can hold it: numbers of numpy as Python's, and what is no number as null."""
    match value:
        case dict():
            return {str(name): plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case np.ndarray():
            return plain(value.tolist())
        case np.generic():
            return plain(value.item())
        case float() if not math.isfinite(value):
            return None
    return None if value is pd.NA or value is pd.NaT else value
