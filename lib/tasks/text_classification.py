"""Text classification: give each text, or pair of texts, one of a few labels."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from lib.errors import Problem
from lib.tasks.base import Columns, Role, Score, Target, Task
from lib.tasks.baselines import majority, tfidf_logistic_regression
from lib.tasks.checks import check_labels, check_texts
from lib.tasks.encoder import batch_of_texts, load_encoder, load_tokenizer, padding_collator
from lib.tasks.label_scores import decode_logits, judge_labels
from lib.tasks.metrics import label_scores
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
    scores: ClassVar[tuple[Score, ...]] = (
        Score(
            "macro_f1",
            "Macro-F1",
            "The F1 of each label, averaged: every label counts the same, rare or not.",
        ),
        Score(
            "accuracy", "Accuracy", "The share of rows that got the right label; common labels dominate it."
        ),
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
    model_input = ("text", "text_pair")
    starters = ("starter:minilm-l6",)
    auto_class = "AutoModelForSequenceClassification"
    example = "support-tickets"

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
        counts = train[columns["label"]].str.strip().value_counts()
        labels = sorted(str(label) for label in counts.index)
        return {"labels": labels, "counts": {label: int(counts[label]) for label in labels}}

    def output(self, target: Target) -> LabelScores:
        """A probability for each label."""
        return LabelScores(labels=tuple(target["labels"]))

    def sentence(self, target: Target | None) -> str:
        """To tell the labels apart."""
        return f"tell {len(target['labels'])} labels apart" if target else "tell labels apart"

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer of the model folder."""
        return load_tokenizer(folder)

    def load_model(self, folder: Path, target: Target | None) -> Any:
        """The encoder with a classification head whose config names the labels."""
        return load_encoder(folder, auto_class=self.auto_class, labels=target["labels"] if target else None)

    def encode(
        self, processor: Any, rows: Mapping[str, Sequence[Any]], columns: Columns, *, max_length: int
    ) -> dict[str, list[Any]]:
        """Token ids of the text (and pair: the longer of the two is cut first)."""
        pair = columns.get("text_pair")
        return batch_of_texts(
            processor, rows[columns["text"]], rows[pair] if pair else None, max_length=max_length
        )

    def encode_target(self, rows: Mapping[str, Sequence[Any]], columns: Columns, target: Target) -> list[Any]:
        """The number of each row's label; −100 for a label that the training rows do not have."""
        number = {label: index for index, label in enumerate(target["labels"])}
        return [number.get(str(label).strip(), -100) for label in rows[columns["label"]]]

    def collator(self, processor: Any) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads to the longest text of the batch."""
        return padding_collator(processor)

    def decode(self, logits: np.ndarray, target: Target) -> pd.DataFrame:
        """Softmax probabilities and the most probable label; `logits`: float[rows, labels]."""
        return decode_logits(logits, target["labels"])

    def judge(self, predictions: pd.DataFrame, gold: "pd.Series[Any]", target: Target) -> pd.DataFrame:
        """Adds `gold`, `correct` and `loss` = −ln p of the true label."""
        return judge_labels(predictions, gold.str.strip(), target["labels"])

    def score(self, judged: pd.DataFrame, target: Target) -> dict[str, float]:
        """The scores by name, over the labels that occur among the truths or the predictions."""
        return label_scores(judged["gold"], judged["predicted"])

    def baselines(
        self, train: pd.DataFrame, test: pd.DataFrame, columns: Columns, target: Target
    ) -> dict[str, pd.DataFrame]:
        """Always the commonest label; logistic regression on TF-IDF of words and word pairs."""
        texts = [columns[name] for name in self.model_input if columns.get(name)]
        labels = target["labels"]
        truths, gold = train[columns["label"]].str.strip(), test[columns["label"]].str.strip()
        guesses = {
            "majority": majority(truths, len(test), labels),
            "tfidf": tfidf_logistic_regression(train[texts], truths, test[texts], labels),
        }
        return {name: judge_labels(guess, gold, labels) for name, guess in guesses.items()}

    def usage(self, model: str, columns: Columns, target: Target) -> str:
        """A snippet with transformers' own pipeline."""
        example = (
            '{"text": "First text", "text_pair": "Second text"}' if columns.get("text_pair") else '"A text"'
        )
        return (
            "from transformers import pipeline\n\n"
            f'classify = pipeline("text-classification", model={model!r}, top_k=None)\n'
            f"print(classify({example}))\n"
        )
