"""Chat: answer as the assistant of the conversations it has learned from."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from lib.data.cells import as_messages, to_cell
from lib.errors import Problem
from lib.tasks.base import Brief, Columns, Features, OnRows, Role, Rows, Target, Task
from lib.tasks.causal import (
    WRITTEN,
    WritingOptions,
    causal_collator,
    load_causal_model,
    load_causal_tokenizer,
    prompt_features,
    rooms,
    set_writing,
    write_for,
    write_texts,
    writing_elsewhere,
    writing_settings,
    written_frame,
)
from lib.tasks.chat_template import ChatFormat, Messages, shortened
from lib.tasks.checks import check_texts
from lib.tasks.conversations import (
    ASSISTANT,
    asked_of,
    check_conversations,
    conversation,
    from_instruction,
    is_answered,
    last_answer,
    last_words,
)
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

MESSAGES = "messages"


class Chat(Task):
    """Conversations in the model's own chat template; only what the assistant says is learned."""

    slug = "chat"
    title = "Chat"
    summary = "Answer instructions and go on with conversations, as the assistant in your examples does."
    roles = (
        Role(
            MESSAGES,
            "messages",
            "Message",
            "A conversation as a list of turns with role and content; to try the model, just what the user says.",
        ),
        Role(
            "instruction",
            "text",
            "Instruction",
            "What the user asks for.",
            synonyms=("instruction", "question", "prompt", "query", "request", "ask"),
        ),
        Role(
            "input",
            "text",
            "Input",
            "Only where instructions come with a text to work on: that text.",
            required=False,
            synonyms=("input", "context"),
        ),
        Role(
            "output",
            "text",
            "Answer",
            "What the assistant should answer.",
            synonyms=("output", "answer", "response", "completion", "reply"),
        ),
    )
    layouts = ((MESSAGES,), ("instruction", "input", "output"))
    scores = CAUSAL_SCORES
    model_input = (MESSAGES,)
    together = (MESSAGES, "instruction", "input")
    starters = ("starter:smollm2-135m-instruct",)
    auto_class = "AutoModelForCausalLM"
    shape = Continuation
    example = "studio-chats"
    model_kind = "causal"
    preset_group = "causal"
    pipeline_tag = "text-generation"
    option_class = WritingOptions
    scores_untuned = True
    learns_tokens = True
    most_validated = 300
    most_written = WRITTEN
    prediction_batch = 10

    def inputs(self, columns: Columns) -> list[str]:
        """The conversation, or what makes one."""
        names = (MESSAGES,) if columns.get(MESSAGES) else ("instruction", "output")
        return [columns[name] for name in names if columns.get(name)]

    def asked(self, columns: Columns) -> list[Role]:
        """What the user says, whatever the conversations were made from."""
        return [self.role(MESSAGES)]

    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Cells that are no conversation, conversations without an answer, and too few rows to judge by."""
        if columns.get(MESSAGES):
            problems = check_conversations(frame[columns[MESSAGES]], columns[MESSAGES])
        else:
            problems = [
                problem for name in ("instruction", "output") for problem in check_texts(frame, columns[name])
            ]
        rows = int(self.usable_rows(frame, columns).sum())
        return problems + ([few_rows(rows)] if 0 < rows < 40 else [])

    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Rows with something to answer and an answer."""
        if columns.get(MESSAGES):
            found = [is_answered(as_messages(cell) or []) for cell in frame[columns[MESSAGES]]]
            return pd.Series(found, index=frame.index, dtype=bool)
        used = [columns["instruction"], columns["output"]]
        return frame[used].apply(lambda cells: cells.str.strip().fillna("") != "").all(axis=1)

    def as_examples(
        self, frame: pd.DataFrame, columns: Columns, *, seed: int
    ) -> tuple[pd.DataFrame, Columns]:
        """One column `messages`: a JSON list of {"role", "content"}, from chats of any form and from instructions."""
        if columns.get(MESSAGES):
            chats: Iterable[Messages] = (as_messages(cell) or [] for cell in frame[columns[MESSAGES]])
        else:
            # Empty where the instruction stands alone.
            inputs = frame[columns["input"]] if columns.get("input") else [None] * len(frame)
            cells = zip(frame[columns["instruction"]], inputs, frame[columns["output"]], strict=True)
            chats = (from_instruction(*row) for row in cells)
        made = pd.Series([to_cell(chat) for chat in chats], index=frame.index, dtype="str")
        return pd.DataFrame({MESSAGES: made}), {MESSAGES: MESSAGES}

    def texts(self, frame: pd.DataFrame, columns: Columns) -> Iterable[str]:
        """What is said in all turns."""
        chats = (as_messages(cell) or [] for cell in frame[columns[MESSAGES]])
        return (message["content"] for chat in chats for message in chat)

    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """How many conversations there are and how many answers."""
        chats = [as_messages(cell) or [] for cell in train[columns[MESSAGES]]]
        answers = sum(message["role"] == ASSISTANT for chat in chats for message in chat)
        return {"conversations": len(chats), "answers": answers}

    def output(self, target: Target) -> Continuation:
        """An answer."""
        return Continuation(chat=True)

    def sentence(self, target: Target | None) -> str:
        """To answer."""
        return "answer as the assistant does"

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer with a chat template; ChatML for a model that has none."""
        return load_causal_tokenizer(folder, chat=True)

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The language model, with rows for the template's tokens."""
        return load_causal_model(folder, chat=True, **settings)

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """What a causal language model with a chat template was taught."""
        if model.kind != self.model_kind or not model.chats:
            return None
        return Known(
            {"conversations": 0, "answers": 0}, writing_elsewhere(model, self.option_class), names_task=True
        )

    def writing(self, brief: Brief) -> dict[str, Any]:
        """How long and how freely it writes."""
        return writing_settings(brief)

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """The conversation up to where the assistant is to speak; a cell that is no list is what the user says."""
        chat, room = ChatFormat.of(processor), rooms(brief)[0]
        prompts = [
            shortened(chat, asked_of(conversation(cell)), room) for cell in rows[brief.columns[MESSAGES]]
        ]
        return prompt_features(prompts, brief)

    def encode_training(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Whole conversations, cut at the end; only the assistant's turns and their ends are learned."""
        features, dropped = learned_only(_features(processor, rows, brief))
        if dropped:
            logging.getLogger(__name__).warning(
                "%d conversations are left out: no answer begins in their first %d tokens.",
                dropped,
                brief.max_length,
            )
        return features

    def judged_features(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Whole conversations, those without an answer to learn included."""
        return _features(processor, rows, brief)

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads on the right to learn, on the left to write."""
        return causal_collator(processor, training=training)

    def predict_batch(self, model: Any, batch: dict[str, Any], processor: Any, brief: Brief) -> list[Any]:
        """The answer that the model writes, and in how many tokens."""
        set_writing(model, processor, brief, stops=_stops(processor))
        return list(write_texts(model, processor, batch))

    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """`predicted` and `tokens written`."""
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
        """How likely the model finds the assistant's turns; with `on_rows`, the first rows are answered too.

        Validations while training go without `on_rows`, as they have `samples`.
        """
        set_writing(model, processor, brief, stops=_stops(processor))
        features = _features(processor, plain_rows(rows), brief)
        found = judge_features(model, processor, features, len(rows), on_rows=on_rows)
        written = []
        if on_rows is not None:
            # Trainers turn it off, and everybody who writes with the saved model would wait.
            model.config.use_cache = True
            prompts = self.encode(processor, plain_rows(rows.head(WRITTEN)), brief)["input_ids"]
            written = write_for(model, processor, prompts)
        return self.judge(judged_frame(processor, features, found, written), rows, brief)

    def askable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Rows in which somebody says something."""
        if columns.get("instruction"):
            return frame[columns["instruction"]].str.strip().fillna("") != ""
        return frame[columns[MESSAGES]].map(lambda cell: bool(as_messages(cell)))

    def with_answers(self, rows: pd.DataFrame, predictions: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """The conversations with what was answered to the user's last turn."""
        column = brief.columns[MESSAGES]
        answered = [
            to_cell([*asked_of(conversation(cell)), {"role": ASSISTANT, "content": str(text)}])
            for cell, text in zip(rows[column], predictions["predicted"], strict=True)
        ]
        return rows.assign(**{column: answered})

    def judge(self, predictions: pd.DataFrame, rows: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """Adds `gold`: the last thing the assistant said; no answer is right or wrong."""
        return with_truth(predictions, rows[brief.columns[MESSAGES]].map(last_answer))

    def samples(self, model: Any, processor: Any, rows: pd.DataFrame, brief: Brief) -> list[dict[str, str]]:
        """What is answered to the last user's turn of a few conversations."""
        set_writing(model, processor, brief, stops=_stops(processor))
        prompts = self.encode(processor, plain_rows(rows), brief)["input_ids"]
        written = write_for(model, processor, prompts)
        return [
            {"input": last_words(cell), "expected": last_answer(cell), "written": text}
            for cell, text in zip(rows[brief.columns[MESSAGES]], written, strict=True)
        ]

    def score(self, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
        """Perplexity, and the loss per token, of the assistant's turns."""
        return perplexity_scores(judged, brief)

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """None of its own: it is compared with the same model before training."""
        return {}

    def shown(self, processor: Any, rows: Rows, brief: Brief) -> list[dict[str, Any]]:
        """What is learned from the first of the rows: runs of {"text", "trained"}."""
        features = _features(processor, {name: values[:1] for name, values in rows.items()}, brief)
        return shown(processor, features)

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet with transformers alone."""
        return (
            "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
            f"tokenizer = AutoTokenizer.from_pretrained({model!r})\n"
            f"model = AutoModelForCausalLM.from_pretrained({model!r})\n"
            'messages = [{"role": "user", "content": "A question of yours"}]\n'
            "prompt = tokenizer.apply_chat_template(\n"
            '    messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"\n'
            ")\n"
            'written = model.generate(**prompt)[0, prompt["input_ids"].shape[1] :]\n'
            "print(tokenizer.decode(written, skip_special_tokens=True).strip())\n"
        )


def _stops(tokenizer: Any) -> list[int]:
    return [ChatFormat.of(tokenizer).end_id]


def _features(tokenizer: Any, rows: Rows, brief: Brief) -> Features:
    """The conversations, one each, with labels where the assistant speaks; cut at the end."""
    found: Features = {name: [] for name in ("row", "input_ids", "labels", "_new", "length", "truncated")}
    chat = ChatFormat.of(tokenizer)
    for row, cell in enumerate(rows[brief.columns[MESSAGES]]):
        ids, learned = chat.encode(conversation(cell))
        labels = [token if mark else -100 for token, mark in zip(ids, learned, strict=True)]
        found["row"].append(row)
        found["input_ids"].append(ids[: brief.max_length])
        found["labels"].append(labels[: brief.max_length])
        found["_new"].append(0)
        found["length"].append(min(len(ids), brief.max_length))
        found["truncated"].append(len(ids) > brief.max_length)
    return found
