"""Accuracy, F1 and their relatives, from a confusion matrix, equal to what scikit-learn computes from the rows.

Averages over labels ("macro") run over the labels that are true or predicted somewhere in the rows, which is
what scikit-learn does when it is given no list of labels: a label of the model that occurs in no row counts
neither for nor against it. Nothing out of nothing is 0 (`zero_division=0`).
"""

from collections.abc import Callable, Iterable

import numpy as np

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.margins import Margins


def _accuracy(margins: Margins) -> np.ndarray:
    return margins.correct.sum(axis=-1) / margins.total


def _macro_f1(margins: Margins) -> np.ndarray:
    return margins.macro(margins.f1)


def _precision(margins: Margins) -> np.ndarray:
    return margins.macro(margins.precision)


def _recall(margins: Margins) -> np.ndarray:
    return margins.macro(margins.recall)


def _mcc(margins: Margins) -> np.ndarray:
    """Matthews correlation for many labels (Gorodkin 2004): covariance over the two spreads."""
    right, total = margins.correct.sum(axis=-1).astype(float), margins.total.astype(float)
    true, guess = margins.support.astype(float), margins.predicted.astype(float)
    covariance = right * total - (true * guess).sum(axis=-1)
    spread = (total**2 - (true**2).sum(axis=-1)) * (total**2 - (guess**2).sum(axis=-1))
    return np.divide(covariance, np.sqrt(spread), out=np.zeros_like(spread), where=spread > 0)


# With one label per row, every wrong row is one label missed and one wrongly given: micro-F1 is accuracy.
SCORES: dict[str, Callable[[Margins], np.ndarray]] = {
    "accuracy": _accuracy,
    "macro_f1": _macro_f1,
    "micro_f1": _accuracy,
    "precision": _precision,
    "recall": _recall,
    "mcc": _mcc,
}

TITLES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "precision": "macro precision",
    "recall": "macro recall",
    "mcc": "MCC",
    "entity_f1": "entity F1",
    "token_accuracy": "word accuracy",
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "r2": "R²",
    "pearson": "Pearson correlation",
    "spearman": "Spearman correlation",
    "rouge1": "ROUGE-1",
    "bleu": "BLEU",
}


def title(score: str) -> str:
    """What people call a score: "macro-F1" for macro_f1; an unknown one with spaces for underscores."""
    return TITLES.get(score, score.replace("_", " "))


def score(matrix: ConfusionMatrix, name: str) -> float:
    """One score of a matrix. Raises UserError when it holds no rows, KeyError for an unknown name."""
    return float(SCORES[name](Margins.of(matrix)))


def scores(matrix: ConfusionMatrix, names: Iterable[str] = tuple(SCORES)) -> dict[str, float]:
    """Several scores of a matrix, all of them unless named: {"accuracy": 0.82, …}.

    `macro_f1`, `precision` and `recall` are plain means over the labels that occur. mcc is in [−1, 1], the
    others in [0, 1]. Raises like `score`.
    """
    margins = Margins.of(matrix)
    return {name: float(SCORES[name](margins)) for name in names}
