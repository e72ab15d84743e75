"""One label for a picture; changed at random while learning, as the run did."""

from collections.abc import Callable
from typing import Any

from lib.export.repeating.shared import HERE, ask, label_loss, label_scores, named_labels
from lib.tasks.augmenting import augmented
from lib.tasks.images import SPARE, Recipe, Shelf, load_picture, set_side


def load(settings: dict[str, Any]) -> tuple[Any, Any]:
    """The image processor, and the vision model with a fresh head, both for pictures of the run's size."""
    import torch
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    base, revision = settings["base"], settings["revision"]
    reader = AutoImageProcessor.from_pretrained(base, revision=revision, backend="pil")
    model = AutoModelForImageClassification.from_pretrained(
        base,
        revision=revision,
        dtype=torch.float32,
        problem_type="single_label_classification",
        architectures=[],
        **named_labels(settings["labels"]),
    )
    set_side(model, reader, settings["image_size"])
    return reader, model


def encode(
    reader: Any, rows: list[dict[str, Any]], settings: dict[str, Any], *, learn: bool
) -> tuple[list[dict[str, Any]], list[int]]:
    """The path of each picture, which is decoded when its batch is made; each counts as long as any other."""
    number = {label: place for place, label in enumerate(settings["labels"])}
    found: list[dict[str, Any]] = [{"image": str(HERE / row["image"])} for row in rows]
    if learn:
        for one, row in zip(found, rows, strict=True):
            one["labels"] = number.get(row["label"], -100)
    return found, [1] * len(found)


def collator(
    reader: Any, settings: dict[str, Any], *, training: bool
) -> Callable[[list[Any]], dict[str, Any]]:
    """Decodes the pictures and prepares them as the processor says."""
    import torch

    recipe = Recipe.of(reader.to_dict())
    shelf = Shelf(round(SPARE * max(recipe.resized, recipe.side)))

    def collate(features: list[dict[str, Any]]) -> dict[str, Any]:
        if training and settings["augmentation"] != "none":
            pictures = [
                augmented(
                    shelf.get(one["image"]),
                    recipe.side,
                    strength=settings["augmentation"],
                    mirror=settings["mirror"],
                    draw=int(one["draw"]),
                    resample=recipe.resample,
                )
                for one in features
            ]
            batch = reader(pictures, do_resize=False, do_center_crop=False, return_tensors="pt")
        else:
            batch = reader([load_picture(one["image"]) for one in features], return_tensors="pt")
        made = {"pixel_values": batch["pixel_values"]}
        if "labels" in features[0]:
            made["labels"] = torch.tensor([int(one["labels"]) for one in features])
        return made

    return collate


def own_loss(model: Any, inputs: dict[str, Any], settings: dict[str, Any], items: Any) -> Any:
    """The run's own loss, or None for the model's."""
    return label_loss(model, inputs, settings)


def score(model: Any, reader: Any, rows: list[dict[str, Any]], settings: dict[str, Any]) -> dict[str, float]:
    """The scores on the rows; top-5 accuracy where there are more than five labels."""
    features, lengths = encode(reader, rows, settings, learn=False)
    logits = ask(model, features, lengths, collator(reader, settings, training=False), size=32)
    labels, gold = settings["labels"], [row["label"] for row in rows]
    found = label_scores(gold, [labels[int(said.argmax())] for said in logits])
    if len(labels) > 5:
        best = [{labels[place] for place in (-said).argsort(kind="stable")[:5]} for said in logits]
        found["top5_accuracy"] = sum(label in among for label, among in zip(gold, best, strict=True)) / len(
            gold
        )
    return found
