"""Rows whose picture is gone or cannot be opened."""

import numpy as np

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.words import counted, test_rows_said


def corrupt_images(case: Case) -> list[Finding]:
    """Pictures that cannot be read to their end."""
    if case.pictures is None:
        return []
    rows = np.flatnonzero(case.usable & ~case.readable_pictures)
    if not len(rows):
        return []
    fix = Fix(
        "drop",
        f"Leave out {counted(len(rows), 'row')}",
        f"The rows go; the files stay where they are.{test_rows_said(case.part[rows])}",
        Edits(drop=rows),
    )
    return [
        Finding(
            check="corrupt-images",
            what=f"{counted(len(rows), 'row names', 'rows name')} a picture that cannot be opened or breaks off.",
            why="A run stops at the first of them.",
            rows=rows,
            severity="error",
            fixes=(fix,),
        )
    ]
