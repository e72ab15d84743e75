"""Rows that repeat another row of the same part of the split, with the same answer."""

import numpy as np
import pandas as pd

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.groups import members, repeats, several
from lib.data.checks.words import by_part, counted, test_rows_said


def exact_duplicates(case: Case) -> list[Finding]:
    """Repeats within training, validation or test."""
    rows, groups = members(alike := in_one_part(case, case.same), several(alike))
    extra = repeats(rows, groups)
    if not len(extra):
        return []
    return [
        Finding(
            check="exact-duplicates",
            what=f"{counted(len(extra), 'row repeats', 'rows repeat')} another row of the same part: "
            f"{by_part(case.part[extra])}.",
            why="A row that is there twice counts twice, in what is learned and in the score.",
            rows=rows,
            groups=groups,
            fixes=(keep_one(case, extra),),
        )
    ]


def in_one_part(case: Case, groups: np.ndarray) -> np.ndarray:
    """The groups, cut where rows are in different parts or have different answers; −1 stays −1."""
    keys = pd.DataFrame({"group": groups, "part": case.part})
    if case.answers is not None:
        keys["answer"] = pd.factorize(case.answers)[0]
    used = groups >= 0
    found = np.full(len(groups), -1, dtype=np.int64)
    found[used] = keys[used].groupby(list(keys.columns), sort=False).ngroup().to_numpy()
    return found


def keep_one(case: Case, extra: np.ndarray) -> Fix:
    """The fix that leaves out all rows of each group but the first."""
    return Fix(
        "keep-one",
        f"Keep one of each: {counted(len(extra), 'row')} fewer",
        f"Leaves out {by_part(case.part[extra])}.{test_rows_said(case.part[extra])}",
        Edits(drop=extra),
    )
