"""A distilled student beside its teacher and beside the same student that had no teacher, on the same test rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from lib.analysis.intervals import Difference, Interval, f1_interval
from lib.analysis.judged import score_intervals
from lib.analysis.paired import (
    PairedScores,
    is_share,
    middle,
    not_a_point,
    paired_labels,
    paired_scores,
)
from lib.errors import Problem, UserError
from lib.tasks.outputs import Continuation, MaskedTokens, Output

Side = Literal["teacher", "student", "control"]
SIDES: tuple[Side, ...] = ("teacher", "student", "control")
Outcome = Literal["beats", "within noise", "worse"]


@dataclass(frozen=True)
class Estimate:
    """A number and the ends of its 95 % interval (not numbers where none is known)."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True)
class Distilled:
    """One score of teacher, student and, where there is one, control on the same rows.

    `kept` is student / teacher (and control / teacher), absent where a ratio means nothing: the teacher's score is not
    clearly above zero. Where lower is better it is how many times as large the error is. `over_control` and
    `over_teacher` are the student's lead, above zero where the student is better.
    """

    score: str
    higher_is_better: bool
    rows: int
    scores: Mapping[Side, Estimate]
    kept: Mapping[Side, Estimate]
    over_teacher: Difference
    over_control: Difference | None = None

    @property
    def outcome(self) -> Outcome | None:
        """The student against its control; None without one."""
        return None if self.over_control is None else outcome_of(self.over_control)


def outcome_of(lead: Difference) -> Outcome:
    """What a student's lead amounts to."""
    if lead.within_noise:
        return "within noise"
    return "beats" if lead.value > 0 else "worse"


def aligned(output: Output, judged: Mapping[Side, pd.DataFrame]) -> dict[Side, pd.DataFrame]:
    """The judged rows of all sides in the student's order, found by `row` (and its how manyeth where it comes again).

    Raises UserError when a side was judged on other rows, or cuts the texts into other tokens where those are
    what is scored.
    """
    keys = {side: _keys(frame) for side, frame in judged.items()}
    wanted = keys["student"]
    found = {}
    for side, frame in judged.items():
        places = pd.Series(np.arange(len(frame)), index=keys[side])
        if len(frame) != len(wanted) or not places.index.isin(wanted).all():
            raise _not_comparable(f"The {side} was judged on other rows than the student.")
        found[side] = frame.iloc[places.loc[wanted].to_numpy()].reset_index(drop=True)
    # What should have come is spelled by the tokenizer where tokens are judged, so there the tokens decide.
    tokens = isinstance(output, Continuation | MaskedTokens)
    for side, frame in found.items():
        told = "tokens_judged" if tokens else "gold"
        if not frame[told].equals(found["student"][told].astype(frame[told].dtype)):
            what = "cuts the texts into other tokens" if tokens else "was judged by other answers"
            raise _not_comparable(
                f"The {side} {what} than the student, so the two scores measure different things."
            )
    return found


