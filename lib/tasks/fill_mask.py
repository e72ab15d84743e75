"""Fill-mask: go on pretraining an encoder on texts of one's own, by guessing words that are hidden from it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import Problem, UserError
from lib.option import option, values_as
from lib.tasks.base import Brief, Columns, Features, OnRows, Role, Rows, Score, Target, Task
from lib.tasks.checks import check_texts
from lib.tasks.elsewhere import Elsewhere, Known
from lib.tasks.encoder import WANTED_ENCODER, padding_collator
from lib.tasks.loading import load_pretrained, load_tokenizer
from lib.tasks.masked_scoring import guess_hidden, token_text
from lib.tasks.masking import MASK, masking_collator, text_blocks, with_marks
from lib.tasks.outputs import MaskedTokens
from lib.tasks.token_loss import scores_at

# Candidates told for each hidden word.
CANDIDATES = 10
FEW_TEXTS = 40


@dataclass(frozen=True, kw_only=True)
class MaskingOptions:
    """How words are hidden."""

    mask_share: float = option(
        0.15,
        title="Share of hidden tokens",
        help="How much of each text the model has to guess. 0.15 is usual; 0.2 to 0.4 can help larger models.",
        group="Hidden words",
        low=0.05,
        high=0.5,
    )
    whole_words: bool = option(
        True,
        title="Hide whole words",
        help="All pieces of a word are hidden together; otherwise a long word is often told by its other pieces.",
        group="Hidden words",
    )


class FillMask(Task):
    """Masked language modelling: 80 % of the hidden tokens are masked, 10 % swapped for others, 10 % left standing.

    Words are hidden anew in every epoch. Texts longer than the model reads become several blocks; short texts are not
    packed together. A base model without a head for hidden words gets a fresh one on top of its word embeddings,
    and its perplexity before training is then that of guessing.
    """

    slug = "fill-mask"
    title = "Fill-mask (pretraining)"
    summary = (
        "Go on pretraining a model on texts without labels: words are hidden and it learns to guess them. "
        "It then knows the language of your field, which can help every other task."
    )
    roles = (
        Role(
            "text",
            "text",
            "Text",
            "The text to learn from; no labels are needed. To try a model, write [MASK] for each hidden word.",
            synonyms=("text", "document", "sentence", "content", "body", "message", "tweet", "article", "abstract",
                      "texte"),
        ),
    )  # fmt: skip
    scores = (
        Score(
            "perplexity",
            "Pseudo-perplexity",
            "How many tokens the model hesitates between, on average, where one is hidden: e to the mean loss of the "
            "hidden tokens, the same ones before and after training. Pseudo, as it is not the probability of a text; "
            "compare it between models with the same tokenizer only. Whether it helps a task is seen by training that "
            "task twice, once from this run and once from its base model.",
            higher_is_better=False,
        ),
        Score("loss", "Loss", "The mean −ln p of the hidden tokens.", higher_is_better=False),
        Score("token_accuracy", "Token accuracy", "The share of hidden tokens that were guessed exactly."),
    )
    model_input = ("text",)
    starters = ("starter:minilm-l6",)
    reads_all = True
    auto_class = "AutoModelForMaskedLM"
    shape = MaskedTokens
    takes_answers = False
    example = "everyday-stories"
    preset_group = "pretraining"
    option_class = MaskingOptions
    scores_untuned = True
    learns_tokens = True
    # Enough for a steady figure; scoring all of a large corpus in every epoch would take longer than learning.
    most_validated = 2_000
    draws = True
    # Every token has a score for every word of the vocabulary.
    prediction_batch = 8

    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Missing and numeric texts, and too few of them."""
        problems = check_texts(frame, columns["text"])
        texts = int(self.usable_rows(frame, columns).sum())
        if 0 < texts < FEW_TEXTS:
            problems.append(
                Problem(
                    f"There are only {texts} texts; a model learns next to nothing about a language from them.",
                    f'column "{columns["text"]}"',
                    "Bring at least a few thousand; they need no labels.",
                    "warning",
                    "few-rows",
                )
            )
        return problems

    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Rows with a text."""
        return frame[columns["text"]].notna()

    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """How a hidden word is written; models with another mark of their own are given theirs."""
        return {"mask": MASK}

    def output(self, target: Target) -> MaskedTokens:
        """Candidates for each hidden word."""
        return MaskedTokens(mask=target["mask"])

    def sentence(self, target: Target | None) -> str:
        """To guess hidden words."""
        return "guess hidden words of such texts"

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer, which must know a mask and how tokens lie in words. Raises UserError when it does not."""
        tokenizer = load_tokenizer(folder)
        problems = []
        if tokenizer.mask_token_id is None:
            problems.append(("The model's tokenizer has no mask token.", "no-mask-token"))
        if not tokenizer.is_fast:
            problems.append(
                ("The model's tokenizer cannot tell which word a token belongs to.", "slow-tokenizer")
            )
        if problems:
            fix = "Choose a BERT, RoBERTa, DeBERTa, ModernBERT or another encoder trained with hidden words."
            raise UserError(*(Problem(what, "model", fix, code=code) for what, code in problems))
        return tokenizer

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The encoder with its head for hidden words, which is fresh where the folder has none."""
        return load_pretrained(folder, auto_class=self.auto_class, wanted=WANTED_ENCODER, **settings)

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """A head for hidden words."""
        # ELECTRA's class for pretraining tells true words from false ones instead.
        fits = model.has_head("ForMaskedLM", "BertForPreTraining", "AlbertForPreTraining")
        return Known({"mask": MASK}) if fits else None

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """The texts in blocks, with their [MASK]s written as the model's own."""
        texts = [with_marks(text, processor.mask_token) for text in rows[brief.columns["text"]]]
        blocks = text_blocks(processor, texts, max_length=brief.max_length)
        return {name: values for name, values in blocks.items() if name not in ("words", "_offsets")}

    def encode_training(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """The texts in blocks, with the word of each token; what is hidden is drawn when a batch is made."""
        blocks = text_blocks(processor, rows[brief.columns["text"]], max_length=brief.max_length)
        kept = [number for number, words in enumerate(blocks["words"]) if max(words, default=-1) >= 0]
        return {
            name: [values[number] for number in kept] for name, values in blocks.items() if name != "_offsets"
        }

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads; for training it also hides tokens."""
        if not training:
            return padding_collator(processor)
        options = values_as(MaskingOptions, brief.options)
        return masking_collator(processor, share=options.mask_share, whole_words=options.whole_words)

    def predict_batch(
        self, model: Any, batch: dict[str, Any], processor: Any, brief: Brief
    ) -> list[list[list[dict[str, Any]]]]:
        """For each block, for each mask in it, the likeliest tokens: [{"token", "score"}, …], best first."""
        import torch

        masks = batch["input_ids"] == processor.mask_token_id
        if not masks.any():
            return [[] for _ in masks]
        logits = scores_at(model, batch, masks)[1]
        found = []
        for row in logits.split(masks.sum(dim=1).tolist()):
            best = torch.softmax(row.float(), dim=-1).topk(CANDIDATES, dim=-1)
            found.append(
                [
                    [
                        {"token": token_text(processor, number), "score": round(score, 6)}
                        for number, score in zip(numbers, scores, strict=True)
                    ]
                    for numbers, scores in zip(best.indices.tolist(), best.values.tolist(), strict=True)
                ]
            )
        return found

    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """The candidates of each text's masks in their order; none for a text without a mask."""
        texts = [with_marks(text, MASK) for text in rows[brief.columns["text"]]]
        candidates: list[list[list[dict[str, Any]]]] = [[] for _ in texts]
        for row, found in zip(features["row"], raw, strict=True):
            candidates[row] += found
        best = [[ranked[0] for ranked in found] for found in candidates]
        return pd.DataFrame(
            {
                "predicted": pd.Series(
                    [" ".join(str(item["token"]) for item in row) for row in best], dtype="str"
                ),
                "confidence": [np.mean([item["score"] for item in row]) if row else np.nan for row in best],
                "text": pd.Series(texts, dtype="str"),
                "candidates": pd.Series(
                    [json.dumps(found, ensure_ascii=False) for found in candidates], dtype="str"
                ),
            }
        )

    def evaluate(
        self, model: Any, processor: Any, rows: pd.DataFrame, brief: Brief, *, on_rows: OnRows | None = None
    ) -> pd.DataFrame:
        """How well tokens are guessed that are hidden in each text, the same ones every time."""
        options = values_as(MaskingOptions, brief.options)
        guessed = guess_hidden(
            model,
            processor,
            rows[brief.columns["text"]].tolist(),
            max_length=brief.max_length,
            share=options.mask_share,
            whole_words=options.whole_words,
            on_rows=on_rows,
        )
        return self.judge(guessed, rows, brief)

    def judge(self, predictions: pd.DataFrame, rows: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """Adds `loss`, the mean −ln p of the hidden tokens, and `correct` when all of them were guessed."""
        judged = predictions.reset_index(drop=True)
        tokens = judged["tokens_judged"].to_numpy(dtype=np.float64)
        judged["correct"] = ((judged["hits"] == judged["tokens_judged"]) & (tokens > 0)).to_numpy()
        judged["loss"] = judged["nll"] / np.where(tokens > 0, tokens, np.nan)
        return judged

    def score(self, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
        """Over all hidden tokens, so that a long text counts for more than a short one."""
        tokens = int(judged["tokens_judged"].sum())
        if not tokens:
            return {}
        loss = float(judged["nll"].sum()) / tokens
        accuracy = int(judged["hits"].sum()) / tokens
        return {"perplexity": float(np.exp(loss)), "loss": loss, "token_accuracy": accuracy}

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """None but the untuned model: simple methods know no tokens."""
        return {}

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet with transformers' own pipeline."""
        return (
            "from transformers import pipeline\n\n"
            f'fill = pipeline("fill-mask", model={model!r})\n'
            'for guess in fill(f"The weather is {fill.tokenizer.mask_token} today.", top_k=5):\n'
            '    print(guess["token_str"], round(guess["score"], 3))\n'
        )
