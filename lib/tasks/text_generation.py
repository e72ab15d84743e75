"""Text generation: write on in the manner of texts, or write what belongs to a prompt."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lib.errors import Problem
from lib.option import option, values_as
from lib.tasks.base import Brief, Columns, Features, OnRows, Role, Rows, Target, Task
from lib.tasks.causal import (
    WRITTEN,
    WritingOptions,
    causal_collator,
    load_causal_model,
    load_causal_tokenizer,
    prompt_features,
    set_writing,
    write_for,
    write_texts,
    writing_elsewhere,
    writing_settings,
    written_frame,
)
from lib.tasks.checks import check_texts
from lib.tasks.elsewhere import Elsewhere, Known
from lib.tasks.likelihood import (
    CAUSAL_SCORES,
    few_rows,
    judge_features,
    judged_frame,
    learned_only,
    perplexity_scores,
    plain_rows,
    shown,
    with_truth,
)
from lib.tasks.outputs import Continuation
from lib.tasks.token_windows import add_feature, add_windows, no_features

# Between a prompt and its completion, unless the prompt ends in white space.
LINE = "\n"
# Of a text without a prompt, so many tokens at its beginning are given when a sample is written.
BEGINNING = 16


@dataclass(frozen=True, kw_only=True)
class TextOptions(WritingOptions):
    """Beside the writing: how texts are put into blocks."""

    packing: bool = option(
        True,
        title="Pack texts",
        help="Joins short texts to blocks of full length, which saves most of the time; off, each text stands alone. "
        "Prompts with completions are never joined.",
        group="Memory",
    )


class TextGeneration(Task):
    """A model that writes on: from texts alone, or from prompts with what should follow them."""

    slug = "text-generation"
    title = "Text generation"
    summary = (
        "Write on in the manner of your texts, or write a completion for a prompt: a description for a title."
    )
    roles = (
        Role(
            "prompt",
            "text",
            "Prompt",
            "What the model is given: a title, a question, a beginning.",
            synonyms=("prompt", "title", "product_title", "headline", "heading", "question", "query", "context",
                      "instruction", "source", "keywords", "titre", "titel", "titulo"),
        ),
        Role(
            "completion",
            "text",
            "Completion",
            "What the model learns to write after the prompt.",
            synonyms=("completion", "description", "product_description", "response", "answer", "continuation",
                      "target", "output", "reply", "body", "text", "content"),
        ),
        Role(
            "text",
            "text",
            "Text",
            "Whole texts, whose manner the model learns; it then writes on from any beginning.",
        ),
    )  # fmt: skip
    # Tried in this order: a table with a prompt and a completion would pass for one of texts too.
    layouts = (("prompt", "completion"), ("text",))
    scores = CAUSAL_SCORES
    model_input = ("text", "prompt")
    starters = ("starter:smollm2-135m-instruct",)
    reads_all = True
    auto_class = "AutoModelForCausalLM"
    shape = Continuation
    example = "product-descriptions"
    model_kind = "causal"
    preset_group = "causal"
    option_class = TextOptions
    scores_untuned = True
    learns_tokens = True
    most_validated = 300
    most_written = WRITTEN
    prediction_batch = 10

    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Rows without a text, texts that are numbers, and too few rows to judge by."""
        used = [role.name for role in self.roles if columns.get(role.name)]
        problems = [problem for name in used for problem in check_texts(frame, columns[name])]
        rows = int(self.usable_rows(frame, columns).sum())
        return problems + ([few_rows(rows)] if 0 < rows < 40 else [])

    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Rows with a text, or with both prompt and completion."""
        used = [columns[role.name] for role in self.roles if columns.get(role.name)]
        return frame[used].apply(lambda cells: cells.str.strip().fillna("") != "").all(axis=1)

    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """Whether there is a prompt, or texts alone."""
        return {"prompted": "prompt" in columns}

    def output(self, target: Target) -> Continuation:
        """A text that goes on."""
        return Continuation()

    def sentence(self, target: Target | None) -> str:
        """To write."""
        if target and target["prompted"]:
            return "write a completion for a prompt"
        return "write in the manner of these texts" if target else "write on"

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer, with an end mark and padding."""
        return load_causal_tokenizer(folder, chat=False)

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The language model."""
        return load_causal_model(folder, chat=False, **settings)

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """What any causal language model does."""
        if model.kind != self.model_kind or not model.has_head("ForCausalLM", "LMHeadModel"):
            return None
        return Known(
            {"prompted": False}, writing_elsewhere(model, self.option_class), names_task=not model.chats
        )

    def writing(self, brief: Brief) -> dict[str, Any]:
        """How long and how freely it writes."""
        return writing_settings(brief)

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """The text or the prompt to write on from."""
        if "prompt" in brief.columns:
            prompts = [_prompt_ids(processor, prompt) for prompt in rows[brief.columns["prompt"]]]
        else:
            prompts = [text_ids(processor, text) for text in rows[brief.columns["text"]]]
        return prompt_features(prompts, brief)

    def encode_training(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Blocks of texts, or prompts with completions of which only the completion is learned."""
        if "prompt" not in brief.columns and values_as(TextOptions, brief.options).packing:
            return _packed([_ended(processor, text) for text in rows[brief.columns["text"]]], brief)
        features, dropped = learned_only(_features(processor, rows, brief))
        if dropped:
            logging.getLogger(__name__).warning(
                "%d rows are left out: their completion begins after %d tokens.", dropped, brief.max_length
            )
        return features

    def judged_features(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Completions after their prompts, or whole texts in windows; never in blocks with others."""
        return _features(processor, rows, brief)

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads on the right to learn, on the left to write."""
        return causal_collator(processor, training=training)

    def predict_batch(self, model: Any, batch: dict[str, Any], processor: Any, brief: Brief) -> list[Any]:
        """The text that the model writes, and in how many tokens."""
        set_writing(model, processor, brief)
        return list(write_texts(model, processor, batch))

    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """`predicted` and `tokens written`; the prompt is not repeated."""
        return written_frame(raw)

    def evaluate(
        self,
        model: Any,
        processor: Any,
        rows: pd.DataFrame,
        brief: Brief,
        *,
        on_rows: OnRows | None = None,
    ) -> pd.DataFrame:
        """How likely the model finds what should have come; with `on_rows`, the first rows are also written on.

        Validations while training go without `on_rows`, as they have `samples`.
        """
        set_writing(model, processor, brief)
        features = _features(processor, plain_rows(rows), brief)
        found = judge_features(model, processor, features, len(rows), on_rows=on_rows)
        written = []
        if on_rows is not None:
            # Trainers turn it off, and everybody who writes with the saved model would wait.
            model.config.use_cache = True
            written = write_for(model, processor, self._prompts(processor, rows.head(WRITTEN), brief))
        return self.judge(judged_frame(processor, features, found, written), rows, brief)

    def judge(self, predictions: pd.DataFrame, rows: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """Adds `gold`: the completion, or the text; no continuation is right or wrong."""
        truth = rows[brief.columns["completion" if "prompt" in brief.columns else "text"]]
        return with_truth(predictions, truth)

    def samples(self, model: Any, processor: Any, rows: pd.DataFrame, brief: Brief) -> list[dict[str, str]]:
        """What is written for a few prompts, or for the beginnings of a few texts."""
        set_writing(model, processor, brief)
        prompts = self._prompts(processor, rows, brief)
        written = write_for(model, processor, prompts)
        if "prompt" in brief.columns:
            read = rows[brief.columns["prompt"]].tolist()
            expected = rows[brief.columns["completion"]].tolist()
        else:
            read = [processor.decode(ids, skip_special_tokens=True) for ids in prompts]
            whole = [text_ids(processor, text) for text in rows[brief.columns["text"]]]
            expected = [
                processor.decode(ids[len(prompt) :], skip_special_tokens=True).strip()
                for ids, prompt in zip(whole, prompts, strict=True)
            ]
        return [
            {"input": given, "expected": gold, "written": text}
            for given, gold, text in zip(read, expected, written, strict=True)
        ]

    def _prompts(self, processor: Any, rows: pd.DataFrame, brief: Brief) -> list[list[int]]:
        if "prompt" in brief.columns:
            return self.encode(processor, plain_rows(rows), brief)["input_ids"]
        texts = [text_ids(processor, text) for text in rows[brief.columns["text"]]]
        # Half of a short text, so that something is left to write.
        return [ids[: max(1, min(BEGINNING, len(ids) // 2))] for ids in texts]

    def score(self, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
        """Perplexity, and the loss per token."""
        return perplexity_scores(judged, brief)

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """None of its own: it is compared with the same model before training."""
        return {}

    def shown(self, processor: Any, rows: Rows, brief: Brief) -> list[dict[str, Any]]:
        """What is learned from the first of the rows: runs of {"text", "trained"}."""
        features = _features(processor, {name: values[:1] for name, values in rows.items()}, brief)
        return shown(processor, features)

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet with transformers alone; the line break after a prompt is part of what was learned."""
        prompt = "A prompt of yours" + (LINE if "prompt" in brief.columns else "")
        return (
            "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
            f"tokenizer = AutoTokenizer.from_pretrained({model!r})\n"
            f"model = AutoModelForCausalLM.from_pretrained({model!r})\n"
            f'prompt = tokenizer({prompt!r}, return_tensors="pt")\n'
            'written = model.generate(**prompt)[0, prompt["input_ids"].shape[1] :]\n'
            "print(tokenizer.decode(written, skip_special_tokens=True).strip())\n"
        )


def text_ids(tokenizer: Any, text: str) -> list[int]:
    """The tokens of a text as the tokenizer begins one, without an end mark that some tokenizers add by themselves."""
    ids = list(tokenizer(text)["input_ids"])
    return ids[:-1] if len(ids) > 1 and ids[-1] == tokenizer.eos_token_id else ids


def _ended(tokenizer: Any, text: str) -> list[int]:
    return [*text_ids(tokenizer, text), tokenizer.eos_token_id]


def _prompt_text(prompt: str) -> str:
    """The prompt with a line break behind it, so that it is plain where the completion begins."""
    return prompt if prompt[-1:].isspace() else prompt + LINE


def _prompt_ids(tokenizer: Any, prompt: str) -> list[int]:
    return text_ids(tokenizer, _prompt_text(prompt))


def _features(tokenizer: Any, rows: Rows, brief: Brief) -> Features:
    """What is judged of each row: `labels` for the completion, or for all of a text in windows that overlap.

    `_new` is the place from which on the tokens of a feature are not in the one before it.
    """
    found = no_features()
    if "prompt" in brief.columns:
        pairs = zip(rows[brief.columns["prompt"]], rows[brief.columns["completion"]], strict=True)
        for row, (prompt, completion) in enumerate(pairs):
            ids, begin = _completed(tokenizer, prompt, completion)
            add_feature(
                found, row, ids[: brief.max_length], begin, new=0, truncated=len(ids) > brief.max_length
            )
        return found
    for row, text in enumerate(rows[brief.columns["text"]]):
        add_windows(found, row, _ended(tokenizer, text), brief.max_length)
    return found


def _completed(tokenizer: Any, prompt: str, completion: str) -> tuple[list[int], int]:
    """Prompt, completion and end mark as tokens, and where the completion begins.

    The prompt's tokens are those that it has alone, for so it stands when the model is asked.
    """
    given = _prompt_ids(tokenizer, prompt)
    whole = _ended(tokenizer, _prompt_text(prompt) + completion)
    if whole[: len(given)] == given:
        return whole, len(given)
    rest = tokenizer(completion, add_special_tokens=False)["input_ids"]
    return [*given, *rest, tokenizer.eos_token_id], len(given)


def _packed(texts: list[list[int]], brief: Brief) -> Features:
    """The texts of a batch one after the other, cut in blocks of `max_length`; nothing is lost but the order.

    A text's first token is no label: what stands before it is the end of another text. Attention does reach across,
    as is usual where models are pretrained: the end mark between them tells the model that what was before is over.
    """
    ids = [token for text in texts for token in text]
    labels = [token if place else -100 for text in texts for place, token in enumerate(text)]
    starts = range(0, len(ids), brief.max_length)
    blocks = [ids[start : start + brief.max_length] for start in starts]
    features: Features = {
        "input_ids": blocks,
        "labels": [labels[start : start + brief.max_length] for start in starts],
        "length": [len(block) for block in blocks],
        "truncated": [False] * len(blocks),
    }
    return learned_only(features)[0]
