"""Text classification: give each text, or pair of texts, one of a few labels."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import Problem
from lib.tasks.base import Brief, Columns, Features, Role, Rows, Target, Task
from lib.tasks.baselines import majority, tfidf_logistic_regression
from lib.tasks.checks import check_labels, check_texts
from lib.tasks.elsewhere import Elsewhere, Known
from lib.tasks.encoder import WANTED_ENCODER, batch_of_texts, padding_collator
from lib.tasks.label_loss import LabelOptions, label_loss
from lib.tasks.label_scores import decode_logits, describe_labels, judge_labels, label_numbers
from lib.tasks.loading import label_head, load_pretrained, load_tokenizer
from lib.tasks.metrics import LABEL_SCORES, label_scores
from lib.tasks.outputs import LabelScores

MAX_LABELS = 2_000


class TextClassification(Task):
    """One label per text; with a second text column, one label per pair of texts."""

    slug = "text-classification"
    title = "Text classification"
    summary = "Give each text one label: a topic, an emotion, spam or not. Works on pairs of texts too."
    roles = (
        Role(
            "text",
            "text",
            "Text",
            "The text the model reads.",
            synonyms=("text", "tweet", "sentence", "message", "review", "comment", "content", "body", "document",
                      "description", "title", "question", "premise", "sentence1", "text1", "phrase", "texte"),
        ),
        Role(
            "text_pair",
            "text",
            "Second text",
            "Only for pairs, such as a question and an answer: the second text the model reads with the first.",
            required=False,
            synonyms=("text_pair", "text2", "sentence2", "hypothesis", "second_text"),
        ),
        Role(
            "label",
            "label",
            "Label",
            "The answer to learn: one of a few values.",
            synonyms=("label", "labels", "class", "category", "sentiment", "emotion", "topic", "target", "intent",
                      "étiquette", "etiquette", "classe", "catégorie", "categorie", "rating", "tag", "type"),
        ),
    )  # fmt: skip
    scores = LABEL_SCORES
    model_input = ("text", "text_pair")
    starters = ("starter:minilm-l6",)
    auto_class = "AutoModelForSequenceClassification"
    shape = LabelScores
    example = "support-tickets"
    option_class = LabelOptions

    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Missing and numeric texts, missing labels, one class, classes too small to split, too many classes."""
        texts = [columns[name] for name in self.model_input if columns.get(name)]
        return [
            *(problem for text in texts for problem in check_texts(frame, text)),
            *check_labels(frame, columns["label"], texts, max_labels=MAX_LABELS),
        ]

    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Rows with every text and a label."""
        used = [columns[name] for name in (*self.model_input, "label") if columns.get(name)]
        return frame[used].notna().all(axis=1)

    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """The labels of the training rows in order of their names, and how often each occurs."""
        return describe_labels(train[columns["label"]])

    def output(self, target: Target) -> LabelScores:
        """A probability for each label."""
        return LabelScores(labels=tuple(target["labels"]))

    def sentence(self, target: Target | None) -> str:
        """To tell the labels apart."""
        return f"tell {len(target['labels'])} labels apart" if target else "tell labels apart"

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer of the model folder."""
        return load_tokenizer(folder)

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The encoder with a classification head whose config names the labels."""
        head = label_head(target["labels"]) if target else {}
        return load_pretrained(folder, auto_class=self.auto_class, wanted=WANTED_ENCODER, **head, **settings)

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """The labels of a classification head that gives one of them."""
        single = model.problem_type == "single_label_classification"
        fits = model.has_head("ForSequenceClassification") and single and model.kind != "image"
        return Known({"labels": model.labels}) if fits else None

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Token ids of the text (and pair: the longer of the two is cut first)."""
        texts, pair = rows[brief.columns["text"]], brief.columns.get("text_pair")
        return batch_of_texts(processor, texts, rows[pair] if pair else None, max_length=brief.max_length)

    def encode_target(self, processor: Any, features: Features, rows: Rows, brief: Brief) -> Features:
        """The number of each row's label; −100 for a label that the training rows do not have."""
        return {"labels": label_numbers(rows[brief.columns["label"]], brief.target["labels"])}

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads to the longest text of the batch."""
        return padding_collator(processor)

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
        """The scores by name, over the labels that occur among the truths or the predictions."""
        return label_scores(judged["gold"], judged["predicted"])

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """Always the commonest label; logistic regression on TF-IDF of words and word pairs."""
        texts, label, labels = self.inputs(brief.columns), brief.columns["label"], brief.target["labels"]
        truths, gold = train[label].str.strip(), test[label].str.strip()
        guesses = {
            "majority": majority(truths, len(test), labels),
            "tfidf": tfidf_logistic_regression(train[texts], truths, test[texts], labels),
        }
        return {name: judge_labels(guess, gold, labels) for name, guess in guesses.items()}

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet with transformers' own pipeline."""
        pair = brief.columns.get("text_pair")
        example = '{"text": "First text", "text_pair": "Second text"}' if pair else '"A text"'
        return (
            "from transformers import pipeline\n\n"
            f'classify = pipeline("text-classification", model={model!r}, top_k=None)\n'
            f"print(classify({example}, truncation=True, max_length={brief.max_length}))\n"
        )
