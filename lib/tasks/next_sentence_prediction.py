"""Next-sentence prediction: learn from ordered documents which sentence follows which."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import Problem
from lib.tasks.base import Brief, Columns, Features, Role, Rows, Target, Task
from lib.tasks.baselines import majority, tfidf_logistic_regression
from lib.tasks.checks import check_texts
from lib.tasks.elsewhere import Elsewhere, Known
from lib.tasks.encoder import WANTED_ENCODER, batch_of_texts, padding_collator
from lib.tasks.label_loss import LabelOptions, label_loss
from lib.tasks.label_scores import decode_logits, from_probabilities, judge_labels, label_numbers
from lib.tasks.loading import label_head, load_pretrained, load_tokenizer
from lib.tasks.metrics import LABEL_SCORES, label_scores
from lib.tasks.outputs import LabelScores
from lib.tasks.sentence_pairs import NEXT, NOT_NEXT, sentence_pairs
from lib.tasks.sentences import split_sentences

# In the order of transformers' heads for this task, where 0 means that the second sentence is the next one.
LABELS = (NEXT, NOT_NEXT)
# With fewer, a tenth of the documents is one or none, and one alone has no sentences from elsewhere.
FEW_DOCUMENTS = 30
_WORDS = {
    NEXT: frozenset({NEXT, "is next", "isnext", "is_next", "is-next", "consecutive", "true", "yes"}),
    NOT_NEXT: frozenset(
        {NOT_NEXT, "is not next", "notnext", "not_next", "not-next", "isnotnext", "random", "false", "no"}
    ),
}
# Plain numbers only mean something below a name such as is_next.
_NUMBERS = {NEXT: frozenset({"1", "1.0"}), NOT_NEXT: frozenset({"0", "0.0"})}


class NextSentencePrediction(Task):
    """Whether one sentence follows another, learned from documents in order or from labelled pairs."""

    slug = "next-sentence-prediction"
    title = "Next-sentence prediction (pretraining)"
    summary = (
        "Learn from documents without labels which sentence follows which. "
        "It teaches a model how texts of your field hang together, and finds sentences out of place."
    )
    roles = (
        Role(
            "document",
            "text",
            "Document",
            "Several sentences in their order: a text, with line breaks if you like, or a JSON list of sentences.",
            synonyms=("document", "text", "story", "article", "paragraph", "passage", "content", "body", "sentences"),
        ),
        Role(
            "first",
            "text",
            "First sentence",
            "The sentence that comes first.",
            synonyms=("first", "sentence_a", "sentence1", "sentence_1", "text_a"),
        ),
        Role(
            "second",
            "text",
            "Second sentence",
            "The sentence that may follow.",
            synonyms=("second", "sentence_b", "sentence2", "sentence_2", "text_b"),
        ),
        Role(
            "label",
            "label",
            "Is it the next one?",
            "“next” or “not next”; also true or false, or 1 and 0 in a column named is_next.",
            synonyms=("label", "is_next", "isnext", "next", "next_sentence_label"),
        ),
    )  # fmt: skip
    layouts = (("document",), ("first", "second", "label"))
    scores = LABEL_SCORES
    model_input = ("first", "second")
    # Documents stay whole, and so do the pairs of one first sentence.
    together = ("document", "first")
    starters = ("starter:minilm-l6",)
    auto_class = "AutoModelForNextSentencePrediction"
    shape = LabelScores
    example = "everyday-stories"
    option_class = LabelOptions
    pipeline_tag = "text-classification"

    def inputs(self, columns: Columns) -> list[str]:
        """The two sentences, or the documents that they will come from."""
        return super().inputs(columns) or [columns["document"]]

    def truths(self, columns: Columns) -> list[Role]:
        """The label; documents need none."""
        return [self.role("label")] if "label" in columns else []

    def asked(self, columns: Columns) -> list[Role]:
        """Two sentences, whatever the model learned from."""
        return [self.role("first"), self.role("second")]

    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Missing texts, documents of one sentence, too few documents; labels that cannot be understood."""
        if "document" in columns:
            return [*check_texts(frame, columns["document"]), *_check_documents(frame[columns["document"]])]
        texts = [columns["first"], columns["second"]]
        return [
            *(problem for text in texts for problem in check_texts(frame, text)),
            *_check_labels(frame.loc[frame[texts].notna().all(axis=1), columns["label"]]),
        ]

    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Documents of at least two sentences; pairs with both sentences and a label that is understood."""
        if "document" in columns:
            return _sentence_counts(frame[columns["document"]]) > 1
        labels = frame[columns["label"]]
        texts = frame[[columns["first"], columns["second"]]]
        return texts.notna().all(axis=1) & _understood(labels).notna()

    def as_examples(
        self, frame: pd.DataFrame, columns: Columns, *, seed: int
    ) -> tuple[pd.DataFrame, Columns]:
        """Pairs, half of them true: made of the documents of one part of the split, so no sentence crosses it."""
        if "document" not in columns:
            label = columns["label"]
            return frame.assign(**{label: _understood(frame[label])}), columns
        documents = [split_sentences(text) for text in frame[columns["document"]]]
        pairs = sentence_pairs(documents, seed=seed)
        pairs.index = frame.index[pairs.pop("document").to_numpy()]
        return pairs, {"first": "first", "second": "second", "label": "label"}

    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """The two labels, always in the order of transformers' heads, and how often each occurs."""
        counts = train[columns["label"]].value_counts()
        return {"labels": list(LABELS), "counts": {label: int(counts.get(label, 0)) for label in LABELS}}

    def output(self, target: Target) -> LabelScores:
        """The probability that the second sentence is the next one, and that it is not."""
        return LabelScores(labels=tuple(target["labels"]))

    def sentence(self, target: Target | None) -> str:
        """To tell what follows."""
        return "tell whether one sentence follows another"

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer of the model folder."""
        return load_tokenizer(folder)

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """With transformers' own head for this task where the architecture has one, else with one for two labels."""
        head = label_head(target["labels"]) if target else {}
        return load_pretrained(
            folder, auto_class=_auto_class(folder), wanted=WANTED_ENCODER, **head, **settings
        )

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """BERT's own head for this task."""
        fits = model.has_head("ForNextSentencePrediction")
        return Known({"labels": list(LABELS)}) if fits else None

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Token ids of the pair; the longer sentence is cut first."""
        first, second = (rows[brief.columns[name]] for name in self.model_input)
        return batch_of_texts(processor, first, second, max_length=brief.max_length)

    def encode_target(self, processor: Any, features: Features, rows: Rows, brief: Brief) -> Features:
        """0 for a true pair, 1 for one that is not."""
        return {"labels": label_numbers(rows[brief.columns["label"]], brief.target["labels"])}

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads to the longest pair of the batch."""
        return padding_collator(processor)

    def loss(self, model: Any, batch: dict[str, Any], brief: Brief) -> Any:
        """Weighted or focal cross-entropy when the options ask for it."""
        labels = tuple(brief.target["labels"])
        return label_loss(model, batch, brief, labels=labels, counts=brief.target["counts"])

    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """Softmax probabilities and the more probable label, from float[2] logits."""
        return decode_logits(np.reshape(raw, (len(raw), -1)), brief.target["labels"])

    def judge(self, predictions: pd.DataFrame, rows: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """Adds `gold`, `correct` and `loss` = −ln p of the true label."""
        return judge_labels(predictions, rows[brief.columns["label"]], brief.target["labels"])

    def score(self, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
        """The scores of the two labels."""
        return label_scores(judged["gold"], judged["predicted"])

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """The commoner label; TF-IDF of both sentences; how many words the two share."""
        texts, label, labels = self.inputs(brief.columns), brief.columns["label"], brief.target["labels"]
        guesses = {"majority": majority(train[label], len(test), labels)}
        if train[label].nunique() > 1:
            guesses["tfidf"] = tfidf_logistic_regression(train[texts], train[label], test[texts], labels)
            guesses["word_overlap"] = _word_overlap(train, test, texts, label)
        return {name: judge_labels(guess, test[label], labels) for name, guess in guesses.items()}

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet with transformers' Auto classes."""
        return (
            "import torch\n"
            "from transformers import AutoConfig, AutoTokenizer\n"
            "import transformers\n\n"
            f"folder = {model!r}\n"
            "config = AutoConfig.from_pretrained(folder)\n"
            "model = getattr(transformers, config.architectures[0]).from_pretrained(folder)\n"
            "tokenizer = AutoTokenizer.from_pretrained(folder)\n"
            'first, second = "We missed the bus.", "So we walked home."\n'
            f'pair = tokenizer(first, second, truncation=True, max_length={brief.max_length}, return_tensors="pt")\n'
            "with torch.inference_mode():\n"
            "    scores = model(**pair).logits.softmax(dim=-1)[0]\n"
            "print({config.id2label[number]: round(float(score), 3) for number, score in enumerate(scores)})\n"
        )


def _auto_class(folder: Path) -> str:
    """The class that loads the folder: BERT, MobileBERT, ERNIE and a few others have a head for this task."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_NEXT_SENTENCE_PREDICTION_MAPPING_NAMES

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    known = config.get("model_type") in MODEL_FOR_NEXT_SENTENCE_PREDICTION_MAPPING_NAMES
    return f"AutoModelFor{'NextSentencePrediction' if known else 'SequenceClassification'}"


def _sentence_counts(cells: "pd.Series[str]") -> "pd.Series[int]":
    counts = [0 if pd.isna(cell) else len(split_sentences(cell)) for cell in cells]
    return pd.Series(counts, index=cells.index, dtype="int64")


def _understood(cells: "pd.Series[str]") -> "pd.Series[str]":
    """The labels as "next" and "not next"; missing where a cell says neither."""
    known: Mapping[str, frozenset[str]] = _WORDS
    if "next" in str(cells.name).casefold():
        known = {label: words | _NUMBERS[label] for label, words in _WORDS.items()}
    meant = {word: label for label, words in known.items() for word in words}
    return cells.str.strip().str.casefold().map(meant).astype("str")


def _check_documents(cells: "pd.Series[str]") -> list[Problem]:
    where = f'column "{cells.name}"'
    there = cells.dropna()
    single = int((_sentence_counts(there) < 2).sum())
    usable = len(there) - single
    if usable < 2 and len(there):
        return [
            Problem(
                f"Only {usable} of {len(there):,} documents {'has' if usable == 1 else 'have'} two sentences or more, "
                "so no pairs can be made.",
                where,
                "Choose a column of longer texts, with the sentences of each in their order.",
                code="no-pairs",
            )
        ]
    problems = []
    if single:
        problems.append(
            Problem(
                f"{single:,} of {len(there):,} documents have a single sentence; they are left out.",
                where,
                "Bring longer texts, or go on without them.",
                "warning",
                "single-sentences",
            )
        )
    if usable < FEW_DOCUMENTS and len(there):
        problems.append(
            Problem(
                f"There are only {usable} documents; those of the smaller parts of the split may be too few to make "
                "false pairs of, which come from other documents of the same part.",
                where,
                "Bring at least a few hundred documents.",
                "warning",
                "few-rows",
            )
        )
    return problems


def _check_labels(cells: "pd.Series[str]") -> list[Problem]:
    where = f'column "{cells.name}"'
    labels = _understood(cells)
    unknown = cells[labels.isna() & cells.notna()]
    if labels.isna().all():
        said = f", such as {unknown.iloc[0]!r}" if len(unknown) else ""
        return [
            Problem(
                f"No label says whether the second sentence is the next one{said}.",
                where,
                "Write “next” or “not next”, or use 1 and 0 in a column named is_next.",
                code="labels-not-understood",
            )
        ]
    problems = []
    if missing := int(labels.isna().sum()):
        problems.append(
            Problem(
                f"{missing:,} of {len(labels):,} pairs have no label that is understood; they are left out.",
                where,
                "Write “next” or “not next”, or go on without them.",
                "warning",
                "labels-missing",
            )
        )
    if labels.nunique() == 1:
        problems.append(
            Problem(
                f"Every pair is labelled “{labels.dropna().iloc[0]}”, so there is nothing to tell apart.",
                where,
                "Add pairs of the other kind.",
                code="one-label",
            )
        )
    return problems


def _word_overlap(train: pd.DataFrame, test: pd.DataFrame, texts: list[str], label: str) -> pd.DataFrame:
    """Logistic regression on the share of the words of the two sentences that both have (Jaccard)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=100.0).fit(_shared_words(train[texts]), train[label] == NEXT)
    following = model.predict_proba(_shared_words(test[texts]))[:, 1]
    return from_probabilities(np.column_stack([following, 1 - following]), LABELS)


def _shared_words(pairs: pd.DataFrame) -> np.ndarray:
    words = [[set(text) for text in pairs[name].str.casefold().str.findall(r"\w+")] for name in pairs.columns]
    return np.array([[len(one & two) / max(1, len(one | two))] for one, two in zip(*words, strict=True)])
