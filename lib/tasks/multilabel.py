"""Any number of labels a row: from which score on a label is given, and how right the given ones are."""

import numpy as np

from lib.errors import UserError

DEFAULT_THRESHOLD = 0.5
# With fewer true rows than this, the best threshold of a label alone is mostly chance.
ENOUGH_POSITIVES = 5


def tune_thresholds(gold: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """For each label the threshold with the best F1 on these rows: float64[labels].

    `gold` is bool[rows, labels], `scores` float[rows, labels], both of the validation rows. A label is given
    where score >= threshold, compared as float64. Candidates are 0.5 and the midpoints between neighbouring
    distinct scores; of equally good ones the nearest to 0.5, so F1 here is never below that of 0.5. Labels
    without a true row keep 0.5. Labels with fewer than 5 true rows share one threshold, the best for all
    their cells taken together, or keep 0.5 when even together they have fewer than 5.
    Raises ValueError for shapes that differ or scores that are not finite.
    """
    true, values = np.asarray(gold, dtype=bool), np.asarray(scores, dtype=np.float64)
    if true.shape != values.shape or true.ndim != 2:
        raise ValueError(f"gold is {true.shape} but scores {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("scores must be finite")
    positives = true.sum(axis=0)
    thresholds = np.full(true.shape[1], DEFAULT_THRESHOLD)
    for label in np.flatnonzero(positives >= ENOUGH_POSITIVES):
        thresholds[label] = _best_threshold(true[:, label], values[:, label])
    rare = (positives > 0) & (positives < ENOUGH_POSITIVES)
    if positives[rare].sum() >= ENOUGH_POSITIVES:
        thresholds[rare] = _best_threshold(true[:, rare].ravel(), values[:, rare].ravel())
    return thresholds


def multilabel_scores(gold: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """accuracy, macro_f1, micro_f1, precision and recall, each in [0, 1], of two bool[rows, labels].

    `accuracy` is the share of rows whose whole set of labels is right. `precision` and `recall` are macro
    averages; these run over the labels that are true or given somewhere, so a label that occurs in no row counts
    neither for nor against (scikit-learn would count it as 0). Nothing out of nothing is 0.
    Raises UserError for no rows, ValueError for shapes that differ.
    """
    true, given = np.asarray(gold, dtype=bool), np.asarray(predicted, dtype=bool)
    if true.shape != given.shape or true.ndim != 2:
        raise ValueError(f"gold is {true.shape} but predicted {given.shape}")
    if not len(true):
        raise UserError("There are no rows to score.")
    right, support, guesses = (true & given).sum(axis=0), true.sum(axis=0), given.sum(axis=0)
    occurs = (support + guesses) > 0
    right, support, guesses = right[occurs], support[occurs], guesses[occurs]
    return {
        "accuracy": float((true == given).all(axis=1).mean()),
        "macro_f1": _mean(_shares(2 * right, support + guesses)),
        "micro_f1": float(_shares(2 * right.sum(), support.sum() + guesses.sum())),
        "precision": _mean(_shares(right, guesses)),
        "recall": _mean(_shares(right, support)),
    }


def _best_threshold(true: np.ndarray, values: np.ndarray) -> float:
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    found = np.cumsum(true[order])
    # Cutting after position i gives the label to the i + 1 highest scores; only between distinct ones.
    cuts = np.flatnonzero(ranked[:-1] > ranked[1:])
    low, high = ranked[cuts + 1], ranked[cuts]
    middle = low + (high - low) / 2
    middle = np.where(middle <= low, high, middle)  # neighbouring floats have nothing between them
    given_at_default = values >= DEFAULT_THRESHOLD
    candidates = np.append(middle, DEFAULT_THRESHOLD)
    right = np.append(found[cuts], (true & given_at_default).sum())
    given = np.append(cuts + 1, given_at_default.sum())
    f1 = 2 * right / (given + true.sum())
    best = candidates[f1 == f1.max()]
    return float(best[np.abs(best - DEFAULT_THRESHOLD).argmin()])


def _shares(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) > 0)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0
