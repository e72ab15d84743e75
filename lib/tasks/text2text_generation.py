"""Text to text: write whatever text belongs to a text, such as a title for a description or a correction."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from lib.errors import Problem
from lib.option import values_as
from lib.tasks.base import Brief, Columns, Features, OnRows, Role, Rows, Target, Task
from lib.tasks.elsewhere import Elsewhere, Known
from lib.tasks.loading import load_tokenizer
from lib.tasks.outputs import Text
from lib.tasks.predict import predict_rows
from lib.tasks.seq2seq import (
    Seq2SeqOptions,
    as_frame,
    encode_references,
    encode_sources,
    generation_settings,
    known_writer,
    load_writer,
    reference_losses,
    seq2seq_collator,
    settle,
    smoothed_loss,
    usage_of,
    write,
)
from lib.tasks.written_text import (
    TEXT_SCORES,
    check_pairs,
    copies,
    describe_texts,
    judge_texts,
    samples_of,
    text_scores,
)


class Text2TextGeneration(Task):
    """The text that belongs to each text."""

    slug = "text2text-generation"
    # The Hub gave up the name text2text-generation in 2025, and files such models here.
    pipeline_tag = "text-generation"
    title = "Text to text"
    summary = "Write the text that belongs to a text: a title, a correction, a paraphrase, an answer."
    roles = (
        Role(
            "source",
            "text",
            "Text",
            "The text the model reads.",
            synonyms=("source", "input", "text", "prompt", "question", "description", "order", "src", "before", "wrong",
                      "sentence", "original"),
        ),
        Role(
            "target",
            "text",
            "Text to write",
            "The text to write for it.",
            synonyms=("target", "output", "answer", "response", "completion", "title", "note", "tgt", "after",
                      "corrected", "correction", "paraphrase", "rewrite", "label"),
        ),
    )  # fmt: skip
    scores = tuple(
        TEXT_SCORES[name] for name in ("rouge1", "rougeL", "exact_match", "bleu", "chrf", "gen_len")
    )
    model_input = ("source",)
    starters = ("scratch:t5-tiny",)
    auto_class = "AutoModelForSeq2SeqLM"
    shape = Text
    example = "cafe-orders"
    model_kind = "seq2seq"
    preset_group = "seq2seq"
    option_class = Seq2SeqOptions
    scores_untuned = True
    learns_tokens = True
    most_validated = 200
    prediction_batch = 16

    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Missing, numeric, copied and very long texts, and too few rows."""
        return check_pairs(frame, columns["source"], columns["target"])

    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Rows with both texts."""
        return frame[[columns["source"], columns["target"]]].notna().all(axis=1)

    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """How texts are scored, and how long they are."""
        return describe_texts(train[columns["source"]], train[columns["target"]])

    def output(self, target: Target) -> Text:
        """A text beside its reference."""
        return Text()

    def sentence(self, target: Target | None) -> str:
        """To write."""
        return "write the text that belongs to a text"

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer of the model folder."""
        return load_tokenizer(folder)

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The encoder–decoder as it is: it needs no new head."""
        return load_writer(folder, **settings)

    def settled(self, model: Any, processor: Any, brief: Brief) -> Brief:
        """With the prefix asked for, and the generation settings in the model's own config."""
        return settle(model, processor, brief, slug=self.slug)

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """What any encoder–decoder does."""
        return known_writer(model, self.slug, self.option_class, always=True)

    def writing(self, brief: Brief) -> dict[str, Any]:
        """How long and how a text is written."""
        return generation_settings(values_as(self.option_class, brief.options))

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Token ids of the prefix and the text."""
        return encode_sources(processor, rows[brief.columns["source"]], brief)

    def encode_target(self, processor: Any, features: Features, rows: Rows, brief: Brief) -> Features:
        """Token ids of the text to write, and whether it was cut."""
        return encode_references(processor, rows[brief.columns["target"]], brief)

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads both texts to the longest of the batch."""
        return seq2seq_collator(processor)

    def loss(self, model: Any, batch: dict[str, Any], brief: Brief) -> Any:
        """Smoothed cross-entropy when the options ask for it."""
        return smoothed_loss(model, batch, brief)

    def predict_batch(self, model: Any, batch: dict[str, Any], processor: Any, brief: Brief) -> list[Any]:
        """What is written for each text, and its length in tokens."""
        return write(model, batch, processor)

    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """The texts written and their lengths in tokens."""
        return as_frame(raw)

    def judge(self, predictions: pd.DataFrame, rows: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """Beside the references, with what they share."""
        return judge_texts(predictions, rows[brief.columns["target"]], brief)

    def evaluate(
        self,
        model: Any,
        processor: Any,
        rows: pd.DataFrame,
        brief: Brief,
        *,
        on_rows: OnRows | None = None,
    ) -> pd.DataFrame:
        """What the model writes, judged; the loss is that of the references."""
        written = predict_rows(self, model, processor, rows, brief, on_rows=on_rows)
        texts, references = (rows[brief.columns[name]].tolist() for name in ("source", "target"))
        size = self.prediction_batch
        written["loss"] = reference_losses(model, processor, texts, references, brief, batch=size)
        return self.judge(written, rows, brief)

    def samples(self, model: Any, processor: Any, rows: pd.DataFrame, brief: Brief) -> list[dict[str, str]]:
        """What the model writes for the rows."""
        written = predict_rows(self, model, processor, rows, brief)
        return samples_of(written, rows[brief.columns["source"]], rows[brief.columns["target"]])

    def score(self, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
        """Overlap, the share of exact texts and the length written."""
        return text_scores(judged, self.scores)

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """The text itself, unchanged."""
        return {"copy": self.judge(copies(test[brief.columns["source"]]), test, brief)}

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet with generate()."""
        return usage_of(model, brief)
