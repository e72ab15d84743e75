"""How far scores of guessed hidden tokens might be off; texts are drawn, as the tokens of one are alike."""

from typing import Any

import numpy as np

from lib.analysis.intervals import Interval
from lib.analysis.perplexity_intervals import perplexity_intervals
from lib.analysis.resampling import DRAWS, bootstrap_shares, ratio


def masked_intervals(
    nll_sums: Any, tokens: Any, hits: Any, *, draws: int = DRAWS, seed: int = 0
) -> dict[str, Interval]:
    """The 95 % intervals of perplexity, loss and token_accuracy (Σ hits / Σ tokens).

    One number a row each: its sum of −ln p over the hidden tokens, how many those are, how many were guessed.
    Rows without hidden tokens add nothing. Raises UserError for no rows.
    """
    values = np.column_stack([np.asarray(hits, dtype=float), np.asarray(tokens, dtype=float)])
    shares = bootstrap_shares(
        values,
        {"token_accuracy": lambda sums: ratio(sums[:, 0], sums[:, 1])},
        informative={"token_accuracy": values[:, 1] > 0},
        draws=draws,
        seed=seed,
    )
    return perplexity_intervals(nll_sums, tokens, draws=draws, seed=seed) | shares
