"""Whether the test set is large enough to tell two models apart that differ by two points."""

import math
from dataclasses import replace

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.words import counted

POINTS = 0.02
# Two good models of one task give different answers, one of them right, on about one row in ten.
DISAGREE = 0.1
_LARGEST_SHARE = 0.3


def tells(rows: int) -> float:
    """The smallest difference in accuracy, in [0, 1], that is beyond chance (5 %) on so many test rows.

    McNemar's test on the rows where just one of two models is right, `DISAGREE` of all:
    their difference has the standard error √(DISAGREE / rows) if both are equally good.
    """
    return 1.96 * math.sqrt(DISAGREE / rows)


def rows_to_tell(difference: float) -> int:
    """How many test rows it takes to tell such a difference."""
    return math.ceil(DISAGREE * (1.96 / difference) ** 2)


def small_test(case: Case) -> list[Finding]:
    """A test set that cannot tell two points."""
    rows, used = int((case.part == 2).sum()), int(case.usable.sum())
    wanted = rows_to_tell(POINTS)
    if not rows or rows >= wanted:
        return []
    what = (
        f"On {counted(rows, 'test row')} two models must differ by {100 * tells(rows):.1f} points of "
        "accuracy to be told apart; "
        f"for {100 * POINTS:.0f} points it takes {wanted:,}."
    )
    share = round(wanted / max(1, used), 2)
    plan, advice = (
        case.split,
        "More rows help; until then compare runs on their intervals, and over several seeds.",
    )
    fixes: tuple[Fix, ...] = ()
    if plan.column is None and share <= _LARGEST_SHARE:
        train = 1 - share - plan.validation
        wider = replace(plan, train=round(train, 4), test=share)
        fix = Fix(
            "larger-test",
            f"Use {100 * share:.0f} % for testing",
            f"About {share * used:,.0f} test rows instead of {rows:,}, and as many fewer to learn from. "
            "Scores are on other rows "
            "than before.",
            Edits(split=wider),
        )
        fixes, advice = (fix,), ""
    return [
        Finding(
            check="small-test",
            what=what,
            why="A smaller difference is within chance (95 %, if the two models disagree on one row in "
            "ten), so choosing the "
            "better one is guessing.",
            where="split",
            advice=advice,
            fixes=fixes,
        )
    ]
