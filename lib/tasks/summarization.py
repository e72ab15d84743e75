"""Summarization: write what matters of a text in a few words, as a summary, a headline or a title."""

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
    describe_texts,
    first_sentences,
    judge_texts,
    samples_of,
    text_scores,
)

PREFIX = "summarize:"


class Summarization(Task):
    """A short text for each long one."""

    slug = "summarization"
    title = "Summarization"
    summary = "Write what matters of a text in a few words: a summary, a headline, a title."
    roles = (
        Role(
            "text",
            "text",
            "Text",
            "The long text the model reads.",
            synonyms=("text", "article", "document", "dialogue", "body", "content", "story", "abstract", "source",
                      "report", "news", "texte", "input"),
        ),
        Role(
            "summary",
            "text",
            "Summary",
            "The short text to write for it.",
            synonyms=("summary", "highlights", "headline", "title", "abstract", "tldr", "target", "output", "résumé",
                      "resume", "titre"),
        ),
    )  # fmt: skip
    scores = tuple(TEXT_SCORES[name] for name in ("rouge1", "rouge2", "rougeL", "rougeLsum", "gen_len"))
    model_input = ("text",)
    starters = ("scratch:t5-tiny",)
    auto_class = "AutoModelForSeq2SeqLM"
    shape = Text
    example = "news-headlines"
    model_kind = "seq2seq"
    preset_group = "seq2seq"
    option_class = Seq2SeqOptions
    scores_untuned = True
    learns_tokens = True
    most_validated = 200
    prediction_batch = 16

    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Missing, numeric, copied and very long texts, and too few rows."""
        return check_pairs(frame, columns["text"], columns["summary"])

    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Rows with both texts."""
        return frame[[columns["text"], columns["summary"]]].notna().all(axis=1)

    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """How summaries are scored, and how long they are."""
        return describe_texts(train[columns["text"]], train[columns["summary"]])

    def output(self, target: Target) -> Text:
        """A text beside its reference."""
        return Text()

    def sentence(self, target: Target | None) -> str:
        """To summarize; with the usual length once it is known."""
        return f"write summaries of about {target['mean_words']:.0f} words" if target else "write summaries"

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer of the model folder."""
        return load_tokenizer(folder)

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The encoder–decoder as it is: it needs no new head."""
        return load_writer(folder, **settings)

    def settled(self, model: Any, processor: Any, brief: Brief) -> Brief:
        """With the prefix that the model knows, and the generation settings in the model's own config."""
        return settle(model, processor, brief, slug=self.slug, usual=PREFIX)

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """Where the model's config names the task."""
        return known_writer(model, self.slug, self.option_class)

    def writing(self, brief: Brief) -> dict[str, Any]:
        """How long and how a text is written."""
        return generation_settings(values_as(self.option_class, brief.options))

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Token ids of the prefix and the text."""
        return encode_sources(processor, rows[brief.columns["text"]], brief)

    def encode_target(self, processor: Any, features: Features, rows: Rows, brief: Brief) -> Features:
        """Token ids of the summary, and whether it was cut."""
        return encode_references(processor, rows[brief.columns["summary"]], brief)

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads texts and summaries to the longest of the batch."""
        return seq2seq_collator(processor)

    def loss(self, model: Any, batch: dict[str, Any], brief: Brief) -> Any:
        """Smoothed cross-entropy when the options ask for it."""
        return smoothed_loss(model, batch, brief)

    def predict_batch(self, model: Any, batch: dict[str, Any], processor: Any, brief: Brief) -> list[Any]:
        """What is written for each text, and its length in tokens."""
        return write(model, batch, processor)

    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """The summaries written and their lengths in tokens."""
        return as_frame(raw)

    def judge(self, predictions: pd.DataFrame, rows: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """Beside the references, with what they share."""
        return judge_texts(predictions, rows[brief.columns["summary"]], brief)

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
        texts, summaries = (rows[brief.columns[name]].tolist() for name in ("text", "summary"))
        size = self.prediction_batch
        written["loss"] = reference_losses(model, processor, texts, summaries, brief, batch=size)
        return self.judge(written, rows, brief)

    def samples(self, model: Any, processor: Any, rows: pd.DataFrame, brief: Brief) -> list[dict[str, str]]:
        """What the model writes for the rows."""
        written = predict_rows(self, model, processor, rows, brief)
        return samples_of(written, rows[brief.columns["text"]], rows[brief.columns["summary"]])

    def score(self, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
        """ROUGE and the length written."""
        return text_scores(judged, self.scores)

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """The first sentence of the text, cut to the usual length of a summary."""
        firsts = first_sentences(test[brief.columns["text"]], words=brief.target["mean_words"])
        return {"first_sentence": self.judge(firsts, test, brief)}

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet with generate()."""
        return usage_of(model, brief)
