"""How likely rows are before and after training, row by row."""

import numpy as np
import pandas as pd

from lib.analysis.intervals import wilson


def before_after(untuned: pd.DataFrame, tuned: pd.DataFrame) -> pd.DataFrame:
    """`row`, `untuned` and `tuned` (mean −ln p a token, nats) of the rows judged both times, in the tuned rows' order.

    Both frames hold `row` and `loss`; rows that could not be judged are left out.
    """
    if "loss" not in untuned or "loss" not in tuned:
        return pd.DataFrame({"row": pd.Series(dtype="int64"), "untuned": [], "tuned": []})
    pairs = tuned[["row", "loss"]].merge(untuned[["row", "loss"]], on="row", suffixes=("_tuned", "_untuned"))
    pairs = pairs.rename(columns={"loss_tuned": "tuned", "loss_untuned": "untuned"})
    kept = np.isfinite(pairs["tuned"].astype(float)) & np.isfinite(pairs["untuned"].astype(float))
    return pairs.loc[kept, ["row", "untuned", "tuned"]].reset_index(drop=True)


def likelier(pairs: pd.DataFrame) -> tuple[int, int, float, float]:
    """Rows that became likelier, rows that changed at all, and the 95 % interval (Wilson) of the quotient."""
    better = int((pairs["tuned"] < pairs["untuned"]).sum())
    changed = int((pairs["tuned"] != pairs["untuned"]).sum())
    low, high = wilson(better, changed)
    return better, changed, float(low), float(high)
