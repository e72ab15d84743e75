"""Scores as local metric modules of `evaluate`, over scikit-learn; nothing is fetched at run time."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from lib.tasks.base import Score

# Of every task with one label a row; the main score first.
LABEL_SCORES = (
    Score(
        "macro_f1",
        "Macro-F1",
        "The F1 of each label, averaged: every label counts the same, rare or not.",
    ),
    Score("accuracy", "Accuracy", "The share of rows that got the right label; common labels dominate it."),
    Score(
        "precision",
        "Precision (macro)",
        "Of the rows given a label, how many deserve it; averaged over labels.",
    ),
    Score(
        "recall",
        "Recall (macro)",
        "Of the rows that deserve a label, how many got it; averaged over labels.",
    ),
    Score("micro_f1", "Micro-F1", "F1 over all rows together; with one label a row it equals accuracy."),
    Score("mcc", "Matthews correlation", "Agreement beyond chance, from −1 to 1; 0 is guessing."),
)


@lru_cache(maxsize=1)
def _label_metric() -> Any:
    # evaluate and scikit-learn take seconds to import, so only the process that scores pays for them.
    import datasets
    import evaluate
    from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef, precision_recall_fscore_support

    class LabelMetric(evaluate.Metric):
        """Scores of one label a row, as scikit-learn computes them with zero_division=0."""

        def _info(self) -> Any:
            features = datasets.Features(
                {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}
            )
            return evaluate.MetricInfo(
                description="Scores of one label a row.",
                citation="Pedregosa et al., Scikit-learn: Machine Learning in Python, JMLR 12, 2011",
                features=features,
            )

        def _compute(self, predictions: Sequence[int], references: Sequence[int]) -> dict[str, float]:
            precision, recall, macro_f1, _ = precision_recall_fscore_support(
                references, predictions, average="macro", zero_division=0
            )
            return {
                "macro_f1": float(macro_f1),
                "accuracy": float(accuracy_score(references, predictions)),
                "precision": float(precision),
                "recall": float(recall),
                "micro_f1": float(f1_score(references, predictions, average="micro", zero_division=0)),
                "mcc": float(matthews_corrcoef(references, predictions)),
            }

    return LabelMetric()


def label_scores(gold: "pd.Series[str]", predicted: "pd.Series[str]") -> dict[str, float]:
    """macro_f1, accuracy, macro precision and recall, micro_f1 and mcc of two aligned columns of labels.

    As in scikit-learn, the macro averages run over the labels that occur in either column.
    """
    names = sorted(set(gold) | set(predicted))
    number = {name: index for index, name in enumerate(names)}
    scores = _label_metric().compute(
        predictions=[number[name] for name in predicted], references=[number[name] for name in gold]
    )
    return dict(scores)
