"""How far the scores of rows with any number of labels might be off."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lib.analysis.intervals import Interval
from lib.analysis.margins import Margins
from lib.analysis.resampling import DRAWS, Statistic, bootstrap_shares, ratio


def multilabel_intervals(
    gold: Any, predicted: Any, *, draws: int = DRAWS, seed: int = 0, groups: Any = None
) -> dict[str, Interval]:
    """The 95 % intervals of accuracy, macro_f1, micro_f1, precision and recall, of two bool[rows, labels].

    `accuracy` is the share of rows whose whole set is right; precision and recall are macro averages, which
    run over the labels that are true or given somewhere in a draw. Draws without any label say nothing of the
    others and are left out; where no row has one nothing is known of them: 0 to 1.
    Raises UserError for no rows, ValueError for shapes that differ.
    """
    true, given = np.asarray(gold, dtype=bool), np.asarray(predicted, dtype=bool)
    if true.shape != given.shape or true.ndim != 2:
        raise ValueError(f"gold is {true.shape} but predicted {given.shape}")
    exact = (true == given).all(axis=1)
    informative = (true | given).any(axis=1)
    occurs = (true | given).any(axis=0)
    true, given = true[:, occurs], given[:, occurs]
    return bootstrap_shares(
        np.column_stack([true & given, true, given, exact, np.ones(len(exact))]),
        {
            "accuracy": lambda sums: ratio(sums[:, -2], sums[:, -1]),
            **{name: _of_margins(score) for name, score in MARGIN_SCORES.items()},
        },
        informative=dict.fromkeys(MARGIN_SCORES, informative),
        draws=draws,
        seed=seed,
        groups=groups,
    )


def _micro_f1(margins: Margins) -> np.ndarray:
    both = margins.support.sum(axis=-1) + margins.predicted.sum(axis=-1)
    return ratio(2 * margins.correct.sum(axis=-1), both, nothing=np.nan)


def _macro(margins: Margins, by_label: np.ndarray) -> np.ndarray:
    """As `Margins.macro`, but not a number for a draw in which no label occurs, which one label a row rules out."""
    occurs = (margins.support + margins.predicted) > 0
    return ratio(np.where(occurs, by_label, 0).sum(axis=-1), occurs.sum(axis=-1), nothing=np.nan)


MARGIN_SCORES: dict[str, Callable[[Margins], np.ndarray]] = {
    "macro_f1": lambda margins: _macro(margins, margins.f1),
    "micro_f1": _micro_f1,
    "precision": lambda margins: _macro(margins, margins.precision),
    "recall": lambda margins: _macro(margins, margins.recall),
}


def _of_margins(score: Callable[[Margins], np.ndarray]) -> Statistic:
    """A score of margins as one of sums that hold right, true and given rows, each by label."""
    return lambda sums: score(Margins(*np.split(sums[:, :-2], 3, axis=1)))
