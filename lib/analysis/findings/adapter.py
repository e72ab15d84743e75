"""Whether an adapter (LoRA) has changed anything: it starts as no change, so a still one leaves the model as it was."""

from lib.analysis.findings.baseline import no_better
from lib.analysis.findings.case import FEWEST_LOSSES, Case, short
from lib.analysis.intervals import number
from lib.errors import Problem

ADAPTERS = ("lora", "qlora")
# An adapter begins with no change at all. Twenty steps at the preset's rate changed the weights of a chat model by
# 0.08 %, and it had learned from them; a rate of 1e-7 leaves a change of about 0.001 %.
STILL = 1e-4
# The loss hardly fell over all the steps.
FLAT = 0.97
FASTER = 5.0


def idle_adapter(case: Case) -> Problem | None:
    """The adapter's change is next to nothing; or the loss is flat and the model no better than untaught."""
    if case.method.get("name") not in ADAPTERS or not case.ended:
        return None
    losses = case.losses
    if case.adapter_change is not None and case.adapter_change < STILL:
        evidence = (
            f"After {case.steps:,} steps it changes the weights it lies beside by {100 * case.adapter_change:.1g} % of "
            "their size (median over the matrices)."
        )
        return _said(case, evidence, {})
    if len(losses) < FEWEST_LOSSES or no_better(case) is None:
        return None
    first, late = float(losses.values[: max(5, len(losses) // 10)].mean()), losses.last(1 / 3)
    if late < FLAT * first:
        return None
    rank, alpha = int(case.method.get("rank", 16)), int(case.method.get("alpha", 32))
    wider = {"rank": int(case.within("rank", 2 * rank)), "alpha": int(case.within("alpha", 2 * alpha))}
    evidence = (
        f"The training loss went from {number(first, digits=3)} to {number(late, digits=3)} in "
        f"{losses.steps[-1]:,} steps, and the model is no better than before."
    )
    return _said(case, evidence, wider)


def _said(case: Case, evidence: str, method: dict[str, int]) -> Problem:
    wanted = case.within("learning_rate", max(FASTER * case.rate, case.usual_rate or 0.0))
    changes = case.option_change("learning_rate", wanted) | ({"method": method} if method else {})
    wider = f" and a rank of {method['rank']}" if method else ""
    return Problem(
        f"The adapter has learned next to nothing. {evidence}",
        "options.learning_rate",
        f"Train again with a learning rate of {short(wanted)}{wider}.",
        "warning",
        "idle-adapter",
        changes,
    )
