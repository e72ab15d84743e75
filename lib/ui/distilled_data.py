"""A distilled run beside its teacher and its control, worked out once and remembered while their files are the same."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from lib.analysis.disagreement import Disagreement, disagreement
from lib.analysis.distilled import Distilled, Estimate, Side, across_seeds, aligned, by_label, compare_sides
from lib.analysis.distilled_words import Cost, seeds_sentence, verdict_sentence
from lib.errors import Problem, UserError
from lib.runs.folder import RunFolder
from lib.tasks.base import Score
from lib.ui.distilled_runs import TEACHER_ROWS, controls_of, repeats_of
from lib.ui.evaluate_data import Evaluation, evaluation
from lib.ui.runs_list import RunLine

_HOUR = 3600
SIZES = ("32", "1")


@dataclass(frozen=True)
class Compared:
    """What there is to say. `rows` are the student's with `kind`, `teacher_predicted` and `teacher_loss`.

    `distilled` is None for a score that cannot be resampled; `note` says why a control was left out.
    """

    distilled: Distilled | None
    labels: pd.DataFrame | None
    parting: Disagreement
    rows: pd.DataFrame
    note: str = ""


@dataclass(frozen=True)
class Model:
    """What a model needs: parameters, MB on disk, and by batch size the milliseconds (median, 95th percentile)."""

    title: str = ""
    parameters: int | None = None
    size_mb: float | None = None
    milliseconds: dict[str, tuple[float, float]] = field(default_factory=dict)


def compared(found: Evaluation, control: RunFolder | None) -> Compared:
    """The comparison on the test rows. Raises UserError when the teacher was not judged on the same rows."""
    teacher = found.run.path / TEACHER_ROWS
    beside, note = None, ""
    if control is not None:
        try:
            beside = evaluation(control, "test")
        except UserError as error:
            note = error.problems[0].what
    keys = [found.key, (str(teacher), _changed(teacher)), beside.key if beside else None]
    return _compared(repr(keys), found, teacher, beside, note)


def models_of(result: dict[str, Any] | Any) -> dict[Side, Model]:
    """Teacher and student by what the run's result says of them; what it does not say is left open."""
    told = _mapping(result.get("distillation"))
    speed = _mapping(told.get("speed"))
    sides: tuple[Side, ...] = ("teacher", "student")
    found: dict[Side, Model] = {}
    for side in sides:
        about = _mapping(told.get(side))
        taken = {
            size: (float(spread["p50_ms"]), float(spread["p95_ms"]))
            for size, spread in _mapping(speed.get(side)).items()
            if isinstance(spread, dict) and {"p50_ms", "p95_ms"} <= set(spread)
        }
        found[side] = Model(
            str(about.get("title") or ""), about.get("parameters"), about.get("size_mb"), taken
        )
    return found


def cost_of(result: dict[str, Any] | Any) -> Cost:
    """How much faster and smaller the student is, as far as it was measured."""
    models = models_of(result)
    teacher, student = models["teacher"], models["student"]
    disk = student.size_mb / teacher.size_mb if student.size_mb and teacher.size_mb else None
    speedups = _mapping(_mapping(_mapping(result.get("distillation")).get("speed")).get("speedup"))
    for size in SIZES:
        if size in teacher.milliseconds and size in student.milliseconds:
            known = _mapping(speedups.get(size))
            value = teacher.milliseconds[size][0] / student.milliseconds[size][0]
            ends = (float(known.get(end, float("nan"))) for end in ("low", "high"))
            return Cost(Estimate(value, *ends), int(size), disk)
    return Cost(disk=disk)


def verdict_words(line: RunLine, lines: list[RunLine], main: Score, found: Compared) -> list[str]:
    """What distilling came to as plain sentences: on the rows, and over seeds if there is a control."""
    if found.distilled is None:
        return []
    words = [verdict_sentence(found.distilled, cost_of(line.result))]
    if found.distilled.over_control is not None:
        sign = 1 if main.higher_is_better else -1
        pairs = [
            (run.score("test", main.name), control.score("test", main.name))
            for run, control in repeats_of(line, lines)
        ]
        leads = [sign * (run - control) for run, control in pairs if run is not None and control is not None]
        words.append(seeds_sentence(main.name, len(leads), across_seeds(leads)))
    return words


def control_of_line(line: RunLine, lines: list[RunLine]) -> RunLine | None:
    """The control to look at first; None when none was ever asked for."""
    return next(iter(controls_of(line.id, lines)), None)


@st.cache_resource(max_entries=10, ttl=_HOUR, show_spinner="Comparing with the teacher")
def _compared(
    keys: str, _found: Evaluation, _teacher: Path, _control: Evaluation | None, _note: str
) -> Compared:
    sides: dict[Side, pd.DataFrame] = {"teacher": _read(_teacher), "student": _found.frame}
    if _control is not None:
        try:
            aligned(_found.output, {"student": _found.frame, "control": _control.frame})
            sides["control"] = _control.frame
        except UserError as error:
            _note = error.problems[0].what
    together = aligned(_found.output, sides)
    main = _found.task.main_score
    parting = disagreement(_found.output, together["teacher"], together["student"])
    rows = together["student"].assign(
        kind=parting.kinds,
        **{
            f"teacher_{name}": together["teacher"][name]
            for name in ("predicted", "loss", "rougeL", "error")
            if name in together["teacher"]
        },
    )
    return Compared(
        compare_sides(_found.output, main.name, together, higher_is_better=main.higher_is_better),
        by_label(_found.output, together),
        parting,
        rows,
        _note,
    )


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(path) from error


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> UserError:
    what = "What the teacher said cannot be read, so there is nothing to compare with."
    return UserError(Problem(what, str(path), "Train the run again.", code="damaged-run"))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
