"""From logits to label probabilities, and how right they are: shared by every task with one label a row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

# A probability of exactly 0 would make an infinite loss; float32 softmax cannot tell less than this apart.
SMALLEST_PROBABILITY = float(np.finfo(np.float32).tiny)


def describe_labels(cells: "pd.Series[str]") -> dict[str, Any]:
    """The labels in order of their names, and how often each occurs: {"labels": [...], "counts": {...}}."""
    counts = cells.str.strip().value_counts()
    labels = sorted(str(label) for label in counts.index)
    return {"labels": labels, "counts": {label: int(counts[label]) for label in labels}}


def label_numbers(cells: Sequence[str], labels: Sequence[str]) -> list[int]:
    """The number of each cell's label; −100 for a label that the training rows do not have."""
    number = {label: index for index, label in enumerate(labels)}
    return [number.get(str(cell).strip(), -100) for cell in cells]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities float64[rows, labels], rows summing to 1, of unnormalised `logits`[rows, labels]."""
    shifted = np.asarray(logits, dtype=np.float64)
    shifted = shifted - shifted.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    return powers / powers.sum(axis=1, keepdims=True)


def decode_logits(logits: np.ndarray, labels: Sequence[str]) -> pd.DataFrame:
    """Predictions as `LabelScores` describes them, from `logits`: float[rows, labels]."""
    return from_probabilities(softmax(logits), labels)


def from_probabilities(probabilities: np.ndarray, labels: Sequence[str]) -> pd.DataFrame:
    """Predictions as `LabelScores` describes them, from `probabilities`: float[rows, labels]."""
    names = np.asarray(labels, dtype=object)
    best = probabilities.argmax(axis=1)
    ranked = np.sort(probabilities, axis=1)
    second = ranked[:, -2] if probabilities.shape[1] > 1 else np.zeros(len(probabilities))
    logs = np.log(np.maximum(probabilities, SMALLEST_PROBABILITY))
    return pd.DataFrame(
        {
            "predicted": pd.Series(names[best], dtype="str"),
            "confidence": ranked[:, -1],
            "margin": ranked[:, -1] - second,
            "entropy": -(probabilities * logs).sum(axis=1),
            "scores": list(probabilities.astype(np.float32)),
        }
    )


def judge_labels(predictions: pd.DataFrame, gold: "pd.Series[str]", labels: Sequence[str]) -> pd.DataFrame:
    """The predictions with `gold`, `correct` and `loss` (−ln p of `gold`, natural logarithm).

    A true label that the training rows never had has no probability: its loss is missing and the row is wrong.
    """
    number = {label: index for index, label in enumerate(labels)}
    index = np.array([number.get(label, -1) for label in gold])
    loss = np.full(len(gold), np.nan)
    known = index >= 0
    if known.any():
        scores = np.stack(predictions["scores"].to_list()).astype(np.float64)
        chosen = scores[np.flatnonzero(known), index[known]]
        loss[known] = -np.log(np.maximum(chosen, SMALLEST_PROBABILITY))
    judged = predictions.reset_index(drop=True)
    judged.insert(0, "gold", pd.Series(list(gold), dtype="str"))
    judged["correct"] = (judged["gold"] == judged["predicted"]).to_numpy()
    judged["loss"] = loss
    return judged
