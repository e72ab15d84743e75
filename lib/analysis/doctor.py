"""What is wrong with the learning of a run, worst first, while it goes on and when it has ended."""

from collections.abc import Callable, Sequence

from lib.analysis.findings.adapter import idle_adapter
from lib.analysis.findings.baseline import nothing_learned
from lib.analysis.findings.case import Case
from lib.analysis.findings.collapsed import collapsed_label
from lib.analysis.findings.learning_rate import diverging, rate_too_high, rate_too_low
from lib.analysis.findings.overfitting import overfitting
from lib.analysis.findings.reading import cut_texts, padding_waste, unlearned_rows
from lib.analysis.findings.underfitting import still_learning, too_few_steps
from lib.errors import Problem

Finding = Callable[[Case], Problem | None]

# Why nothing was learned: the first that fits is said alone, as it explains the others and what follows from them.
CAUSES: tuple[Finding, ...] = (diverging, rate_too_high, idle_adapter, rate_too_low, too_few_steps)
# What a model that did learn lacks; said only where there is no such cause.
LACKS: tuple[Finding, ...] = (collapsed_label, overfitting, still_learning)
# What is so whatever was learned.
READING: tuple[Finding, ...] = (unlearned_rows, cut_texts, padding_waste)


def findings(case: Case) -> list[Problem]:
    """Everything the case gives reason to say, worst first; none for a run that learns well."""
    learning = _found(CAUSES, case)[:1]
    if not learning:
        learning = _found(LACKS, case)
        if not any(problem.code == "collapsed-label" for problem in learning):
            learning = [*_found((nothing_learned,), case), *learning]
    return [*learning, *_found(READING, case)]


def _found(kinds: Sequence[Finding], case: Case) -> list[Problem]:
    return [problem for find in kinds if (problem := find(case)) is not None]
