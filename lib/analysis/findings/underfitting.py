"""Whether the training ended too early: too few steps to learn anything, or a model that was still getting better."""

from lib.analysis.findings.baseline import no_better
from lib.analysis.findings.case import FEWEST_LOSSES, Case, short
from lib.analysis.intervals import number
from lib.analysis.scores import title
from lib.errors import Problem

# Fine-tuning needs some hundred steps; below this nearly every model that was measured still sat at chance.
FEW_STEPS = 50
HARDLY_MOVED = 0.9
# The last validation brought this much (of a share; relative for other scores): less is what another seed changes.
LEAST_GAIN, LEAST_RELATIVE_GAIN = 0.02, 0.05
# The training loss over the last fifth of the steps against the fifth before, though the learning rate falls there.
STILL_FALLING = 0.9
FIFTH = 0.2


def too_few_steps(case: Case) -> Problem | None:
    """It took so few steps that its loss has hardly moved or it is no better than knowing nothing."""
    if not case.ended or not 0 < case.steps < FEW_STEPS:
        return None
    against, losses = no_better(case), case.losses
    if against is None:
        if not len(losses) or losses.last(1 / 3) < HARDLY_MOVED * (first := float(losses.values[0])):
            return None
        against = f"The training loss went from {number(first)} to {number(losses.last(1 / 3))}."
    usual = float(case.usual.get("epochs", 0.0))
    if usual and float(case.options.get("epochs", 0.0)) >= usual:
        return None  # it is not the epochs that are few
    return _longer(
        case,
        f"The model has had too little time to learn (underfitting). It took {case.steps:,} "
        f"step{'' if case.steps == 1 else 's'}. {against}",
    )


def still_learning(case: Case) -> Problem | None:
    """The loss was still falling and the validation score still rising when the training ended."""
    scores, losses, held = case.scores, case.losses, case.held
    if not case.ended or case.steps < case.total_steps or len(scores) < 2 or len(losses) < FEWEST_LOSSES:
        return None
    last, before = float(scores.values[-1]), scores.values[:-1]
    gain = last - float(before.max()) if case.higher_is_better else float(before.min()) - last
    share = case.higher_is_better and 0 <= last <= 1
    if gain < (LEAST_GAIN if share else LEAST_RELATIVE_GAIN * abs(float(before[-1]))):
        return None
    if len(held) and held.values[-1] > held.values.min():
        return None
    end = float(losses.steps[-1])
    late, earlier = (
        losses.between((1 - FIFTH) * end, end),
        losses.between((1 - 2 * FIFTH) * end, (1 - FIFTH) * end),
    )
    if late.values.mean() > STILL_FALLING * earlier.values.mean():
        return None
    name = title(case.score)
    return _longer(
        case,
        f"The model was still learning when the training ended (underfitting). {name[0].upper()}{name[1:]} on "
        f"validation rows {'rose' if case.higher_is_better else 'fell'} from {number(float(before[-1]))} to "
        f"{number(last)} at the last validation, and the training loss fell from "
        f"{number(float(earlier.values.mean()))} to {number(float(late.values.mean()))} over the last steps.",
    )


def _longer(case: Case, what: str) -> Problem:
    now = float(case.options.get("epochs", 1.0))
    epochs = case.within("epochs", max(2 * now, float(case.usual.get("epochs", 0.0))))
    changes = case.option_change("epochs", epochs) if epochs > now else {}
    fix = (
        f"Train again for {short(epochs)} epochs." if changes else "Train again with a higher learning rate."
    )
    return Problem(what, "options.epochs", fix, "warning", "underfitting", changes)