def _keys(frame: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([frame["row"], frame.groupby("row").cumcount()])


def _not_comparable(what: str) -> UserError:
    fix = "Train the student again with the data set as it is now."
    return UserError(Problem(what, "test rows", fix, code="not-comparable"))


def compare_sides(
    output: Output, score: str, judged: Mapping[Side, pd.DataFrame], *, higher_is_better: bool = True
) -> Distilled | None:
    """The comparison by one score, from aligned rows; None for a score that cannot be resampled, and for no rows."""
    sides = [side for side in SIDES if side in judged]
    frames = [judged[side] for side in sides]
    rows = len(frames[0])
    found = paired_scores(output, score, frames) if rows else None
    if found is None:
        return None
    share = is_share(score)
    place = {side: number for number, side in enumerate(sides)}
    scores: dict[Side, Estimate] = {}
    for side, frame in zip(sides, frames, strict=True):
        ends = score_intervals(output, frame).get(score, (float("nan"), float("nan")))
        scores[side] = Estimate(float(found.values[place[side]]), *ends)
    teacher = scores["teacher"]
    kept: dict[Side, Estimate] = {}
    # A share of next to nothing, or of less than nothing, is no share.
    if teacher.value > 0 and not teacher.low <= 0:
        kept = {
            side: _ratio(found, place[side], place["teacher"], rows=rows, share=share)
            for side in sides
            if side != "teacher"
        }

    def lead(other: Side) -> Difference:
        sign = 1.0 if higher_is_better else -1.0
        value = sign * float(found.values[place["student"]] - found.values[place[other]])
        ends = middle(sign * (found.draws[:, place["student"]] - found.draws[:, place[other]]))
        return Difference(value, *(not_a_point(value, ends, rows) if share else ends))

    control = lead("control") if "control" in place else None
    return Distilled(score, higher_is_better, rows, scores, kept, lead("teacher"), control)


def _ratio(found: PairedScores, side: int, teacher: int, *, rows: int, share: bool) -> Estimate:
    value = float(found.values[side] / found.values[teacher])
    whole = found.draws[:, teacher]
    ends = middle(found.draws[whole > 0, side] / whole[whole > 0])
    return Estimate(value, *(not_a_point(value, ends, rows) if share else ends))


def by_label(output: Output, judged: Mapping[Side, pd.DataFrame]) -> pd.DataFrame | None:
    """F1 of each label on each side, from aligned rows; None for outputs without labels, and for no rows.

    One row a label: label, support (rows, or spans, that truly are it), for each side its F1 and the ends of its 95 %
    interval (`teacher`, `teacher_low`, `teacher_high` …), `kept` (student / teacher; missing where that is 0), and
    `gap`, `gap_low`, `gap_high`: student − teacher on shared draws.
    """
    sides = [side for side in SIDES if side in judged]
    frames = [judged[side] for side in sides]
    found = paired_labels(output, frames) if len(frames[0]) else None
    if found is None:
        return None
    table = pd.DataFrame({"label": found.labels, "support": found.exact[0].support.astype(int)})
    for side, margins in zip(sides, found.exact, strict=True):
        table[side] = margins.f1
        ends = f1_interval(margins.correct, margins.support, margins.predicted)
        table[f"{side}_low"], table[f"{side}_high"] = ends
    table["kept"] = (table["student"] / table["teacher"].where(table["teacher"] > 0)).astype(float)
    table["gap"] = table["student"] - table["teacher"]
    place = {side: number for number, side in enumerate(sides)}
    gaps = found.f1_draws[:, place["student"]] - found.f1_draws[:, place["teacher"]]
    # So many rows speak of a label: those that have it, or were given it by one of the two.
    informed = np.maximum.reduce([found.exact[place[side]].predicted for side in ("teacher", "student")])
    informed = np.maximum(informed, found.exact[0].support).clip(1)
    spans = [
        not_a_point(gap, middle(gaps[:, number]), int(informed[number]))
        for number, gap in enumerate(table["gap"])
    ]
    table["gap_low"], table["gap_high"] = np.array(spans, dtype=float).reshape(-1, 2).T
    return table


def across_seeds(leads: Sequence[float]) -> Estimate | None:
    """The mean lead over runs that differ in their seeds only, with Student's 95 % interval; None for fewer than two.

    mean ± t(0.975, n − 1) · s/√n with the standard deviation s of n leads, each of a student over its own control.
    """
    n = len(leads)
    if n < 2:
        return None
    mean, spread = float(np.mean(leads)), float(np.std(leads, ddof=1))
    half = float(student_t.ppf(0.975, n - 1)) * spread / n**0.5
    return Estimate(mean, mean - half, mean + half)


def interval_of(found: Estimate) -> Interval | None:
    """The ends of an estimate's interval, if it has one."""
    return (found.low, found.high) if np.isfinite([found.low, found.high]).all() else None
