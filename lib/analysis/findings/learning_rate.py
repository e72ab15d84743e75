"""Whether the steps are too long or too short: a loss that rises, stays at chance, jumps, or hardly moves."""

import math
from collections.abc import Mapping

import numpy as np

from lib.analysis.findings.case import FEWEST_LOSSES, Case, short
from lib.analysis.intervals import number
from lib.errors import Problem

# Losses of single batches vary by a factor of two at most where a batch has 8 rows or more; a median over some that
# lies this far above the start is no accident. The gap keeps small losses, where ratios mean little, out.
DIVERGED_RATIO, DIVERGED_GAP, DIVERGED_FEWEST = 2.0, 0.5, 8
STEADY_ROWS = 8
# The loss counts as still at chance (or at its start) within 5 %: a head that only learned how frequent the labels
# are gets there, and nothing less moves a loss of steps that do teach.
STUCK = 0.95
# It had learned something when the mean over ten steps was this far below.
HAD_FALLEN = 0.8
# Presets are right within a factor of two for every model that was measured; these are clearly outside.
FAR_ABOVE, FAR_BELOW = 3.0, 1 / 3
# A batch this far above the start, after warm-up, in one step of ten: single hard batches are rarer.
SPIKE, SPIKES = 2.0, 0.1
# What a learning rate is divided by when the loss runs away: one step on the usual grid (1.5e-4, 3e-5).
SLOWER = 5.0


def chance_loss(counts: Mapping[str, int], *, smoothing: float = 0.0, weighted: bool = False) -> float | None:
    """The cross-entropy (natural log) of always giving each label its share of the rows; None without counts.

    With balanced class weights every label counts the same; label smoothing mixes the truth with equal shares.
    """
    seen = [count for count in counts.values() if count > 0]
    if len(seen) < 2:
        return None
    shares = np.full(len(seen), 1 / len(seen)) if weighted else np.asarray(seen) / sum(seen)
    mixed = (1 - smoothing) * shares + smoothing / len(seen)
    return float(-(mixed * np.log(mixed)).sum())


def slower_rate(case: Case) -> float:
    """A fifth of the learning rate, or the usual one where even a fifth lies above it."""
    wanted = case.rate / SLOWER
    return case.within("learning_rate", min(wanted, case.usual_rate) if case.usual_rate else wanted)


def diverging(case: Case) -> Problem | None:
    """The training loss has risen far above where it began, or the gradient is no number."""
    norms = case.curve("train", "gradient_norm")
    broken = norms.steps[~np.isfinite(norms.values)]
    losses = case.losses
    if len(broken):
        evidence = f"The gradient is not a number from step {broken[0]:,} on."
    elif len(losses) >= DIVERGED_FEWEST:
        start = _start(case)
        recent = float(np.median(losses.values[-max(5, len(losses) // 10) :]))
        if not (recent >= DIVERGED_RATIO * start and recent - start >= DIVERGED_GAP):
            return None
        evidence = (
            f"The training loss began at {number(start)} and is {number(recent)} around step "
            f"{losses.steps[-1]:,} (median of the last {max(5, len(losses) // 10)} steps)."
        )
    else:
        return None
    return _too_fast(case, f"The model diverges: its steps are too long. {evidence}", "diverging")


def rate_too_high(case: Case) -> Problem | None:
    """The loss stays where knowing nothing is, or jumps again and again, at a learning rate that explains it."""
    losses = case.losses
    warm = losses.between(float(case.options.get("warmup", 0.0)) * case.total_steps, math.inf)
    if len(warm) < FEWEST_LOSSES:
        return None
    chance, start = _chance(case), _start(case)
    late, level = losses.last(1 / 3), chance if chance is not None else start
    rolled = np.convolve(losses.values, np.ones(10) / 10, mode="valid")
    fell = float(rolled.min()) < HAD_FALLEN * level
    far = case.usual_rate is not None and case.rate >= FAR_ABOVE * case.usual_rate
    what = "chance" if chance is not None else "its start"
    # Without a level of chance a loss may well be good where it began: it must have risen.
    if late >= (STUCK if chance is not None else 1.0) * level and (far or fell):
        evidence = (
            f"The training loss is {number(late)} over the last third of {losses.steps[-1]:,} steps, and {what} "
            f"is {number(level)}{'; it had been lower before' if fell else ''}."
        )
    elif case.rows_per_step >= STEADY_ROWS and np.mean(warm.values >= SPIKE * start) >= SPIKES:
        evidence = (
            f"In {100 * float(np.mean(warm.values >= SPIKE * start)):.0f} % of the steps after warm-up the "
            f"training loss was more than twice the {number(start)} that it began with."
        )
    else:
        return None
    head = f"The learning rate of {short(case.rate)} is too high for the model to learn. "
    return _too_fast(case, f"{head}{evidence}{_clipped(case)}", "learning-rate-too-high")


def rate_too_low(case: Case) -> Problem | None:
    """The loss hardly moves, though there were steps enough, at a learning rate far below the usual one."""
    losses, usual = case.losses, case.usual_rate
    enough = len(losses) >= FEWEST_LOSSES and losses.steps[-1] >= case.total_steps / 2
    if not enough or usual is None or case.rate > FAR_BELOW * usual:
        return None
    first = float(losses.values[: max(5, len(losses) // 10)].mean())
    late = losses.last(1 / 3)
    if late < STUCK * first or late > first / STUCK:
        return None
    wanted = case.within("learning_rate", usual)
    return Problem(
        f"The learning rate of {short(case.rate)} is too low for the model to learn. The training loss went from "
        f"{number(first)} to {number(late)} in {losses.steps[-1]:,} steps.",
        "options.learning_rate",
        f"Train again with the learning rate that is usual for such a run, {short(wanted)}.",
        "warning",
        "learning-rate-too-low",
        case.option_change("learning_rate", wanted),
    )


def _too_fast(case: Case, what: str, code: str) -> Problem:
    slower = slower_rate(case)
    changes = case.option_change("learning_rate", slower) if slower < case.rate else {}
    fix = (
        f"Train again with a learning rate of {short(slower)}."
        if changes
        else "Lower the gradient clipping, or look for texts or numbers out of proportion in the data."
    )
    return Problem(what, "options.learning_rate", fix, "warning", code, changes)


def _start(case: Case) -> float:
    """The loss that training began with, before any step, or chance where that is higher.

    The first batch of a few rows may be easy by luck, so the median of ten stands in for it there.
    """
    values = case.losses.values
    first = float(values[0] if case.rows_per_step >= STEADY_ROWS else np.median(values[:10]))
    return max(first, _chance(case) or 0.0)


def _chance(case: Case) -> float | None:
    return chance_loss(
        case.label_counts,
        smoothing=float(case.options.get("label_smoothing", 0.0)),
        weighted=case.options.get("class_weights") == "balanced",
    )


def _clipped(case: Case) -> str:
    """How often the gradient was cut, as a sentence. Not evidence alone: healthy runs are clipped often too."""
    norms = case.curve("train", "gradient_norm")
    limit = float(case.options.get("max_gradient_norm", math.inf))
    share = float(np.mean(norms.values > limit)) if len(norms) else 0.0
    return (
        f" The gradient was longer than {short(limit)} and cut in {100 * share:.0f} % of the steps."
        if share > 0.9
        else ""
    )
