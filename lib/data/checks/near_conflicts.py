"""Rows that read nearly the same, a word or a mark aside, but have different labels."""

import numpy as np

from lib.data.checks.case import Case
from lib.data.checks.conflicting_labels import agreeing, answer_codes
from lib.data.checks.finding import Finding
from lib.data.checks.groups import differing, members
from lib.data.checks.words import counted


def near_conflicts(case: Case) -> list[Finding]:
    """Groups of nearly equal rows that do not agree; those that are equal are said by another check."""
    if case.answers is None or case.answer not in ("label", "labels"):
        return []
    chosen = np.intersect1d(differing(case.near, answer_codes(case)[0]), differing(case.near, case.same))
    rows, groups = members(case.near, chosen)
    if not len(rows):
        return []
    what = (
        f"{counted(len(rows), 'row')} in {counted(int(groups.max()) + 1, 'group')} of nearly equal rows that have "
        "different labels."
    )
    why = (
        "Where the difference does not change the meaning, one of the labels is wrong. Where it does, such "
        "as a “not”, all "
        "is well and the model has much to learn from: look at some before you change them."
    )
    return [
        Finding(
            check="near-conflicts",
            what=what,
            why=why,
            rows=rows,
            groups=groups,
            where=case.answer_column,
            fixes=agreeing(case, rows, groups),
        )
    ]
