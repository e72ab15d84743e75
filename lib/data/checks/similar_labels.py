"""Labels that differ in case or white space only and count as different labels."""

import numpy as np
import pandas as pd

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.words import counted, named, test_rows_said


def similar_labels(case: Case) -> list[Finding]:
    """Spellings of one label."""
    if case.labels is None:
        return []
    counts = case.labels.value_counts()
    folded = pd.Series(
        [" ".join(str(label).casefold().split()) for label in counts.index], index=counts.index
    )
    # Most frequent first: that spelling is kept.
    kept = pd.Series(folded.index, index=folded.index).groupby(folded).transform("first")
    others = kept[kept != kept.index]
    if others.empty:
        return []
    meant = case.labels.map(others)
    rows = np.flatnonzero(meant.notna().to_numpy())
    pairs = [f"“{other}” for “{label}”" for other, label in others.items()]
    shown = ", ".join(pairs[:3]) + (f" and {len(pairs) - 3:,} more" if len(pairs) > 3 else "")
    fix = Fix(
        "merge-spellings",
        f"Write {counted(len(rows), 'row')} alike",
        f"Each label is written as most rows write it: {named(sorted(set(others)))}.{test_rows_said(case.part[rows])}",
        Edits(column=case.answer_column, rows=rows, values=tuple(str(value) for value in meant.iloc[rows])),
    )
    return [
        Finding(
            check="similar-labels",
            what=f"{counted(len(others), 'label is', 'labels are')} another one in a different spelling: {shown}.",
            why="The model is asked to tell them apart, cannot, and each of them has fewer rows to learn from.",
            rows=rows,
            where=case.answer_column,
            fixes=(fix,) if case.answer_column else (),
        )
    ]
