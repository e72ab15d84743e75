"""Rows with nothing to read."""

import numpy as np

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.words import counted, per_cent


def missing_inputs(case: Case) -> list[Finding]:
    """Rows whose input is empty."""
    rows = np.flatnonzero(case.inputs.isna().to_numpy())
    if not len(rows):
        return []
    total = len(case.frame)
    fix = Fix(
        "drop",
        f"Leave out {counted(len(rows), 'row')}",
        "Nothing that a model could use is lost.",
        Edits(drop=rows),
    )
    return [
        Finding(
            check="missing-inputs",
            what=f"{len(rows):,} of {counted(total, 'row')} ({per_cent(len(rows), total)}) "
            f"{'has' if len(rows) == 1 else 'have'} "
            f"no {case.input_title}.",
            why="They are left out of every run. Many of them may mean that another column is the right one.",
            rows=rows,
            fixes=(fix,),
        )
    ]
