"""The check of labels as it is asked for: who judges the rows, without having seen them, and what that costs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lib.errors import Problem, UserError
from lib.methods import find_method
from lib.methods.base import Method
from lib.models.sources import ModelInfo
from lib.plan.estimate import SECONDS_AROUND, Estimate
from lib.runs.folder import RunFolder, open_run
from lib.runs.spec import Spec
from lib.tasks import find_task
from lib.tasks.base import Columns, Task
from lib.tasks.outputs import LabelScores

KEYS = ("how", "folds", "reader")
QUICK, THOROUGH = "quick", "thorough"
USUAL = {"how": QUICK, "folds": 4}
LEAST_FOLDS, MOST_FOLDS = 2, 10
# A quick one reads the rows once, forward only: a third of a training step's work, without its optimizer.
SHARE_OF_A_STEP = 1 / 3


def label_column(task: Task, columns: Columns) -> str | None:
    """The column whose labels can be checked: that of a task which gives each row one label; None for other tasks."""
    truths = task.truths(columns)
    if task.shape is not LabelScores or len(truths) != 1 or truths[0].kind != "label":
        return None
    return columns[truths[0].name]


def unseen_model(ref: str) -> str | None:
    """The model that a run began with, before any run here taught it; None where there was none, as from scratch.

    What a run made of a model may have seen the very labels that are to be checked.
    """
    while ref.startswith("run:"):
        try:
            ref = open_run(ref.removeprefix("run:")).spec.model
        except UserError:
            return None
    return None if ref.startswith(("scratch:", "cut:")) else ref


def check_audit(
    audit: Mapping[str, Any] | None, *, task: Task | None, method: Method | None, model: str
) -> list[Problem]:
    """Everything wrong with a wish for a check of the labels that can be said before any row is read."""
    if audit is None:
        return []
    problems = [
        Problem(
            f"There is no {key!r} here.", "audit", f"Known are: {', '.join(KEYS[:2])}.", code="unknown-key"
        )
        for key in audit
        if key not in KEYS
    ]
    how, folds = audit.get("how", USUAL["how"]), audit.get("folds", USUAL["folds"])
    if how not in (QUICK, THOROUGH):
        fix = f"Write {QUICK} (a simple model on a pretrained one) or {THOROUGH} (trains the model once a fold)."
        problems.append(Problem(f"{how!r} is no way to check labels.", "audit.how", fix, code="audit-how"))
    if isinstance(folds, bool) or not isinstance(folds, int) or not LEAST_FOLDS <= folds <= MOST_FOLDS:
        fix = f"Give a whole number from {LEAST_FOLDS} to {MOST_FOLDS}; 4 is usual."
        problems.append(Problem(f"{folds!r} folds are not possible.", "audit.folds", fix, code="audit-folds"))
    if task is not None and task.shape is not LabelScores:
        what = f"{task.title} does not give each row one label, so there are no labels to check."
        problems.append(Problem(what, "audit", "Leave `audit` out.", code="audit-task"))
    if model.startswith("run:") or (method is not None and method.has_teacher):
        seen = "the teacher" if method is not None and method.has_teacher else f"the model {model}"
        what = f"A check needs models that have not seen the labels, and {seen} may have."
        fix = "Give the model that it was trained from, with the method full."
        problems.append(Problem(what, "model", fix, code="audit-seen"))
    pictures = task is not None and any(role.kind == "image" for role in task.roles)
    if how == QUICK and pictures and unseen_model(model) is None:
        what = "Without a pretrained model there is nothing that reads pictures."
        fix = "Choose the thorough check, or a pretrained model."
        problems.append(Problem(what, "audit.how", fix, code="audit-reader"))
    return problems


def complete_audit(audit: Mapping[str, Any] | None, model: ModelInfo) -> dict[str, Any] | None:
    """A checked wish with every part filled in; `reader` is what a quick one reads with, None for words alone."""
    if audit is None:
        return None
    found = {**USUAL, **audit}
    return found | ({"reader": unseen_model(model.ref)} if found["how"] == QUICK else {})


def audit_of(run: RunFolder, *, how: str, folds: int = 4) -> Spec:
    """The wish for a check of the labels that a run learned from, as its child, on all of its data set's rows.

    Where the run's model or teacher may have seen the labels, the check begins with the model they began with.
    """
    spec = run.spec
    method, model = spec.method, unseen_model(spec.model) or spec.model
    if find_method(str(method["name"])).has_teacher:
        if model.startswith("cut:"):
            model = unseen_model(str(method.get("teacher", ""))) or model
        method = {"name": "full"}
    return spec.changed(
        name=f"Labels of {run.name}"[:120],
        data=replace(spec.data, limit=None),
        model=model,
        revision=spec.revision if model == spec.model else None,
        method=method,
        search=None,
        audit={"how": how, "folds": folds},
        parent=run.id,
        created=None,
        versions={},
        estimate={},
    )


def with_audit(
    estimate: Estimate, audit: Mapping[str, Any] | None, *, epochs: float, folds_of: float = 1.0
) -> Estimate:
    """The estimate of one run turned into that of the check: so many runs on less rows, or one reading of all rows.

    `folds_of` is all rows over the training rows.
    """
    if not audit:
        return estimate
    folds = int(audit["folds"])
    around = SECONDS_AROUND
    if audit["how"] == THOROUGH:
        times = folds - 1 + SHARE_OF_A_STEP * folds_of / max(epochs, 1.0)
        return replace(
            estimate,
            seconds_low=around + times * max(estimate.seconds_low - around, 0.0),
            seconds_high=around + times * max(estimate.seconds_high - around, 0.0),
            steps=estimate.steps * (folds - 1),
        )
    share = SHARE_OF_A_STEP * folds_of / max(epochs, 1.0)
    return replace(
        estimate,
        seconds_low=around / 2 + share * max(estimate.seconds_low - around, 0.0),
        seconds_high=around + share * max(estimate.seconds_high - around, 0.0),
        steps=0,
    )


def audit_sentence(audit: Mapping[str, Any], task: Task, model: ModelInfo, rows: int) -> str:
    """What a check does, in words that end a sentence without the cost."""
    folds = int(audit["folds"])
    if audit["how"] == THOROUGH:
        return (
            f"Check the labels of {rows:,} rows: fine-tune {model.title} {folds} times, each time without a "
            f"{_PART.get(folds, f'{folds}th')} of the rows, and let it judge those"
        )
    reader = f"what {model.title} reads in each row" if audit.get("reader") else "the words of each row"
    return f"Check the labels of {rows:,} rows: {folds} simple models on {reader}, each judging rows it has not seen"


_PART = {2: "half", 3: "third", 4: "quarter", 5: "fifth"}


def can_check(spec: Spec) -> bool:
    """Whether the labels that a run learned from can be checked at all."""
    return label_column(find_task(spec.task), spec.data.columns) is not None


def measured_cost(run: RunFolder, *, how: str, folds: int = 4) -> float | None:
    """Seconds that a check will take, from what the run itself took; None when that is not known."""
    result, spec = run.result() or {}, run.spec
    training = result.get("seconds", {}).get("training")
    rows = result.get("rows", {})
    if not isinstance(training, int | float) or not rows.get("train"):
        return None
    reading = SHARE_OF_A_STEP * training / max(float(spec.options.get("epochs", 1)), 1.0)
    reading *= sum(rows.values()) / rows["train"]
    return SECONDS_AROUND + (reading if how == QUICK else (folds - 1) * training + reading)
