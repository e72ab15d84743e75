"""One label for a text or a pair of texts."""

from collections.abc import Callable
from typing import Any

from lib.export.repeating.shared import ask, label_loss, label_scores, named_labels


def load(settings: dict[str, Any]) -> tuple[Any, Any]:
    """The tokenizer, and the encoder with a fresh head."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(
        settings["base"],
        revision=settings["revision"],
        dtype=torch.float32,
        problem_type="single_label_classification",
        **named_labels(settings["labels"]),
    )
    return AutoTokenizer.from_pretrained(settings["base"], revision=settings["revision"]), model


def encode(
    reader: Any, rows: list[dict[str, Any]], settings: dict[str, Any], *, learn: bool
) -> tuple[list[dict[str, Any]], list[int]]:
    """Token ids, with the label's number to learn from, and lengths in tokens."""
    pairs = [row["text_pair"] for row in rows] if rows and "text_pair" in rows[0] else None
    encoded = reader([row["text"] for row in rows], pairs, truncation=True, max_length=settings["max_length"])
    number = {label: place for place, label in enumerate(settings["labels"])}
    found = [{name: encoded[name][row] for name in encoded} for row in range(len(rows))]
    if learn:
        for one, row in zip(found, rows, strict=True):
            one["labels"] = number.get(row["label"], -100)
    return found, [len(one["input_ids"]) for one in found]


def collator(
    reader: Any, settings: dict[str, Any], *, training: bool
) -> Callable[[list[Any]], dict[str, Any]]:
    """Pads to the longest text of the batch."""
    from transformers import DataCollatorWithPadding

    return DataCollatorWithPadding(reader, pad_to_multiple_of=8)


def own_loss(model: Any, inputs: dict[str, Any], settings: dict[str, Any], items: Any) -> Any:
    """The run's own loss, or None for the model's."""
    return label_loss(model, inputs, settings)


def score(model: Any, reader: Any, rows: list[dict[str, Any]], settings: dict[str, Any]) -> dict[str, float]:
    """The scores on the rows."""
    features, lengths = encode(reader, rows, settings, learn=False)
    logits = ask(model, features, lengths, collator(reader, settings, training=False), size=64)
    predicted = [settings["labels"][int(said.argmax())] for said in logits]
    return label_scores([row["label"] for row in rows], predicted)
