"""Labels with so few rows that nothing can be learned or said of them."""

import numpy as np

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.words import counted, named, test_rows_said

# Below this a label has about one test row in ten, and its score is 0 or 1.
FEWEST = 10
_OTHER = "other"


def rare_labels(case: Case) -> list[Finding]:
    """Labels of fewer than ten rows."""
    if case.labels is None:
        return []
    counts = case.labels.value_counts()
    rare = counts[counts < FEWEST]
    if rare.empty or len(counts) < 2:
        return []
    rows = np.flatnonzero(case.labels.isin(rare.index).to_numpy())
    left = len(counts) - len(rare)
    fixes = []
    if case.answer_column and left >= 1 and len(rare) >= 2:
        known = {str(label).casefold(): str(label) for label in counts.index if label not in rare.index}
        other = known.get(_OTHER, _OTHER)
        fixes.append(
            Fix(
                "merge-rare",
                f"Merge them into “{other}”",
                f"{counted(len(rows), 'row')} of {counted(len(rare), 'label')} get one "
                f"label.{test_rows_said(case.part[rows])}",
                Edits(column=case.answer_column, rows=rows, values=(other,) * len(rows)),
            )
        )
    if left >= 2:
        fixes.append(
            Fix(
                "drop",
                f"Leave out {counted(len(rows), 'row')}",
                "The model never gives "
                f"{'this label' if len(rare) == 1 else 'these labels'}.{test_rows_said(case.part[rows])}",
                Edits(drop=rows),
            )
        )
    what = (
        f"{len(rare):,} of {counted(len(counts), 'label')} {'has' if len(rare) == 1 else 'have'} fewer "
        f"than {FEWEST} rows: {named([str(label) for label in rare.index])}."
    )
    return [
        Finding(
            check="rare-labels",
            what=what,
            why="The model hardly sees them, and a score on one or two test rows is chance. In macro-F1 "
            "each counts as much as "
            "the largest label.",
            rows=rows,
            where=case.answer_column,
            advice="More rows of these labels help most." if not fixes else "",
            fixes=tuple(fixes),
        )
    ]
