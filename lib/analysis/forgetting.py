"""How much worse a model has become on general text: what it forgot while it learned something else."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.analysis.intervals import Interval
from lib.analysis.resampling import bootstrap_means, ratio


@dataclass(frozen=True)
class Forgetting:
    """`passages` holds a line for each: name, tokens, untuned and tuned (mean −ln p a token, nats).

    `untuned` and `tuned` are perplexities over all tokens, `ratio` the tuned one by the untuned, with its 95 %
    interval: passages are drawn again (paired), as the tokens of one depend on each other.
    """

    passages: pd.DataFrame
    untuned: float
    tuned: float
    ratio: float
    interval: Interval

    @property
    def within_noise(self) -> bool:
        """Whether other passages might as well have shown no change."""
        return self.interval[0] <= 1 <= self.interval[1]


def forgetting(tokens: pd.DataFrame, names: Sequence[str]) -> Forgetting:
    """From token losses (`row`, `loss`, `untuned_loss`) of passages with these names. Raises ValueError for none."""
    judged = tokens[tokens["loss"].notna() & tokens["untuned_loss"].notna()]
    if judged.empty:
        raise ValueError("no token is judged")
    sums = judged.groupby("row").agg(
        tokens=("loss", "size"), tuned=("loss", "sum"), untuned=("untuned_loss", "sum")
    )
    passages = pd.DataFrame(
        {
            "name": [names[int(row)] for row in sums.index],
            "row": sums.index.to_numpy(),
            "tokens": sums["tokens"].to_numpy(),
            "untuned": (sums["untuned"] / sums["tokens"]).to_numpy(),
            "tuned": (sums["tuned"] / sums["tokens"]).to_numpy(),
        }
    )
    total = float(sums["tokens"].sum())
    tuned, untuned = float(sums["tuned"].sum()) / total, float(sums["untuned"].sum()) / total
    values = np.column_stack([sums["tuned"] - sums["untuned"], sums["tokens"]]).astype(float)
    low, high = bootstrap_means(values, {"change": lambda drawn: ratio(drawn[:, 0], drawn[:, 1])})["change"]
    return Forgetting(
        passages,
        float(np.exp(untuned)),
        float(np.exp(tuned)),
        float(np.exp(tuned - untuned)),
        (float(np.exp(low)), float(np.exp(high))),
    )
