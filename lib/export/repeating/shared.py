"""What every kind of task needs: rows from files, batches of similar length, scores of labels."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent


def read_rows(part: str) -> list[dict[str, Any]]:
    """The rows of train, validation or test, one JSON object a line."""
    lines = (HERE / "data" / f"{part}.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def longest_first(lengths: Sequence[int], size: int) -> Iterator[np.ndarray]:
    """Row numbers in batches of that size, the longest rows first."""
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    for start in range(0, len(order), size):
        yield order[start : start + size]


def ask(
    model: Any, features: list[dict[str, Any]], lengths: Sequence[int], collate: Any, size: int
) -> list[Any]:
    """The logits of every row as float32 arrays, without those of the padding of texts."""
    import torch

    device = next(model.parameters()).device
    model.eval()
    found: list[Any] = [None] * len(features)
    with torch.inference_mode():
        for chosen in longest_first(lengths, size):
            batch = {
                name: values.to(device) for name, values in collate([features[row] for row in chosen]).items()
            }
            logits = model(**batch).logits.float().cpu().numpy()
            for place, row in enumerate(chosen):
                found[row] = logits[place]
    return found


def label_scores(gold: list[str], predicted: list[str]) -> dict[str, float]:
    """Scores of one label a row, by scikit-learn, over the labels that occur in either list."""
    from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef, precision_recall_fscore_support

    precision, recall, macro, _ = precision_recall_fscore_support(
        gold, predicted, average="macro", zero_division=0
    )
    return {
        "macro_f1": float(macro),
        "accuracy": float(accuracy_score(gold, predicted)),
        "precision": float(precision),
        "recall": float(recall),
        "micro_f1": float(f1_score(gold, predicted, average="micro", zero_division=0)),
        "mcc": float(matthews_corrcoef(gold, predicted)),
    }


def label_loss(model: Any, inputs: dict[str, Any], settings: dict[str, Any]) -> Any:
    """Weighted, focal or smoothed cross-entropy and the outputs; None where the model's own loss serves."""
    import torch

    how = settings["loss"]
    if how["class_weights"] == "none" and not how["focal_gamma"] and not how["label_smoothing"]:
        return None
    outputs = model(**{name: values for name, values in inputs.items() if name != "labels"})
    logits = outputs.logits.float().reshape(-1, outputs.logits.shape[-1])
    truths = inputs["labels"].reshape(-1)
    weights = torch.tensor(settings["weights"], device=logits.device)
    logits, truths = logits[truths != -100], truths[truths != -100]
    logs = torch.log_softmax(logits, dim=-1)
    chosen = logs.gather(1, truths[:, None])[:, 0]
    each = -chosen * (1 - chosen.exp()) ** how["focal_gamma"]
    if how["label_smoothing"]:
        each = (1 - how["label_smoothing"]) * each - how["label_smoothing"] * logs.mean(dim=-1)
    weight = weights[truths]
    return (weight * each).sum() / weight.sum().clamp(min=1e-9), outputs


def named_labels(labels: list[str]) -> dict[str, Any]:
    """Settings of from_pretrained for a fresh head over these labels."""
    return {
        "num_labels": len(labels),
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
        "ignore_mismatched_sizes": True,
    }
