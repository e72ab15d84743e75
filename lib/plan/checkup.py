"""What the doctor finds in a run: its files are read into a case, with what would be usual for such a run."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from lib.analysis.doctor import findings
from lib.analysis.findings.case import Case, TestScore, short
from lib.analysis.findings.collapsed import label_answers
from lib.analysis.findings.learning_rate import slower_rate
from lib.errors import Problem, UserError
from lib.methods import find_method
from lib.models.sources import find_model
from lib.option import options_of
from lib.plan.presets import preset_options
from lib.plan.relief import with_relief
from lib.runs.files import read_json
from lib.runs.folder import RunFolder
from lib.runs.options import TrainingOptions
from lib.runs.spec import Spec
from lib.tasks import find_task
from lib.tasks.base import Task
from lib.tasks.outputs import LabelScores

# Methods whose training loss is plain cross-entropy, so that it can be compared with that of chance.
PLAIN_LOSS = ("full", "head", "lora", "qlora")
_READ = ("metrics.jsonl", "lengths.json", "target.json", "result.json")


def checkup(run: RunFolder) -> list[Problem]:
    """Everything that is wrong with a run, worst first: why it failed, then what is wrong with its learning.

    While a run goes on, and where it ended without a result, its files so far are looked at; a result has
    the findings of its end, which the worker made with the model at hand. Cheap enough for every redraw:
    files are read again only when they have changed. Nothing for a damaged run.
    """
    state = run.state()
    said = with_relief(run, [problem_from(problem) for problem in state.problems])
    if state.state in ("succeeded", "stopped") and (result := run.result()) is not None:
        found = result.get("problems")
        return [*said, *(problem_from(one) for one in (found if isinstance(found, list) else []))]
    if state.state == "queued":
        return said
    stamps = tuple(_stamp(run.path / name) for name in _READ)
    try:
        seen, slower = _live(run.path, stamps, state.step, state.total_steps)
    except UserError:  # a damaged spec, or a task of another version
        return said
    if slower is not None:
        # What the worker died of when the loss became no number, with the learning rate to try instead.
        fix = f"Train again with a learning rate of {short(slower)}."
        said = [
            replace(problem, fix=fix, changes={"options": {"learning_rate": slower}})
            if problem.code == "diverged"
            else problem
            for problem in said
        ]
    by_code = {problem.code: problem for problem in seen}
    said = [
        replace(problem, fix=by_code[problem.code].fix, changes=by_code[problem.code].changes)
        if problem.code in by_code and not problem.changes
        else problem
        for problem in said
    ]
    # An end that is explained needs no second explanation.
    explained = {problem.code for problem in said} | {problem.where for problem in said if problem.changes}
    return [*said, *(problem for problem in seen if not {problem.code, problem.where} & explained)]


def final_findings(
    run: RunFolder,
    result: Mapping[str, Any],
    *,
    validation: pd.DataFrame,
    adapter_change: float | None = None,
    ended: bool = True,
) -> list[Problem]:
    """What is wrong with the learning of a run that has ended; `result` as it will be written but for its problems.

    `validation` are judged validation rows; `adapter_change` and `ended` are as in `Case`.
    """
    spec = run.spec
    task = find_task(spec.task)
    score = task.main_score.name
    value = result["scores"].get("test", {}).get(score)
    tested = TestScore(
        value=value,
        rows=int(result["rows"]["test"]),
        interval=result["intervals"].get("test", {}).get(score),
        baselines={name: found[score] for name, found in result["baselines"].items() if score in found},
    )
    case = replace(
        case_of(run, steps=int(result["steps"]), total_steps=run.state().total_steps or int(result["steps"])),
        ended=ended,
        best_step=int(result["best_step"]),
        answers=label_answers(task.output(run.target() or {}), validation),
        validation_rows=len(validation),
        test=tested if value is not None else None,
        adapter_change=adapter_change,
    )
    return findings(case)


def case_of(run: RunFolder, *, steps: int, total_steps: int) -> Case:
    """The case of a run as its files have it so far. Raises UserError for a damaged run or an unknown task."""
    spec, task = run.spec, find_task(run.spec.task)
    method = find_method(str(spec.method["name"]))
    longest, usual = _usual(spec, total_steps)
    target = run.target()
    counts = _label_counts(task, spec, target) if target is not None else {}
    ranges = {
        name: (item.metadata["low"], item.metadata["high"])
        for name, item in options_of(TrainingOptions, task.option_class, method.option_class).items()
        if item.metadata.get("low") is not None
    }
    return Case(
        metrics=run.read_metrics(),
        options=spec.options,
        method=spec.method,
        usual=usual,
        ranges=ranges,
        score=task.main_score.name,
        higher_is_better=task.main_score.higher_is_better,
        steps=steps,
        total_steps=total_steps,
        lengths=read_json(run.path / "lengths.json", {}),
        model_max_length=longest,
        plain_loss=_is_plain(spec),
        label_counts=counts,
    )


def problem_from(value: Any) -> Problem:
    """The problem that `Problem.to_json` wrote; what another version wrote is said as far as it is known."""
    if not isinstance(value, Mapping):
        return Problem(str(value))
    known = {item.name for item in fields(Problem)}
    return Problem(**{"what": "", **{name: part for name, part in value.items() if name in known}})


@lru_cache(maxsize=256)
def _live(
    path: Path, stamps: Sequence[tuple[int, int]], steps: int, total_steps: int
) -> tuple[tuple[Problem, ...], float | None]:
    case = case_of(RunFolder(path), steps=steps, total_steps=total_steps)
    slower = slower_rate(case) if case.rate else None
    return tuple(findings(case)), slower


def _stamp(path: Path) -> tuple[int, int]:
    try:
        about = path.stat()
    except OSError:
        return 0, 0
    return about.st_mtime_ns, about.st_size


def _usual(spec: Spec, total_steps: int) -> tuple[int | None, dict[str, Any]]:
    """How many tokens the model reads at most, and the options of the balanced preset; unknown for a model gone."""
    rows_per_step = int(spec.options.get("batch_size", 1)) * int(spec.options.get("gradient_accumulation", 1))
    rows = round(total_steps * rows_per_step / max(0.01, float(spec.options.get("epochs", 1.0))))
    return _usual_for(spec.task, spec.model, str(spec.method["name"]), max(1, rows))


@lru_cache(maxsize=256)
def _usual_for(task: str, model: str, method: str, rows: int) -> tuple[int | None, dict[str, Any]]:
    try:
        info = find_model(model)
    except UserError:
        return None, {}
    return info.max_length, preset_options(
        "balanced", task=find_task(task), model=info, rows=rows, method=method
    )


def _is_plain(spec: Spec) -> bool:
    """Whether the training loss is the task's own, so that it can be held against other losses."""
    return spec.method["name"] in PLAIN_LOSS and not spec.options.get("focal_gamma")


def _label_counts(task: Task, spec: Spec, target: dict[str, Any]) -> dict[str, int]:
    if not _is_plain(spec) or not isinstance(task.output(target), LabelScores):
        return {}
    counts = target.get("counts")
    return {str(label): int(count) for label, count in counts.items()} if isinstance(counts, dict) else {}
