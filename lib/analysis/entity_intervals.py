"""How far the scores of found entities might be off; sentences are drawn, as their words depend on each other."""

from typing import Any

import numpy as np
import pandas as pd

from lib.analysis.intervals import Interval
from lib.analysis.resampling import DRAWS, Statistic, bootstrap_shares, ratio


def entity_intervals(
    counts: pd.DataFrame, *, draws: int = DRAWS, seed: int = 0, groups: Any = None
) -> dict[str, Interval]:
    """The 95 % intervals of entity_f1, entity_precision, entity_recall and token_accuracy.

    `counts` has one row a sentence and the columns tp, fp, fn (entities found, wrongly given, missed),
    tokens_correct and tokens. Rows are drawn, or with `groups` (the document of each sentence) whole
    groups. Draws without any entity say nothing of the entity scores and are left
    out; where no row has one nothing is known: 0 to 1.
    Raises UserError for no rows.
    """
    columns = ("tp", "fp", "fn", "tokens_correct", "tokens")
    values = counts[list(columns)].to_numpy(dtype=float)
    return bootstrap_shares(
        values,
        {name: share_of(part, whole) for name, (part, whole) in ENTITY_SHARES.items()},
        informative={name: values @ whole > 0 for name, (_, whole) in ENTITY_SHARES.items()},
        draws=draws,
        seed=seed,
        groups=groups,
    )


# Each score as a share: how often tp, fp, fn, tokens_correct and tokens count in its part and in its whole.
ENTITY_SHARES = {
    "entity_f1": (np.array([2, 0, 0, 0, 0]), np.array([2, 1, 1, 0, 0])),
    "entity_precision": (np.array([1, 0, 0, 0, 0]), np.array([1, 1, 0, 0, 0])),
    "entity_recall": (np.array([1, 0, 0, 0, 0]), np.array([1, 0, 1, 0, 0])),
    "token_accuracy": (np.array([0, 0, 0, 1, 0]), np.array([0, 0, 0, 0, 1])),
}


def share_of(part: np.ndarray, whole: np.ndarray) -> Statistic:
    """The share that the counts in `part` make of those in `whole`; not a number where that is nothing."""
    return lambda sums: ratio(sums @ part, sums @ whole, nothing=np.nan)
