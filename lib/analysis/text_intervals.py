"""How far the scores of answers and generated texts might be off, from what each row adds to them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from lib.analysis.intervals import Interval
from lib.analysis.resampling import (
    DRAWS,
    Statistic,
    bootstrap_means,
    bootstrap_shares,
    never_a_point,
    ratio,
    units,
)
from lib.errors import UserError

ANSWER_SCORES = ("exact_match", "answer_f1")
ROUGE = ("rouge1", "rouge2", "rougeL", "rougeLsum")
BLEU_ORDER, CHRF_ORDER, CHRF_BETA = 4, 6, 2


def mean_intervals(
    frame: pd.DataFrame, names: Sequence[str], *, draws: int = DRAWS, seed: int = 0, groups: Any = None
) -> dict[str, Interval]:
    """The 95 % intervals of the means of these columns, each of values in [0, 1]; all from the same draws.

    With `groups`, one name a row, whole groups are drawn (see `resampling`). Raises UserError for no rows.
    """
    values = np.column_stack([*(frame[name].to_numpy(dtype=float) for name in names), np.ones(len(frame))])
    statistics = {name: mean_of(column, len(names)) for column, name in enumerate(names)}
    return bootstrap_shares(values, statistics, draws=draws, seed=seed, groups=groups)


def answer_intervals(
    frame: pd.DataFrame, *, draws: int = DRAWS, seed: int = 0, groups: Any = None
) -> dict[str, Interval]:
    """The 95 % intervals of exact_match and answer_f1, from columns of these names with one value a question.

    Several questions are often asked of one text, and a hard text makes all of them hard: with `groups` set to
    the text of each question, texts are drawn with all their questions. Raises UserError for no rows.
    """
    return mean_intervals(frame, ANSWER_SCORES, draws=draws, seed=seed, groups=groups)


def overlap_intervals(
    statistics: pd.DataFrame, *, draws: int = DRAWS, seed: int = 0, groups: Any = None
) -> dict[str, Interval]:
    """The 95 % intervals of rouge1, rouge2, rougeL, rougeLsum, bleu, chrf (in [0, 1]) and gen_len.

    `statistics` has one row a text: the ROUGE columns hold F1, bleu_stats lists of 10 and chrf_stats lists of
    18 counts as `bleu_of_sums` and `chrf_of_sums` want them, gen_len a length. gen_len has no interval where
    there are fewer than two rows or groups. Raises UserError for no rows.
    """
    rows, means = len(statistics), (*ROUGE, "gen_len")
    if not rows:
        raise UserError("There are no rows to score.")
    bleu, chrf = (np.stack(statistics[name].to_list()) for name in ("bleu_stats", "chrf_stats"))
    values = np.column_stack([*(statistics[name].to_numpy(dtype=float) for name in means), np.ones(rows)])
    ends = np.cumsum([values.shape[1], bleu.shape[1]])
    found = bootstrap_means(
        np.hstack([values, bleu, chrf]),
        {
            **{name: mean_of(column, len(means)) for column, name in enumerate(means)},
            "bleu": lambda sums: bleu_of_sums(sums[:, ends[0] : ends[1]]),
            "chrf": lambda sums: chrf_of_sums(sums[:, ends[1] :]),
        },
        draws=draws,
        seed=seed,
        groups=groups,
    )
    n = units(np.ones(rows), groups)
    length = found.pop("gen_len")
    found = {name: never_a_point(interval, n) for name, interval in found.items()}
    return found | ({"gen_len": length} if n > 1 else {})


def bleu_of_sums(sums: np.ndarray) -> np.ndarray:
    """Corpus BLEU (Papineni et al. 2002), float64[draws] in [0, 1], equal to sacrebleu's with its defaults.

    `sums` is float64[draws, 10]: length of the predictions and of the references, right n-grams for n = 1 to 4,
    all predicted n-grams for n = 1 to 4. The k-th order without a right n-gram counts as 2⁻ᵏ of one ("exp").
    """
    length, reference = sums[:, 0], sums[:, 1]
    right, total = sums[:, 2 : 2 + BLEU_ORDER], sums[:, 2 + BLEU_ORDER :]
    nothing_right = np.cumsum(right == 0, axis=1)
    smoothed = np.where(right > 0, right, 0.5**nothing_right)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.exp(np.log(smoothed / total).mean(axis=1))
        brevity = np.where(length < reference, np.exp(1 - reference / length), 1.0)
    scored = (total > 0).all(axis=1) & (right > 0).any(axis=1)
    return np.where(scored, np.where(scored, brevity, 0) * np.where(scored, precision, 0), 0.0)


def chrf_of_sums(sums: np.ndarray) -> np.ndarray:
    """Corpus chrF2 (Popović 2015), float64[draws] in [0, 1], equal to sacrebleu's with its defaults.

    `sums` is float64[draws, 18]: for each n = 1 to 6 the character n-grams of the predictions, those of the
    references and the shared ones. Precision and recall are means over the orders that both sides have.
    """
    counts = sums.reshape(len(sums), CHRF_ORDER, 3)
    predicted, reference, shared = counts[..., 0], counts[..., 1], counts[..., 2]
    both = (predicted > 0) & (reference > 0)
    orders = both.sum(axis=1)
    precision = ratio((ratio(shared, predicted) * both).sum(axis=1), orders)
    recall = ratio((ratio(shared, reference) * both).sum(axis=1), orders)
    weight = CHRF_BETA**2
    return ratio((1 + weight) * precision * recall, weight * precision + recall)


def mean_of(column: int, rows: int) -> Statistic:
    """The mean of a column, where the column `rows` counts the rows."""
    return lambda sums: ratio(sums[:, column], sums[:, rows])
