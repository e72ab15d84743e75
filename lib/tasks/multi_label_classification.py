"""Multi-label classification: give each text any number of labels, none included."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.label_cells import columns_named, is_flag, label_sets, separator_of
from lib.errors import Problem
from lib.tasks.base import Brief, Columns, Features, Role, Rows, Score, Target, Task
from lib.tasks.baselines import tfidf_each_label
from lib.tasks.checks import check_labels, check_texts
from lib.tasks.elsewhere import Elsewhere, Known
from lib.tasks.encoder import WANTED_ENCODER, batch_of_texts, padding_collator
from lib.tasks.label_loss import LabelOptions
from lib.tasks.label_sets import (
    commonest_set,
    from_label_probabilities,
    judge_label_sets,
    label_set_loss,
    label_set_scores,
    membership,
    sigmoid,
    thresholds_of,
)
from lib.tasks.loading import label_head, load_pretrained, load_tokenizer
from lib.tasks.multilabel import DEFAULT_THRESHOLD, tune_thresholds
from lib.tasks.outputs import ManyLabels

MAX_LABELS = 2_000
FEW_ROWS = 40


class MultiLabelClassification(Task):
    """Any number of labels per text; from which probability on one is given is tuned label by label."""

    slug = "multi-label-classification"
    title = "Multi-label classification"
    summary = (
        "Give each text every label that applies: genres, topics, kinds of toxicity. None may apply too."
    )
    roles = (
        Role(
            "text",
            "text",
            "Text",
            "The text the model reads.",
            synonyms=("text", "sentence", "message", "review", "comment", "comment_text", "content", "body",
                      "document", "description", "abstract", "plot", "overview", "summary", "title", "question"),
        ),
        Role(
            "labels",
            "labels",
            "Labels",
            "The answers to learn: a column with all labels of a row (as a list, or separated by commas, semicolons "
            "or bars), or several columns, one for each label, with 1 where it applies.",
            synonyms=("labels", "tags", "genres", "topics", "categories", "classes", "emotions", "themes", "genre",
                      "label", "tag", "topic", "category", "keywords", "étiquettes", "catégories", "schlagworte"),
        ),
    )  # fmt: skip
    scores = (
        Score(
            "macro_f1",
            "Macro-F1",
            "The F1 of each label, averaged: every label counts the same, rare or not.",
        ),
        Score("micro_f1", "Micro-F1", "F1 over all decisions together; common labels dominate it."),
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
        Score("accuracy", "Whole set right", "The share of rows that got exactly the right labels."),
    )
    model_input = ("text",)
    starters = ("starter:minilm-l6",)
    auto_class = "AutoModelForSequenceClassification"
    shape = ManyLabels
    takes_answers = False
    pipeline_tag = "text-classification"
    example = "film-notes"
    option_class = LabelOptions

    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Missing texts, cells that are neither yes nor no, rows without labels, labels too rare or too many."""
        problems = check_texts(frame, columns["text"])
        return [*problems, *_check_sets(frame, columns)]

    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Rows with a text; one without labels is a row to which none applies."""
        return frame[columns["text"]].notna()

    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """The labels of the training rows in order of their names, how often each occurs, how they are written."""
        named = columns_named(columns["labels"], map(str, train.columns))
        separator = separator_of(train[named[0]]) if len(named) == 1 else ""
        sets = label_sets(train, named, separator)
        counts = pd.Series([label for row in sets for label in row], dtype="str").value_counts()
        # A column for each label names the label, even if no training row has it.
        labels = sorted(map(str, counts.index)) if len(named) == 1 else named
        return {
            "labels": labels,
            "counts": {label: int(counts.get(label, 0)) for label in labels},
            "rows": len(train),
            "separator": separator,
        }

    def output(self, target: Target) -> ManyLabels:
        """A probability for each label, and from which one on it is given."""
        return ManyLabels(labels=tuple(target["labels"]), thresholds=tuple(thresholds_of(target)))

    def sentence(self, target: Target | None) -> str:
        """To give each text the labels that apply."""
        return f"give each text those of {len(target['labels'])} labels that apply" if target else (
            "give each text the labels that apply"
        )  # fmt: skip

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer of the model folder."""
        return load_tokenizer(folder)

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The encoder with a head of one logit per label, whose config names the labels."""
        head = label_head(target["labels"], problem_type="multi_label_classification") if target else {}
        return load_pretrained(folder, auto_class=self.auto_class, wanted=WANTED_ENCODER, **head, **settings)

    def finish(self, model: Any, brief: Brief) -> None:
        """The thresholds go into the config, by label, for those who use the model without Atelier."""
        labels, thresholds = brief.target["labels"], thresholds_of(brief.target)
        model.config.atelier_thresholds = dict(zip(labels, thresholds, strict=True))

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """The labels of a classification head that decides on each of them; from one half on, as it names no other."""
        if not model.has_head("ForSequenceClassification") or model.problem_type != (
            "multi_label_classification"
        ):
            return None
        return Known({"labels": model.labels}, remark="A label is given from a probability of 50 % on.")

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Token ids of the text."""
        return batch_of_texts(processor, rows[brief.columns["text"]], None, max_length=brief.max_length)

    def encode_target(self, processor: Any, features: Features, rows: Rows, brief: Brief) -> Features:
        """1.0 for each label that a row has, else 0.0, in label order."""
        sets = _sets(rows, brief)
        return {"labels": membership(sets, brief.target["labels"]).astype(float).tolist()}

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads to the longest text of the batch."""
        return padding_collator(processor)

    def loss(self, model: Any, batch: dict[str, Any], brief: Brief) -> Any:
        """Weighted or focal cross-entropy of each decision when the options ask for it."""
        target = brief.target
        return label_set_loss(model, batch, brief, counts=target["counts"], rows=target["rows"])

    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """The probability of each label, from float[labels] logits, and those that reach their threshold."""
        labels = brief.target["labels"]
        logits = np.asarray(raw, dtype=np.float64).reshape(len(raw), len(labels))
        return from_label_probabilities(sigmoid(logits), labels, thresholds_of(brief.target))

    def judge(self, predictions: pd.DataFrame, rows: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """Adds `gold`, `correct` and `loss`, and decides anew with the thresholds of the brief."""
        thresholds = thresholds_of(brief.target)
        return judge_label_sets(predictions, _sets(rows, brief), brief.target["labels"], thresholds)

    def tuned_target(self, judged: pd.DataFrame, brief: Brief) -> Target:
        """With the thresholds that give each label its best F1 on the validation rows."""
        labels = brief.target["labels"]
        truth = membership(map(_read, judged["gold"]), labels)
        scores = np.asarray(judged["scores"].to_list(), dtype=np.float64).reshape(truth.shape)
        return brief.target | {"thresholds": tune_thresholds(truth, scores).tolist()}

    def score(self, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
        """The scores by name, over the labels that occur among the truths or the predictions."""
        return label_set_scores(judged, brief.target["labels"])

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """Always the commonest set of labels; a logistic regression on TF-IDF for each label. Threshold one half."""
        labels, texts = brief.target["labels"], self.inputs(brief.columns)
        sets = _sets(train, brief)
        guesses = {
            "majority": commonest_set(sets, labels, len(test)),
            "tfidf": tfidf_each_label(train[texts], membership(sets, labels), test[texts]),
        }
        half = [DEFAULT_THRESHOLD] * len(labels)
        return {
            name: judge_label_sets(
                from_label_probabilities(found, labels, half), _sets(test, brief), labels, half
            )
            for name, found in guesses.items()
        }

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet in plain transformers that gives the labels which reach their threshold."""
        return (
            "import torch\n"
            "from transformers import AutoModelForSequenceClassification, AutoTokenizer\n\n"
            f"folder = {model!r}\n"
            "tokenizer = AutoTokenizer.from_pretrained(folder)\n"
            "model = AutoModelForSequenceClassification.from_pretrained(folder).eval()\n"
            "# Tuned on validation rows, label by label; one half where nothing was.\n"
            'thresholds = getattr(model.config, "atelier_thresholds", {})\n\n'
            f'batch = tokenizer("A text", truncation=True, max_length={brief.max_length}, return_tensors="pt")\n'
            "with torch.inference_mode():\n"
            "    scores = model(**batch).logits[0].sigmoid().tolist()\n"
            "named = {model.config.id2label[number]: score for number, score in enumerate(scores)}\n"
            "print([label for label, score in named.items() if score >= thresholds.get(label, 0.5)])\n"
        )


