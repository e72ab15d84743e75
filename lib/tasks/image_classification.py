"""Image classification: give each picture one of a few labels."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import Problem, UserError
from lib.option import option, values_as
from lib.tasks.augmenting import STRENGTHS, augmented
from lib.tasks.base import Brief, Columns, Features, Role, Rows, Score, Target, Task
from lib.tasks.baselines import majority
from lib.tasks.checks import check_labels
from lib.tasks.colours import colour_logistic_regression
from lib.tasks.elsewhere import Elsewhere, Known
from lib.tasks.image_checks import check_pictures, check_same_pictures
from lib.tasks.images import SPARE, Recipe, Shelf, load_picture, set_side
from lib.tasks.label_loss import LabelOptions, label_loss
from lib.tasks.label_scores import decode_logits, describe_labels, judge_labels, label_numbers
from lib.tasks.loading import label_head, load_pretrained
from lib.tasks.metrics import LABEL_SCORES, label_scores
from lib.tasks.outputs import LabelScores

MAX_LABELS = 2_000
WANTED_VISION = "a vision model (ViT, DINOv2, Swin, ConvNeXt …)"
# With fewer labels than this, or as many, the five best always hold the truth.
TOP = 5


@dataclass(frozen=True, kw_only=True)
class PictureOptions(LabelOptions):
    """How pictures are read and changed while learning, beside the options of the loss."""

    image_size: int = option(
        0,
        title="Picture size, in pixels",
        help="Pixels a side that the model reads, made to fit its patches; 0 is its own size. Half the size is about "
        "four times as fast and loses detail. Swin reads no less than its own size.",
        group="Pictures",
        low=0,
        high=1024,
    )
    augmentation: str = option(
        "light",
        title="Random changes",
        help="Every picture is cropped and coloured a little differently each time. Strong is for few pictures and "
        "many epochs; none when the exact frame or colour is what matters.",
        group="Pictures",
        choices=STRENGTHS,
    )
    mirror: bool = option(
        True,
        title="Mirror half of them",
        help="Part of the random changes. Turn it off where left and right differ, such as letters or road signs.",
        group="Pictures",
    )


class ImageClassification(Task):
    """One label per picture."""

    slug = "image-classification"
    title = "Image classification"
    summary = "Give each picture one label: what it shows, or what is wrong with it."
    roles = (
        Role(
            "image",
            "image",
            "Picture",
            "The picture the model looks at.",
            synonyms=("image", "picture", "photo", "img", "file", "filename", "file_name", "path", "bild", "foto"),
        ),
        Role(
            "label",
            "label",
            "Label",
            "The answer to learn: one of a few values.",
            synonyms=("label", "labels", "class", "category", "target", "folder", "species", "type", "tag",
                      "étiquette", "etiquette", "classe", "catégorie", "categorie"),
        ),
    )  # fmt: skip
    scores = (
        *LABEL_SCORES,
        Score(
            "top5_accuracy",
            "Top-5 accuracy",
            "The share of pictures whose right label is among the five most probable ones.",
        ),
    )
    model_input = ("image",)
    starters = ("scratch:vit-tiny",)
    auto_class = "AutoModelForImageClassification"
    shape = LabelScores
    example = "drawn-patterns"
    model_kind = "image"
    preset_group = "image"
    option_class = PictureOptions
    # A picture becomes as many tokens as its size makes, so there is nothing to cut.
    hidden_options = ("max_length",)
    draws = True
    prediction_batch = 32

    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Missing, unreadable and tiny pictures; labels as in every task with labels; pictures with two labels."""
        image, label = columns["image"], columns["label"]
        return [
            *check_pictures(frame, image),
            *check_labels(frame, label, [image], max_labels=MAX_LABELS),
            *check_same_pictures(frame, image, label),
        ]

    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Rows with a picture and a label."""
        return frame[[columns["image"], columns["label"]]].notna().all(axis=1)

    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """The labels of the training rows in order of their names, and how often each occurs."""
        return describe_labels(train[columns["label"]])

    def output(self, target: Target) -> LabelScores:
        """A probability for each label."""
        return LabelScores(labels=tuple(target["labels"]))

    def sentence(self, target: Target | None) -> str:
        """To tell the pictures apart."""
        return f"tell {len(target['labels'])} kinds of pictures apart" if target else "tell pictures apart"

    def load_processor(self, folder: Path) -> Any:
        """The image processor of the model folder, computing with Pillow and numpy."""
        from transformers import AutoImageProcessor

        try:
            return AutoImageProcessor.from_pretrained(
                folder, trust_remote_code=False, local_files_only=True, backend="pil"
            )
        except (OSError, ValueError) as error:
            raise UserError(
                Problem(
                    f"The folder {folder} does not say how pictures are prepared: {str(error).splitlines()[0]}",
                    where="model",
                    fix="Use a folder with preprocessor_config.json in it.",
                    code="no-image-processor",
                )
            ) from error

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The vision model with a classification head whose config names the labels."""
        # DeiT has a second head, for a teacher, that cannot be trained; unnamed, the usual head is taken.
        head = {**label_head(target["labels"]), "architectures": []} if target else {}
        return load_pretrained(folder, auto_class=self.auto_class, wanted=WANTED_VISION, **head, **settings)

    def settled(self, model: Any, processor: Any, brief: Brief) -> Brief:
        """Writes the size of the pictures into the model and its processor; `image_size` becomes what it is."""
        side = set_side(model, processor, values_as(PictureOptions, brief.options).image_size)
        return brief.changed(options={**brief.options, "image_size": side})

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """The labels of a head over pictures."""
        return Known({"labels": model.labels}) if model.has_head("ForImageClassification") else None

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """The path of each picture; it is decoded when its batch is made."""
        paths = list(rows[brief.columns["image"]])
        return {
            "image": paths,
            "length": [1] * len(paths),
            "truncated": [False] * len(paths),
        }

    def encode_target(self, processor: Any, features: Features, rows: Rows, brief: Brief) -> Features:
        """The number of each row's label; −100 for a label that the training rows do not have."""
        return {"labels": label_numbers(rows[brief.columns["label"]], brief.target["labels"])}

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Decodes the pictures and prepares them as the processor says; changed at random when training."""
        import torch

        options = values_as(PictureOptions, brief.options)
        recipe = Recipe.of(processor.to_dict())
        shelf = Shelf(round(SPARE * max(recipe.resized, recipe.side)))
        changed = training and options.augmentation != "none"

        def change(feature: dict[str, Any]) -> Any:
            return augmented(
                shelf.get(feature["image"]),
                recipe.side,
                strength=options.augmentation,
                mirror=options.mirror,
                draw=int(feature["draw"]),
                resample=recipe.resample,
            )

        def collate(features: list[dict[str, Any]]) -> dict[str, Any]:
            if changed:
                pictures = [change(feature) for feature in features]
                # Their size is right already; what remains is the scale of the colours.
                batch = processor(pictures, do_resize=False, do_center_crop=False, return_tensors="pt")
            else:
                # Exactly what the saved folder does in plain transformers.
                batch = processor(
                    [load_picture(feature["image"]) for feature in features], return_tensors="pt"
                )
            made = {"pixel_values": batch["pixel_values"]}
            if "labels" in features[0]:
                made["labels"] = torch.tensor([int(feature["labels"]) for feature in features])
            return made

        return collate

    def loss(self, model: Any, batch: dict[str, Any], brief: Brief) -> Any:
        """Weighted or focal cross-entropy when the options ask for it."""
        labels = tuple(brief.target["labels"])
        return label_loss(model, batch, brief, labels=labels, counts=brief.target["counts"])

    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """Softmax probabilities and the most probable label, from float[labels] logits."""
        return decode_logits(np.reshape(raw, (len(raw), -1)), brief.target["labels"])

    def judge(self, predictions: pd.DataFrame, rows: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """Adds `gold`, `correct` and `loss` = −ln p of the true label."""
        return judge_labels(predictions, rows[brief.columns["label"]].str.strip(), brief.target["labels"])

    def score(self, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
        """The scores by name; top-5 accuracy only where there are more than five labels."""
        scores = label_scores(judged["gold"], judged["predicted"])
        labels = brief.target["labels"]
        return scores | ({"top5_accuracy": top_accuracy(judged, labels)} if len(labels) > TOP else {})

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """Always the commonest label; logistic regression on the pictures' colours."""
        image, label, labels = brief.columns["image"], brief.columns["label"], brief.target["labels"]
        truths, gold = train[label].str.strip(), test[label].str.strip()
        guesses = {
            "majority": majority(truths, len(test), labels),
            "colour_histogram": colour_logistic_regression(train[image], truths, test[image], labels),
        }
        return {name: judge_labels(guess, gold, labels) for name, guess in guesses.items()}

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet with transformers' own pipeline."""
        return (
            "from transformers import pipeline\n\n"
            f'classify = pipeline("image-classification", model={model!r})\n'
            'print(classify("picture.jpg"))\n'
        )


def top_accuracy(judged: pd.DataFrame, labels: list[str], *, top: int = TOP) -> float:
    """The share of rows whose true label is among the `top` most probable."""
    number = {label: place for place, label in enumerate(labels)}
    best = np.argsort(-np.stack(judged["scores"].to_list()), axis=1, kind="stable")[:, :top]
    gold = np.array([number.get(label, -1) for label in judged["gold"]])
    return float((best == gold[:, None]).any(axis=1).mean())
