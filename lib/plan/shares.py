"""The same run on nested shares of its training rows, which shows what more rows would buy."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from lib.plan.planner import plan_run
from lib.runs.spec import Spec

# Each twice the one before, so that they stand evenly on a log axis; the whole comes first in the queue.
SHARES = (1.0, 0.5, 0.25, 0.125)


def shared(spec: Spec) -> list[Spec]:
    """The planned spec, then one for each smaller share of its training rows, planned anew for their time and memory.

    Validation and test rows stay whole, and so do all options. Raises UserError like `plan_run`.
    """
    smaller = [
        spec.changed(
            name=f"{spec.name}, {100 * share:g} % of the training rows",
            data=replace(spec.data, train_share=share),
        )
        for share in SHARES[1:]
    ]
    return [spec, *(plan_run(wish).spec for wish in smaller)]


def nested(rows: pd.DataFrame, share: float) -> pd.DataFrame:
    """So large a share of the rows, at least one; whatever is in a smaller share is in every larger one."""
    count = max(1, math.floor(len(rows) * share + 0.5))
    # Not by the run's seed: runs with other seeds must learn from the same rows.
    order = np.random.default_rng(0).permutation(len(rows))
    return rows.iloc[np.sort(order[:count])]
