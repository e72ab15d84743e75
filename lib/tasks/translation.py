"""Translation: write a text again in another language."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lib.errors import Problem
from lib.option import option, values_as
from lib.tasks.base import Brief, Columns, Features, OnRows, Role, Rows, Target, Task
from lib.tasks.elsewhere import Elsewhere, Known
from lib.tasks.loading import load_tokenizer
from lib.tasks.outputs import Text
from lib.tasks.predict import predict_rows
from lib.tasks.seq2seq import (
    AUTO,
    Seq2SeqOptions,
    as_frame,
    encode_references,
    encode_sources,
    generation_settings,
    is_told_by_prefix,
    known_writer,
    load_writer,
    reference_losses,
    seq2seq_collator,
    settle,
    smoothed_loss,
    speak,
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


@dataclass(frozen=True, kw_only=True)
class TranslationOptions(Seq2SeqOptions):
    """How a text is written, and between which languages."""

    source_language: str = option(
        "",
        title="Language of the text",
        help="For T5 an English name (English); for mBART, M2M-100 and NLLB their code (en_XX); others need none.",
        group="Writing",
    )
    target_language: str = option(
        "",
        title="Language of the translation",
        help="For T5 an English name (French); for mBART, M2M-100 and NLLB their code (fr_XX); others need none.",
        group="Writing",
    )


class Translation(Task):
    """A text in another language for each text."""

    slug = "translation"
    title = "Translation"
    summary = "Write a text again in another language, from pairs of a text and its translation."
    roles = (
        Role(
            "source",
            "text",
            "Text",
            "The text the model reads.",
            synonyms=("source", "src", "text", "sentence", "input", "en", "english", "original", "from"),
        ),
        Role(
            "target",
            "text",
            "Translation",
            "The same text in the other language, to be written.",
            synonyms=("target", "tgt", "translation", "output", "reference", "fr", "french", "français", "de", "german",
                      "deutsch", "es", "spanish", "español", "it", "italian", "traduction", "übersetzung", "to"),
        ),
    )  # fmt: skip
    scores = tuple(TEXT_SCORES[name] for name in ("bleu", "chrf", "gen_len"))
    model_input = ("source",)
    starters = ("scratch:t5-tiny",)
    auto_class = "AutoModelForSeq2SeqLM"
    shape = Text
    example = "english-french"
    model_kind = "seq2seq"
    preset_group = "seq2seq"
    option_class = TranslationOptions
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
        """How translations are scored, and how long they are."""
        return describe_texts(train[columns["source"]], train[columns["target"]])

    def output(self, target: Target) -> Text:
        """A text beside its reference."""
        return Text()

    def sentence(self, target: Target | None) -> str:
        """To translate."""
        return "translate"

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer of the model folder."""
        return load_tokenizer(folder)

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The encoder–decoder as it is: it needs no new head."""
        return load_writer(folder, **settings)

    def settled(self, model: Any, processor: Any, brief: Brief) -> Brief:
        """With the prefix or codes of the languages, and the generation settings in the model's own config."""
        options = values_as(TranslationOptions, brief.options)
        source, target = options.source_language.strip(), options.target_language.strip()
        if source and target and options.prefix == AUTO and is_told_by_prefix(model):
            prefix = f"translate {source} to {target}:"
            brief = brief.changed(options={**brief.options, "prefix": prefix})
        brief = settle(model, processor, brief, slug=self.slug)
        speak(model, processor, source=source, target=target)
        return brief

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """Where the model's config names the task."""
        return known_writer(model, self.slug, self.option_class)

    def writing(self, brief: Brief) -> dict[str, Any]:
        """How long and how a text is written."""
        return generation_settings(values_as(self.option_class, brief.options))

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Token ids of the prefix and the text."""
        return encode_sources(processor, rows[brief.columns["source"]], brief)

    def encode_target(self, processor: Any, features: Features, rows: Rows, brief: Brief) -> Features:
        """Token ids of the translation, and whether it was cut."""
        return encode_references(processor, rows[brief.columns["target"]], brief)

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads texts and translations to the longest of the batch."""
        return seq2seq_collator(processor)

    def loss(self, model: Any, batch: dict[str, Any], brief: Brief) -> Any:
        """Smoothed cross-entropy when the options ask for it."""
        return smoothed_loss(model, batch, brief)

    def predict_batch(self, model: Any, batch: dict[str, Any], processor: Any, brief: Brief) -> list[Any]:
        """What is written for each text, and its length in tokens."""
        return write(model, batch, processor)

    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """The translations written and their lengths in tokens."""
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
        """BLEU, chrF and the length written."""
        return text_scores(judged, self.scores)

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """The text itself, untranslated."""
        return {"copy": self.judge(copies(test[brief.columns["source"]]), test, brief)}

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet with generate()."""
        return usage_of(model, brief)