def _read(cell: str) -> list[str]:
    import json

    return [str(label) for label in json.loads(cell)]


def _sets(rows: Rows | pd.DataFrame, brief: Brief) -> list[list[str]]:
    """The labels of each row, written as the training rows were."""
    frame = rows if isinstance(rows, pd.DataFrame) else None
    there = [str(name) for name in (rows if frame is None else frame.columns)]
    named = columns_named(brief.columns["labels"], there)
    if frame is None:
        frame = pd.DataFrame({name: pd.Series(list(rows[name]), dtype="object") for name in named})
    return label_sets(frame, named, brief.target["separator"])


def _check_sets(frame: pd.DataFrame, columns: Columns) -> list[Problem]:
    named = columns_named(columns["labels"], map(str, frame.columns))
    where = f'column "{columns["labels"]}"'
    texts = frame[columns["text"]].notna().to_numpy()
    rows = frame[texts]
    if len(named) > 1 and (wrong := _not_flags(rows, named)):
        return wrong
    separator = separator_of(rows[named[0]]) if len(named) == 1 else ""
    sets = label_sets(rows, named, separator)
    pairs = [(place, label) for place, row in enumerate(sets) for label in row]
    if not pairs:
        return [
            Problem(
                "No row has a label.", where, "Choose the column with the answers.", code="labels-all-missing"
            )
        ]
    exploded = pd.DataFrame({"label": pd.Series([label for _, label in pairs], dtype="str")})
    without = _silent(rows, named, sets)
    alike = len(set(exploded["label"])) == 1
    # One label and rows without it are two things to tell apart; rows are counted here, not pairs of row and label.
    passed_over = {"few-rows", *(["one-label"] if alike and len(pairs) < len(rows) else [])}
    found = check_labels(exploded.assign(text="-"), "label", ["text"], max_labels=MAX_LABELS)
    problems = [
        Problem(problem.what, where, problem.fix, problem.severity, problem.code)
        for problem in found
        if problem.code not in passed_over
    ]
    if without:
        problems.append(
            Problem(
                f"{without:,} of {len(rows):,} rows have no label; they are learned as rows to which none applies.",
                where,
                "Delete the rows that nobody has labelled yet.",
                "warning",
                "rows-without-labels",
            )
        )
    if len(rows) < FEW_ROWS:
        problems.append(
            Problem(
                f"There are only {len(rows)} rows with a text; a test set of a tenth would tell almost nothing.",
                where,
                "Bring at least a few hundred rows.",
                "warning",
                "few-rows",
            )
        )
    return problems


def _silent(rows: pd.DataFrame, named: Sequence[str], sets: Sequence[Sequence[str]]) -> int:
    """Rows that say nothing about labels; a written-out empty list and a column's plain no say that none applies."""
    said = rows[list(named)].notna().any(axis=1).to_numpy()
    return sum(not labels and not spoken for labels, spoken in zip(sets, said, strict=True))


def _not_flags(rows: pd.DataFrame, named: Sequence[str]) -> list[Problem]:
    """One problem for each column of a label whose cells are neither yes nor no."""
    problems = []
    for name in named:
        odd = [cell for cell in rows[name] if not is_flag(cell)]
        if odd:
            examples = ", ".join(f'"{cell}"' for cell in list(dict.fromkeys(odd))[:3])
            problems.append(
                Problem(
                    f"{len(odd):,} of {len(rows):,} cells say neither yes nor no: {examples}.",
                    f'column "{name}"',
                    "Write 1 where the label applies and 0 where not, or choose other columns.",
                    code="not-flags",
                )
            )
    return problems
