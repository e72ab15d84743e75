"""Divides rows into folds of equal size, so that each row can be judged by a model that has not seen it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.data.split import SplitPlan, division


def folds(
    frame: pd.DataFrame, plan: SplitPlan, *, count: int, label: str | None, text: Sequence[str]
) -> "pd.Series[int]":
    """The fold of every row, 0 to `count` − 1, indexed like `frame`.

    Rows with the same text (case and white space aside) and rows of the plan's group are in one fold. Every label is
    spread as evenly as whole units allow, and like a split the outcome is a function of the contents, not of the
    order of the rows.
    """
    units, keys, strata = division(frame, plan, label=label, text=text)
    sizes = np.bincount(units, minlength=len(keys))
    fold = np.zeros(len(keys), dtype=np.int64)
    filled = np.zeros(count, dtype=np.int64)
    ordered = np.lexsort((keys, strata))
    starts = np.flatnonzero(np.diff(strata[ordered])) + 1
    for block in np.split(ordered, starts):
        here = np.zeros(count, dtype=np.int64)
        # The largest units first, or a late one would unbalance what was even.
        for unit in block[np.argsort(-sizes[block], kind="stable")]:
            # Where this label has least rows; among equals where there are least rows at all.
            chosen = int(np.lexsort((filled, here))[0])
            fold[unit] = chosen
            here[chosen] += sizes[unit]
            filled[chosen] += sizes[unit]
    return pd.Series(fold[units], index=frame.index, name="fold")
