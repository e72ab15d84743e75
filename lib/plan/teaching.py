"""Teachers and students: who teaches whom, whether they fit, and whether the teacher knows the test rows already."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from lib.data.split import SplitPlan
from lib.data.store import open_rows
from lib.errors import Problem, UserError
from lib.methods import find_method
from lib.methods.soft_losses import BY_ROW
from lib.models.cut import describe_cut, layers_of
from lib.models.sources import ModelInfo, find_model, read_json_object
from lib.plan.fit import check_kind
from lib.plan.rows import split_rows
from lib.runs.folder import open_run
from lib.tasks.base import Target, Task
from lib.tasks.outputs import LabelScores, ManyLabels, Number, Spans, TokenLabels

# What a target calls the choices of the model's head.
CHOICES = {LabelScores.kind: "labels", ManyLabels.kind: "labels", TokenLabels.kind: "tags"}
# Shapes whose head must have been taught; any language model can teach the others.
TAUGHT = frozenset({*BY_ROW, TokenLabels.kind, Spans.kind})
_HEADS = {TokenLabels.kind: "ForTokenClassification", Spans.kind: "ForQuestionAnswering"}


def teacher_model(method: Mapping[str, Any]) -> ModelInfo | None:
    """The teacher that a method names, None where it has none. Raises UserError when it is not there."""
    if not find_method(str(method.get("name"))).has_teacher or not str(method.get("teacher") or "").strip():
        return None
    try:
        return find_model(str(method["teacher"]))
    except UserError as error:
        raise UserError(*(replace(problem, where="method.teacher") for problem in error.problems)) from error


def student_model(ref: str, teacher: ModelInfo | None) -> ModelInfo:
    """The model that a run starts from: one that is there, or some of the teacher's layers (`cut:N`)."""
    layers = layers_of(ref)
    return find_model(ref) if layers is None or teacher is None else describe_cut(teacher, layers)


def check_teacher(task: Task, teacher: ModelInfo, student: ModelInfo, target: Target) -> list[Problem]:
    """Why the teacher cannot teach this: its kind, its task, its labels; nothing where it can."""
    problems = [replace(problem, where="method.teacher") for problem in check_kind(task, teacher)]
    about = read_json_object(teacher.folder / "atelier.json")
    taught = about.get("task")
    if taught is not None and taught != task.slug:
        problems.append(_unfit(f"{teacher.title} was taught another task: {taught}.", task))
    elif taught is None and task.shape.kind in TAUGHT and teacher.is_downloaded:
        heads = " ".join(teacher.config.get("architectures") or [])
        wanted = _HEADS.get(task.shape.kind, "Classification")
        if wanted not in heads or task.shape.kind == Number.kind:
            problems.append(_unfit(f"{teacher.title} was not taught {task.title.lower()}.", task))
    if student.ref == teacher.ref:
        what = "The student is the teacher itself."
        problems.append(Problem(what, "model", "Choose a smaller student.", code="teacher-unfit"))
    if not problems and (choices := CHOICES.get(task.shape.kind)) and teacher.is_downloaded:
        known = about["target"][choices] if "target" in about else list(_named(teacher.config))
        problems += lacking_labels(known, target[choices])
    return problems


def _unfit(what: str, task: Task) -> Problem:
    fix = f"Choose a finished run of {task.title.lower()}, or another model with such a head."
    return Problem(what, "method.teacher", fix, code="teacher-unfit")


def _named(config: Mapping[str, Any]) -> list[str]:
    return [str(label) for label in (config.get("id2label") or {}).values()]


def lacking_labels(known: list[str], wanted: list[str]) -> list[Problem]:
    """A problem that names the student's labels that the teacher does not know."""
    lacking = [label for label in wanted if label not in set(known)]
    if not lacking:
        return []
    return [
        Problem(
            f"The teacher does not know {', '.join(map(repr, lacking[:8]))}"
            f"{' and more' if len(lacking) > 8 else ''}; it knows {', '.join(map(repr, known[:8]))}"
            f"{' and more' if len(known) > 8 else ''}.",
            "method.teacher",
            "Choose a teacher that was taught the same labels, or name the labels alike.",
            code="teacher-labels",
        )
    ]


def known_to_teacher(
    ref: str, frame: pd.DataFrame, parts: "pd.Series[str]", task: Task, columns: Mapping[str, str]
) -> list[Problem]:
    """A warning when the teacher, an earlier run, has learned from test rows of this one."""
    kind, _, identity = ref.partition(":")
    if kind != "run":
        return []
    try:
        spec = open_run(identity).spec
        theirs = open_rows(spec.data.dataset or "", spec.data.fingerprint).read()
        split = split_rows(theirs, task, spec.data.columns, SplitPlan.from_json(spec.data.split or {}))
    except (UserError, KeyError):  # its rows are gone: nobody can tell
        return []
    read = [name for name in task.kept_together(spec.data.columns) if name in theirs]
    learned = set(
        theirs.loc[split.isin(["train", "validation"]).to_numpy(dtype=bool), read].itertuples(
            index=False, name=None
        )
    )
    tested = frame.loc[(parts == "test").to_numpy(dtype=bool, na_value=False), task.kept_together(columns)]
    seen = sum(row in learned for row in tested.itertuples(index=False, name=None))
    if not seen:
        return []
    return [
        Problem(
            f"The teacher has learned from {seen:,} of the {len(tested):,} test rows, so its score on them, and the "
            "student's, will look better than they are.",
            "method.teacher",
            "Choose a teacher that was trained with the same split of the same data.",
            "warning",
            "teacher-saw-test",
        )
    ]
