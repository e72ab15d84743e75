"""Rows that read the same, case and white space aside, but have different labels."""

import numpy as np
import pandas as pd

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.groups import differing, members, usual
from lib.data.checks.words import counted, test_rows_said

_KINDS = ("label", "labels", "tags", "number")


def conflicting_labels(case: Case) -> list[Finding]:
    """Groups of equal rows that do not agree."""
    if case.answers is None or case.answer not in _KINDS:
        return []
    rows, groups = members(case.same, differing(case.same, answer_codes(case)[0]))
    if not len(rows):
        return []
    number = int(groups.max()) + 1
    what = (
        f"{counted(len(rows), 'row')} with {counted(number, f'{case.input_title}')} that "
        f"{'has' if number == 1 else 'have'} "
        "different labels in different rows."
    )
    why = (
        "At least one label of each group is wrong, or the label depends on something the model does not "
        "see. It cannot "
        "learn both, and in test rows at least one of them counts against it whatever it says."
    )
    return [
        Finding(
            check="conflicting-labels",
            what=what,
            why=why,
            rows=rows,
            groups=groups,
            where=case.answer_column,
            fixes=agreeing(case, rows, groups),
        )
    ]


def answer_codes(case: Case) -> tuple[np.ndarray, pd.Index]:
    """A number for each row's answer (−1 without one), and the answers by number in the order of the alphabet."""
    assert case.answers is not None
    codes, names = pd.factorize(case.answers, sort=True)
    return codes.astype(np.int64), pd.Index(names)


def agreeing(case: Case, rows: np.ndarray, groups: np.ndarray) -> tuple[Fix, ...]:
    """Ways to make groups of rows agree: the usual label of each group where there is one, or without the rows."""
    codes, names = answer_codes(case)
    common, alone = usual(groups, codes[rows])
    fixes = []
    changed = alone & (common != codes[rows]) & (codes[rows] >= 0)
    if case.answer_column and case.answer == "label" and changed.any():
        ties = len(np.unique(groups[~alone]))
        left = (
            f" {counted(ties, 'group')} without a majority {'stays' if ties == 1 else 'stay'} as they are."
            if ties
            else ""
        )
        fixes.append(
            Fix(
                "majority-label",
                f"Give {counted(int(changed.sum()), 'row')} the usual label",
                "Each gets the label that most rows of its group "
                f"have.{left}{test_rows_said(case.part[rows[changed]])}",
                Edits(
                    column=case.answer_column,
                    rows=rows[changed],
                    values=tuple(str(names[code]) for code in common[changed]),
                ),
            )
        )
    fixes.append(
        Fix(
            "drop-all",
            f"Leave out all {len(rows):,}",
            f"Nothing contradictory is learned from or judged on.{test_rows_said(case.part[rows])}",
            Edits(drop=np.sort(rows)),
        )
    )
    return tuple(fixes)
