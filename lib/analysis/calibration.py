"""Whether a model that says 80 % is right 80 % of the time: reliability by bin, and the errors made of it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from lib.analysis.chances import Chances, chunks
from lib.analysis.intervals import Interval, wilson

# Guo et al. (2017), "On Calibration of Modern Neural Networks", use 15 bins.
BINS = 15
# With fewer rows in it the accuracy of a bin is mostly chance.
FEWEST = 20
RESAMPLES = 200
Outcome = Literal["surer", "less sure", "mixed", "noise"]


@dataclass(frozen=True)
class Measures:
    """How far probabilities are from what happens; each in [0, 1] but for `brier` (to 2) and `nll` (no upper end).

    `worst_rows` are the rows in the bin that `mce` comes from. `classwise` is missing where it is not asked for.
    """

    rows: int
    accuracy: float
    confidence: float
    ece: float
    adaptive: float
    mce: float
    worst_rows: int
    brier: float
    nll: float
    classwise: float = float("nan")


@dataclass(frozen=True)
class Sureness:
    """How much of an ECE is chance: its 95 % interval, and what perfectly calibrated answers would get on these rows.

    `expected` is the mean over resamples of a model that is right as often as it says, `reach` their 95th percentile.
    """

    interval: Interval
    expected: float
    reach: float

    def within_chance(self, ece: float) -> bool:
        """Whether a perfectly calibrated model would often have as large an ECE on so many rows."""
        return ece <= self.reach


def equal_width(confidence: np.ndarray, bins: int = BINS) -> np.ndarray:
    """The bin of each value, int64[rows]: bin m holds what lies in (m/M, (m+1)/M], the first one 0 as well."""
    edges = np.arange(1, bins) / bins
    return np.searchsorted(edges, confidence, side="left")


def equal_mass(confidence: np.ndarray, bins: int = BINS) -> np.ndarray:
    """The bin of each value, int64[rows], with about as many rows in each; equal values share one."""
    if not len(confidence):
        return np.zeros(0, dtype=np.int64)
    starts = np.arange(bins) * len(confidence) // bins
    edges = np.unique(np.sort(confidence)[starts])
    return np.searchsorted(edges, confidence, side="right") - 1


def binned_error(confidence: np.ndarray, correct: np.ndarray, bin_of: np.ndarray) -> float:
    """Σ_m |B_m|/n · |acc(B_m) − conf(B_m)| over the given bins (Guo 2017, equation 3); 0 for no rows."""
    if not len(confidence):
        return 0.0
    return float(np.abs(np.bincount(bin_of, correct - confidence)).sum() / len(confidence))


def ece(confidence: np.ndarray, correct: np.ndarray, *, bins: int = BINS) -> float:
    """The expected calibration error of `confidence`, float[rows], and `correct`, bool[rows]; equal-width bins."""
    return binned_error(confidence, correct, equal_width(confidence, bins))


def adaptive_ece(confidence: np.ndarray, correct: np.ndarray, *, bins: int = BINS) -> float:
    """The same with bins of equally many rows (Nguyen & O'Connor 2015; Nixon et al. 2019)."""
    return binned_error(confidence, correct, equal_mass(confidence, bins))


def maximum_error(confidence: np.ndarray, correct: np.ndarray, *, bins: int = BINS) -> tuple[float, int]:
    """The largest gap of any equal-width bin (MCE, Guo 2017, equation 5), and how many rows that bin holds."""
    if not len(confidence):
        return 0.0, 0
    bin_of = equal_width(confidence, bins)
    rows = np.bincount(bin_of, minlength=bins)
    gaps = np.abs(np.bincount(bin_of, correct - confidence, minlength=bins)) / np.maximum(rows, 1)
    worst = int(gaps.argmax())
    return float(gaps[worst]), int(rows[worst])


def classwise_ece(chances: Chances, *, bins: int = BINS) -> float:
    """(1/K) Σ_k ECE_k, where ECE_k holds the probability of label k against whether k is true (Kull et al. 2019)."""
    rows, labels = chances.probabilities.shape
    if not rows or not labels:
        return 0.0
    total = 0.0
    for label in range(labels):
        total += ece(chances.probabilities[:, label].astype(np.float64), chances.gold == label, bins=bins)
    return total / labels


def brier(chances: Chances) -> float:
    """The mean of Σ_k (p_k − 1[y = k])² (Brier 1950), from 0 to 2; a true label the model does not know has p = 0."""
    if not len(chances):
        return 0.0
    squares = sum(
        float(np.square(chances.probabilities[rows], dtype=np.float64).sum())
        for rows in chunks(*chances.probabilities.shape)
    )
    return squares / len(chances) + float((1 - 2 * chances.of_gold).mean())


def measures(chances: Chances) -> Measures:
    """All measures of the top label, and of all labels. Rows with a true label the model does not know lack an NLL."""
    confidence, correct, losses = chances.confidence, chances.correct, chances.losses()
    known = losses[chances.known]
    return _measured(
        confidence,
        correct,
        brier=brier(chances),
        nll=float(known.mean()) if len(known) else float("nan"),
        classwise=classwise_ece(chances),
    )


def label_measures(probability: np.ndarray, truth: np.ndarray) -> Measures:
    """The measures of one label alone: its probability, float[rows], against whether it is true, bool[rows].

    `brier` is the mean of (p − y)², `nll` the mean binary cross-entropy.
    """
    chance = np.clip(np.where(truth, probability, 1 - probability), np.finfo(np.float32).tiny, 1)
    return _measured(
        probability,
        truth,
        brier=float(np.square(probability - truth).mean()) if len(truth) else 0.0,
        nll=float(-np.log(chance).mean()) if len(truth) else float("nan"),
    )


def _measured(
    confidence: np.ndarray,
    correct: np.ndarray,
    *,
    brier: float,
    nll: float,
    classwise: float = float("nan"),
) -> Measures:
    worst, worst_rows = maximum_error(confidence, correct)
    return Measures(
        rows=len(correct),
        accuracy=float(correct.mean()) if len(correct) else 0.0,
        confidence=float(confidence.mean()) if len(correct) else 0.0,
        ece=ece(confidence, correct),
        adaptive=adaptive_ece(confidence, correct),
        mce=worst,
        worst_rows=worst_rows,
        brier=brier,
        nll=nll,
        classwise=classwise,
    )


def sureness(
    confidence: np.ndarray, correct: np.ndarray, *, draws: int = RESAMPLES, seed: int = 0, bins: int = BINS
) -> Sureness:
    """How much of the ECE of these rows is chance; the same seed gives the same numbers.

    The interval is the ECE ± 1.96 standard deviations of its bootstrap over rows, not below 0. (Percentiles would not
    do: resampling biases an ECE upwards once more, and the interval could miss the very number it belongs to.) For
    `expected` each row is made right with the chance it was given, `draws` times.
    """
    rows = len(confidence)
    if not rows:
        return Sureness((0.0, 1.0), 0.0, 1.0)
    random = np.random.default_rng(seed)
    bin_of = equal_width(confidence, bins)
    gaps = correct - confidence
    summed = np.bincount(bin_of, confidence, minlength=bins)
    drawn, perfect = np.empty(draws), np.empty(draws)
    for draw in range(draws):
        chosen = random.integers(rows, size=rows)
        drawn[draw] = np.abs(np.bincount(bin_of[chosen], gaps[chosen], minlength=bins)).sum() / rows
        right = random.random(rows) < confidence
        perfect[draw] = np.abs(np.bincount(bin_of[right], minlength=bins) - summed).sum() / rows
    value = ece(confidence, correct, bins=bins)
    half = 1.96 * float(drawn.std(ddof=1)) if draws > 1 else 0.0
    return Sureness(
        (max(0.0, value - half), min(1.0, value + half)),
        float(perfect.mean()),
        float(np.quantile(perfect, 0.95)),
    )


def verdict(found: Measures, sure: Sureness) -> Outcome:
    """Whether the model is surer than it is right, less sure, both in parts, or neither as far as these rows can tell.

    "mixed" when most of the ECE cancels out over all rows: less than half of it is left in the mean gap.
    """
    if sure.within_chance(found.ece):
        return "noise"
    if abs(found.confidence - found.accuracy) < found.ece / 2:
        return "mixed"
    return "surer" if found.confidence > found.accuracy else "less sure"


def reliability(
    confidence: np.ndarray, correct: np.ndarray, *, bins: int = BINS, fewest: int = FEWEST
) -> pd.DataFrame:
    """One row a bin, from low to high confidence; equal-width bins with less than `fewest` rows join the next one.

    Columns `first` and `last` (the bin spans first/M to last/M), `low`, `high` (these as shares), `rows`, `confidence`
    (the mean), `accuracy`, `accuracy_low` and `accuracy_high` (Wilson 95 %). Empty bins at the ends are left out.
    """
    bin_of = equal_width(confidence, bins)
    counts = np.bincount(bin_of, minlength=bins)
    filled = np.flatnonzero(counts)
    groups: list[tuple[int, int]] = []
    if len(filled):
        start = int(filled[0])
        for end in range(start + 1, int(filled[-1]) + 2):
            if counts[start:end].sum() >= fewest:
                groups.append((start, end))
                start = end
        last = int(filled[-1]) + 1
        if start < last:  # what is left over at the upper end joins the bin before it
            groups = [*groups[:-1], (groups[-1][0] if groups else start, last)]
    spans = np.array(groups, dtype=np.int64).reshape(-1, 2)
    sums = [
        np.concatenate([[0], np.cumsum(np.bincount(bin_of, weights, minlength=bins))])
        for weights in (confidence, np.asarray(correct, dtype=float))
    ]
    totals = np.concatenate([[0], np.cumsum(counts)])
    rows = totals[spans[:, 1]] - totals[spans[:, 0]]
    mean, right = (total[spans[:, 1]] - total[spans[:, 0]] for total in sums)
    low, high = wilson(np.round(right), rows)
    return pd.DataFrame(
        {
            "first": spans[:, 0],
            "last": spans[:, 1],
            "low": spans[:, 0] / bins,
            "high": spans[:, 1] / bins,
            "rows": rows,
            "confidence": mean / np.maximum(rows, 1),
            "accuracy": right / np.maximum(rows, 1),
            "accuracy_low": low,
            "accuracy_high": high,
        }
    )


def in_bin(confidence: np.ndarray, first: int, last: int, *, bins: int = BINS) -> np.ndarray:
    """Which rows lie in the bins from `first` up to before `last`: bool[rows]."""
    bin_of = equal_width(confidence, bins)
    return (bin_of >= first) & (bin_of < last)
