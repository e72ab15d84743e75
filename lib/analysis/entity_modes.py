"""Found entities scored four ways, from strict to lenient: what counts as found, with intervals."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.analysis.entities import PAIRED
from lib.analysis.entity_intervals import share_of
from lib.analysis.intervals import Interval
from lib.analysis.resampling import DRAWS, Statistic, bootstrap_shares

# SemEval 2013 task 9.1, as the package nervaluate names the modes: how much a pair of each outcome counts as found.
CREDIT: dict[str, dict[str, float]] = {
    "strict": {"right": 1},
    "exact": {"right": 1, "wrong type": 1},
    "partial": {"right": 1, "wrong type": 1, "wrong borders": 0.5, "wrong type and borders": 0.5},
    "type": {"right": 1, "wrong borders": 1},
}
MEANINGS = {
    "strict": "Same borders and same type. The run’s own scores.",
    "exact": "Same borders, whatever the type.",
    "partial": "Same borders count one, overlapping ones a half, whatever the type.",
    "type": "Same type on any overlap.",
}
# How often what is found counts in a score, and the predicted and the true spans it is a share of.
_SHARES = {"precision": (1, (1, 0)), "recall": (1, (0, 1)), "f1": (2, (1, 1))}


@dataclass(frozen=True)
class ModeScores:
    """One mode: pairs found, wrong and half found, spans missed and spurious, and the scores with 95 % intervals."""

    mode: str
    correct: int
    incorrect: int
    partial: int
    missed: int
    spurious: int
    scores: dict[str, float]
    intervals: dict[str, Interval]


def mode_scores(
    pairs: pd.DataFrame, rows: int, *, draws: int = DRAWS, seed: int = 0
) -> tuple[ModeScores, ...]:
    """The four modes over all spans of `rows` texts, from lines of `entity_pairs`.

    precision = (correct + partial / 2) / predicted spans, recall = (correct + partial / 2) / true spans. Texts are
    drawn for the intervals, as spans of one text depend on each other. Raises UserError for no rows.
    """
    credits = np.zeros((rows, len(CREDIT) + 2))
    place = pairs["place"].to_numpy(dtype=np.int64)
    for column, credit in enumerate(CREDIT.values()):
        np.add.at(credits[:, column], place, pairs["outcome"].map(credit).fillna(0).to_numpy(dtype=float))
    for column, side in ((-2, "predicted"), (-1, "true")):
        np.add.at(credits[:, column], place, pairs[side].notna().to_numpy(dtype=float))
    statistics: dict[str, Statistic] = {}
    informative: dict[str, np.ndarray] = {}
    for number, mode in enumerate(CREDIT):
        for score, (part, spans) in _SHARES.items():
            weights, whole = np.zeros((2, len(CREDIT) + 2))
            weights[number], whole[-2:] = part, spans
            statistics[f"{mode} {score}"] = share_of(weights, whole)
            informative[f"{mode} {score}"] = credits @ whole > 0
    found = bootstrap_shares(credits, statistics, informative=informative, draws=draws, seed=seed)
    sums = credits.sum(axis=0, keepdims=True)
    values = {name: float(np.nan_to_num(statistic(sums))[0]) for name, statistic in statistics.items()}
    counts = pairs["outcome"].value_counts()
    return tuple(_scored(mode, counts, values, found) for mode in CREDIT)


def _scored(
    mode: str, counts: "pd.Series[int]", values: dict[str, float], found: dict[str, Interval]
) -> ModeScores:
    credit = CREDIT[mode]
    correct, incorrect, partial = (
        sum(int(counts.get(outcome, 0)) for outcome in PAIRED if credit.get(outcome, 0) == worth)
        for worth in (1, 0, 0.5)
    )
    return ModeScores(
        mode,
        correct,
        incorrect,
        partial,
        missed=int(counts.get("missed", 0)),
        spurious=int(counts.get("spurious", 0)),
        scores={score: values[f"{mode} {score}"] for score in _SHARES},
        intervals={score: found[f"{mode} {score}"] for score in _SHARES},
    )
