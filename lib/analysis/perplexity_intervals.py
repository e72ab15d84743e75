"""How far loss and perplexity might be off; texts are drawn, as the tokens of one depend on each other."""

from typing import Any

import numpy as np

from lib.analysis.intervals import Interval
from lib.analysis.resampling import DRAWS, bootstrap_means, ratio, units


def perplexity_intervals(
    nll_sums: Any, tokens: Any, *, draws: int = DRAWS, seed: int = 0, groups: Any = None
) -> dict[str, Interval]:
    """The 95 % intervals of loss (Σ −ln p / Σ tokens) and perplexity (e to the loss).

    `nll_sums` is each row's sum of −ln p over its scored tokens, `tokens` how many those are. Rows
    without tokens add nothing. With `groups` (the document of each piece) whole documents are drawn.
    Fewer than two rows or groups with tokens have no interval. Raises UserError for no rows.
    """
    values = np.column_stack([np.asarray(nll_sums, dtype=float), np.asarray(tokens, dtype=float)])
    scored = values[:, 1] > 0
    values = values[scored]
    if groups is not None:
        groups = np.asarray(groups, dtype=object)[scored]
    if len(scored) and units(np.ones(len(values)), groups) < 2:
        return {}
    found = bootstrap_means(
        values, {"loss": lambda sums: ratio(sums[:, 0], sums[:, 1])}, draws=draws, seed=seed, groups=groups
    )
    low, high = found["loss"]
    # The exponential keeps order, so the quantiles of perplexity are those of the loss, carried over.
    return {"perplexity": (float(np.exp(low)), float(np.exp(high))), "loss": (low, high)}
