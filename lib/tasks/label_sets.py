"""From logits to sets of labels, and how right they are: any number of labels a row, each for itself."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lib.data.cells import to_cell
from lib.option import values_as
from lib.tasks.brief import Brief
from lib.tasks.label_loss import HEAVIEST, LabelOptions
from lib.tasks.multilabel import DEFAULT_THRESHOLD, multilabel_scores

# Probabilities are written as float32, whose largest value below 1 this is.
_NEARLY_ONE = float(np.nextafter(np.float32(1), np.float32(0)))
_NEARLY_ZERO = float(np.finfo(np.float32).tiny)


def membership(sets: Iterable[Iterable[str]], labels: Sequence[str]) -> np.ndarray:
    """Which of the labels each row has: bool[rows, labels]; labels that are not among them are passed over."""
    place = {label: number for number, label in enumerate(labels)}
    rows = [[place[label] for label in labels_of_row if label in place] for labels_of_row in sets]
    found = np.zeros((len(rows), len(labels)), dtype=bool)
    for row, places in enumerate(rows):
        found[row, places] = True
    return found


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Probabilities float64 of unnormalised `logits` of any shape."""
    values = np.asarray(logits, dtype=np.float64)
    powers = np.exp(-np.abs(values))
    return np.where(values >= 0, 1.0, powers) / (1.0 + powers)


def thresholds_of(target: Mapping[str, Any]) -> list[float]:
    """From which probability on each label is given: as tuned after training, else one half."""
    return list(target.get("thresholds") or [DEFAULT_THRESHOLD] * len(target["labels"]))


def from_label_probabilities(
    probabilities: np.ndarray, labels: Sequence[str], thresholds: Sequence[float]
) -> pd.DataFrame:
    """Predictions as `ManyLabels` describes them, from `probabilities`: float[rows, labels]."""
    return _decided(pd.DataFrame({"scores": list(probabilities.astype(np.float32))}), labels, thresholds)


def _decided(frame: pd.DataFrame, labels: Sequence[str], thresholds: Sequence[float]) -> pd.DataFrame:
    """The frame with what follows from its `scores` and the thresholds."""
    scores = _stacked(frame["scores"], len(labels))
    # Compared as float64, as the thresholds were tuned.
    given = scores >= np.asarray(thresholds, dtype=np.float64)
    names = np.asarray(labels, dtype=object)
    chances = np.where(given, scores, 1 - scores)
    return frame.assign(
        predicted=pd.Series([to_cell(names[row].tolist()) for row in given], index=frame.index, dtype="str"),
        confidence=chances.prod(axis=1),
        margin=np.abs(scores - np.asarray(thresholds)).min(axis=1),
    )


def judge_label_sets(
    predictions: pd.DataFrame,
    gold: Sequence[Sequence[str]],
    labels: Sequence[str],
    thresholds: Sequence[float],
) -> pd.DataFrame:
    """The predictions, decided anew by the thresholds, with `gold`, `correct` and `loss`.

    True labels that the training rows never had stand last in `gold`: their rows are wrong, their loss is that of the
    labels the model knows. `predictions` may be judged already.
    """
    judged = _decided(predictions.reset_index(drop=True), labels, thresholds)
    order = {label: place for place, label in enumerate(labels)}
    sets = [sorted(row, key=lambda label: (order.get(label, len(order)), label)) for row in gold]
    judged["gold"] = pd.Series([to_cell(row) for row in sets], index=judged.index, dtype="str")
    truth, scores = membership(sets, labels), _stacked(judged["scores"], len(labels))
    chances = np.clip(np.where(truth, scores, 1 - scores), _NEARLY_ZERO, 1)
    judged["correct"] = (judged["gold"] == judged["predicted"]).to_numpy()
    judged["loss"] = -np.log(chances).mean(axis=1)
    first = ["gold", "predicted"]
    return judged[[*first, *(name for name in judged if name not in first)]]


def _stacked(scores: "pd.Series[Any]", labels: int) -> np.ndarray:
    return np.asarray(scores.to_list(), dtype=np.float64).reshape(len(scores), labels)


def label_set_scores(judged: pd.DataFrame, labels: Sequence[str]) -> dict[str, float]:
    """macro_f1, micro_f1, precision, recall and accuracy of judged rows.

    Labels that the training rows never had count as missed; those that occur in no row count neither way.
    """
    gold, predicted = (list(map(json.loads, judged[name])) for name in ("gold", "predicted"))
    unknown = sorted({label for row in gold for label in row} - set(labels))
    names = [*labels, *unknown]
    return multilabel_scores(membership(gold, names), membership(predicted, names))


def label_set_loss(
    model: Any, batch: dict[str, Any], brief: Brief, *, counts: Mapping[str, int], rows: int
) -> Any:
    """The loss and the outputs, or None when nothing was changed and the model's own cross-entropy serves.

    `batch["labels"]`: float[rows, labels] of 0 and 1. Balanced: a label's true rows weigh as much as its other rows
    (false / true rows, at most 20). Focal: (1 − p)^γ · −ln p of each decision (Lin et al. 2017).
    """
    options = values_as(LabelOptions, brief.options)
    if options == LabelOptions():
        return None
    import torch
    from torch.nn.functional import logsigmoid

    outputs = model(**{name: values for name, values in batch.items() if name != "labels"})
    logits, truths = outputs.logits.float(), batch["labels"].float()
    weights = torch.ones(logits.shape[-1], device=logits.device)
    if options.class_weights == "balanced":
        weights = torch.tensor(
            positive_weights(brief.target["labels"], counts, rows=rows), device=logits.device
        )
    soft = truths * (1 - options.label_smoothing) + options.label_smoothing / 2
    yes, no = logsigmoid(logits), logsigmoid(-logits)
    each = -(
        weights * soft * yes * (1 - yes.exp()) ** options.focal_gamma
        + (1 - soft) * no * (1 - no.exp()) ** options.focal_gamma
    )
    return each.mean(), outputs


def positive_weights(labels: Sequence[str], counts: Mapping[str, int], *, rows: int) -> list[float]:
    """A weight for the true rows of each label: its other rows / its rows, at least 1/20 and at most 20."""
    return [
        min(HEAVIEST, max(1 / HEAVIEST, (rows - counts.get(label, 0)) / max(1, counts.get(label, 0))))
        for label in labels
    ]


def commonest_set(sets: Sequence[Sequence[str]], labels: Sequence[str], rows: int) -> np.ndarray:
    """Probabilities that give every row the commonest set of the training rows: float64[rows, labels].

    They are the labels' shares, moved to the side of one half on which the set wants them.
    """
    truth = membership(sets, labels)
    found, counts = np.unique(truth, axis=0, return_counts=True)
    common, shares = found[counts.argmax()], truth.mean(axis=0)
    nudged = np.where(common, np.maximum(shares, DEFAULT_THRESHOLD), np.minimum(shares, 0.499))
    return np.tile(np.clip(nudged, _NEARLY_ZERO, _NEARLY_ONE), (rows, 1))
