"""Rows with more tokens than a model reads, whose end is cut off."""

import numpy as np
import pyarrow.compute as pc

from lib.data.checks.case import Case
from lib.data.checks.finding import Edits, Finding, Fix
from lib.data.checks.words import by_part, counted, per_cent, test_rows_said
from lib.data.profile import as_arrow

# Beyond this many characters a text is over-long in any tokens; the rest need not be counted.
_ENOUGH = 20_000
_BATCH = 500


def long_rows(case: Case) -> list[Finding]:
    """Rows of more tokens than there is room for. Only what could be so, by its bytes, is counted."""
    if case.count_tokens is None or case.pictures is not None:
        return []
    sizes = np.asarray(pc.fill_null(pc.binary_length(as_arrow(case.inputs)), 0))
    likely = np.flatnonzero(case.usable & (sizes > case.room - 2))
    texts = [str(text)[:_ENOUGH] for text in case.inputs.iloc[likely]]
    found = []
    for start in range(0, len(texts), _BATCH):
        found += list(case.count_tokens(texts[start : start + _BATCH]))
        case.tell(start / len(texts))
    rows = likely[np.asarray(found, dtype=np.int64) > case.room] if found else likely[:0]
    if not len(rows):
        return []
    used = int(case.usable.sum())
    fix = Fix(
        "drop",
        f"Leave out {counted(len(rows), 'row')}",
        f"Leaves out {by_part(case.part[rows])}. Do so only if the end matters, as in a summary of the "
        f"whole.{test_rows_said(case.part[rows])}",
        Edits(drop=rows),
    )
    return [
        Finding(
            check="long-rows",
            what=f"{counted(len(rows), 'row has', 'rows have')} more than {case.room:,} tokens "
            f"({per_cent(len(rows), used)}, counted by {case.tokenizer}).",
            why=f"A model that reads {case.room:,} tokens never sees the rest of them.",
            rows=rows,
            advice="A model that reads longer texts sees them whole; often the beginning says enough.",
            fixes=(fix,),
        )
    ]
