"""The teacher of a distilled run: loaded once, made to answer in the student's terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch

from lib.errors import Problem, UserError
from lib.inference.taught import load_taught
from lib.methods.adapters import merged
from lib.models.adapted import is_adapter
from lib.models.sources import ModelInfo
from lib.plan.teaching import CHOICES, lacking_labels
from lib.runs.files import read_json
from lib.tasks.base import Brief, Task
from lib.tasks.outputs import ManyLabels, Number
from lib.tasks.predict import predict_rows


@dataclass(frozen=True)
class Teacher:
    """A model that knows the task, with the processor it reads with and the brief it is asked with."""

    info: ModelInfo
    task: Task
    model: Any
    processor: Any
    brief: Brief

    def judge(self, frame: pd.DataFrame, *, on_rows: Any = None) -> pd.DataFrame:
        """Its judged predictions of the rows, as the student's are judged."""
        return self.task.evaluate(self.model, self.processor, frame, self.brief, on_rows=on_rows)

    def predict(self, frame: pd.DataFrame, *, on_rows: Any = None) -> pd.DataFrame:
        """Its predictions of rows whose truth is not known."""
        return predict_rows(self.task, self.model, self.processor, frame, self.brief, on_rows=on_rows)

    @property
    def parameters(self) -> int:
        """How many numbers it was taught."""
        return sum(weight.numel() for weight in self.model.parameters())


def load_teacher(info: ModelInfo, task: Task, student: Brief, *, device: str) -> Teacher:
    """The teacher for a student with that brief; its answers come in the student's order and units.

    Raises UserError when it cannot be loaded, was taught another task, or lacks a label of the student's.
    """
    about = read_json(info.folder / "atelier.json")
    if isinstance(about, dict) and about.get("task") not in (None, task.slug):
        raise UserError(
            Problem(
                f"The teacher {info.title} was taught another task: {about['task']}.",
                "method.teacher",
                f"Choose one that was taught {task.slug}.",
                code="teacher-unfit",
            )
        )
    if isinstance(about, dict) and "task" in about:
        taught = load_taught(info.folder, name=info.title, device="cpu")
        own, processor = taught.brief, taught.processor
        model = merged(taught.model) if is_adapter(info.folder) else taught.model
    else:
        own, processor = student, task.load_processor(info.folder)
        model = task.load_model(info.folder, None)
        own = task.settled(model, processor, _of_config(model, student, task))
    length = min(own.max_length, info.max_length)
    brief = student.changed(target=_target(own, student, task), max_length=length, options=own.options)
    _translate(model, own, student, task)
    return Teacher(info, task, model.to(device).eval(), processor, brief)


def _of_config(model: Any, student: Brief, task: Task) -> Brief:
    """The brief of a teacher that Atelier has not taught: its labels are those its own config names."""
    choices = CHOICES.get(task.shape.kind)
    if choices is None:
        return student
    named: Mapping[int, str] = model.config.id2label or {}
    labels = [named[number] for number in sorted(named)]
    return student.changed(target={**student.target, choices: labels})


def _target(own: Brief, student: Brief, task: Task) -> dict[str, Any]:
    """The student's target, with what the teacher found out about its own answers (thresholds)."""
    if task.shape.kind != ManyLabels.kind or "thresholds" not in own.target:
        return student.target
    places = [own.target["labels"].index(label) for label in student.target["labels"]]
    return {**student.target, "thresholds": [own.target["thresholds"][place] for place in places]}


def label_places(own: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where each of the student's labels stands among the teacher's. Raises UserError for labels that it lacks."""
    if problems := lacking_labels(list(own), list(wanted)):
        raise UserError(*problems)
    return [list(own).index(label) for label in wanted]


def _translate(model: Any, own: Brief, student: Brief, task: Task) -> None:
    """From now on the model's logits come in the order, or the unit, of the student's.

    A hook on the outputs serves every architecture, whatever its head is made of.
    """
    kind = task.shape.kind
    if kind in CHOICES:
        places = label_places(own.target[CHOICES[kind]], student.target[CHOICES[kind]])
        if places == list(range(len(own.target[CHOICES[kind]]))):
            return

        def translate(logits: Any) -> Any:
            return logits[..., torch.tensor(places, device=logits.device)]

    elif kind == Number.kind and "std" in own.target:
        theirs, ours = own.target, student.target
        scale = theirs["std"] / ours["std"]
        shift = (theirs["mean"] - ours["mean"]) / ours["std"]

        def translate(logits: Any) -> Any:
            return logits * scale + shift

    else:
        return

    def hook(module: Any, given: Any, said: Any) -> Any:
        said.logits = translate(said.logits)
        return said

    model.register_forward_hook(hook)


def reads_alike(teacher: Any, student: Any) -> bool:
    """Whether both processors make the same tokens, or the same numbers, of the same input."""
    if hasattr(teacher, "get_vocab") and hasattr(student, "get_vocab"):
        probe = "A short probe: naïve, ÉTÉ, 12.5 km/h and don't 😀"
        return bool(
            teacher.get_vocab() == student.get_vocab()
            and teacher(probe)["input_ids"] == student(probe)["input_ids"]
        )
    if hasattr(teacher, "to_dict") and hasattr(student, "to_dict"):
        names = ("size", "crop_size", "image_mean", "image_std", "do_center_crop", "rescale_factor")
        one, other = teacher.to_dict(), student.to_dict()
        return all(one.get(name) == other.get(name) for name in names)
    return False
