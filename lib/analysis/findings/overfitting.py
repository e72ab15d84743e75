"""Whether a model knows the rows it has learned from far better than rows it has not seen."""

from lib.analysis.findings.case import Case, Curve, short
from lib.analysis.intervals import number
from lib.errors import Problem

# The losses must differ by both: a ratio means little near zero, a gap little far from it.
LEAST_RATIO, LEAST_GAP = 2.0, 0.3
# The training loss is taken as the mean over this share of the steps before a step.
SHARE = 0.1
# Rising: this far above its lowest, over two validations, while the training loss fell as clearly. One validation of
# a few hundred rows may be a tenth off.
RISEN, FALLEN, LEAST_RISING = 1.2, 0.8, 2
# A weight decay that still helps; beyond it a model forgets more than it gains.
STRONG_DECAY = 0.1


def overfitting(case: Case) -> Problem | None:
    """Validation loss far above training loss at the step that is kept; or, while it trains, rising ever since."""
    held, losses = case.held, case.losses
    if not len(held) or not len(losses) or not case.plain_loss:
        return None
    kept = case.best_step if case.best_step is not None else _best_so_far(case)
    at_kept = held.values[held.steps == kept]
    seen = _around(losses, kept)
    low = int(held.values.argmin())
    if len(at_kept) and seen is not None:
        unseen = float(at_kept[-1])
        if unseen >= LEAST_RATIO * seen and unseen - seen >= LEAST_GAP:
            return _said(
                case,
                f"The model knows its training rows far better than new ones (overfitting). At step {kept:,} the "
                f"loss is {number(seen)} on training rows and {number(unseen)} on validation rows.",
                earlier=held.steps[low] < kept,
            )
    before, after = _around(losses, int(held.steps[low])), _around(losses, int(held.steps[-1]))
    rising = len(held) - 1 - low >= LEAST_RISING and held.values[-1] >= RISEN * held.values[low]
    if case.ended or not rising or kept > held.steps[low] or before is None or after is None:
        return None  # a model that is kept from before the rise has not been harmed by it
    if after > FALLEN * before:
        return None
    return _said(
        case,
        f"The model has begun to learn rows by heart (overfitting). Since step {held.steps[low]:,} the validation "
        f"loss rose from {number(float(held.values[low]))} to {number(float(held.values[-1]))}, while the training "
        f"loss fell from {number(before)} to {number(after)}.",
        earlier=True,
    )


def _best_so_far(case: Case) -> int:
    scores = case.scores
    if not len(scores):
        return int(case.held.steps[-1])
    best = scores.values.argmax() if case.higher_is_better else scores.values.argmin()
    return int(scores.steps[int(best)])


def _around(losses: Curve, step: int) -> float | None:
    """The mean training loss over the steps up to this one."""
    window = losses.between(step - max(1.0, SHARE * float(losses.steps[-1])), step)
    return float(window.values.mean()) if len(window) else None


def _said(case: Case, what: str, *, earlier: bool) -> Problem:
    held = case.held
    epochs = case.within("epochs", float(held.epochs[int(held.values.argmin())]))
    if earlier and 0 < epochs < float(case.options.get("epochs", 0.0)):
        changes = case.option_change("epochs", epochs)
        way = f"Fewer epochs may help: the validation loss was lowest after {short(epochs)}."
    elif float(case.options.get("weight_decay", STRONG_DECAY)) < STRONG_DECAY:
        changes = case.option_change("weight_decay", case.within("weight_decay", STRONG_DECAY))
        way = f"A weight decay of {short(STRONG_DECAY)} may help."
    else:
        slower = case.within("learning_rate", case.rate / 2)
        changes = case.option_change("learning_rate", slower)
        way = f"A learning rate of {short(slower)} may help."
    fix = f"The scores on test rows are honest all the same. More rows help most. {way}"
    return Problem(what, "loss", fix, "warning", "overfitting", changes)
