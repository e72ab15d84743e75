"""Rows that nearly repeat another row of the same part of the split, with the same answer."""

import numpy as np

from lib.data.checks.case import Case
from lib.data.checks.exact_duplicates import in_one_part, keep_one
from lib.data.checks.finding import Finding
from lib.data.checks.groups import differing, members, repeats
from lib.data.checks.words import by_part, counted

_FEW = 0.02


def near_duplicates(case: Case) -> list[Finding]:
    """Near repeats within training, validation or test; what is equal is said by another check."""
    alike = in_one_part(case, case.near)
    rows, groups = members(alike, differing(alike, case.same))
    extra = repeats(rows, groups)
    if not len(extra):
        return []
    how = (
        "but for size, format or brightness"
        if case.pictures is not None
        else "but for case, marks or some words"
    )
    share = len(extra) / max(1, int(np.count_nonzero(case.usable)))
    why = (
        "What is nearly the same many times over weighs more than the rest, and adds less than the number "
        "of rows says."
    )
    if share < _FEW:
        why += " There are few of them, so little changes either way."
    return [
        Finding(
            check="near-duplicates",
            what=f"{counted(len(extra), 'row repeats', 'rows repeat')} another row of the same part {how}: "
            f"{by_part(case.part[extra])}.",
            why=why,
            rows=rows,
            groups=groups,
            fixes=(keep_one(case, extra),),
        )
    ]
