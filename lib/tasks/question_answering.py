"""Question answering: find the answer to a question in a text, or say that the text does not tell."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.cells import to_cell
from lib.errors import Problem
from lib.option import option, values_as
from lib.tasks.answer_checks import check_answers, check_contexts
from lib.tasks.answer_places import Truth, read_truths, token_span
from lib.tasks.answers import answer_f1, exact_match
from lib.tasks.base import Brief, Columns, Features, Role, Rows, Score, Target, Task
from lib.tasks.best_spans import candidate_spans, choose_answers, null_scores, place_losses
from lib.tasks.checks import check_texts
from lib.tasks.elsewhere import Elsewhere, Known
from lib.tasks.encoder import WANTED_ENCODER
from lib.tasks.loading import load_pretrained, load_tokenizer
from lib.tasks.outputs import Spans
from lib.tasks.question_windows import question_windows, usual_stride
from lib.tasks.rare_words import RareWords

# Where the logits say "no answer": the first token, [CLS] or <s>.
NO_ANSWER = (0, 0)


@dataclass(frozen=True, kw_only=True)
class AnswerOptions:
    """How long texts are read, and which answers are allowed."""

    stride: int = option(
        128,
        title="Overlap of windows, in tokens",
        help="Texts longer than the model reads are read in windows; two of them share so many tokens, at most a "
        "third of a window. An answer longer than this may be cut in two by a border.",
        group="Answers",
        low=0,
        high=4096,
    )
    max_answer_tokens: int = option(
        30,
        title="Longest answer, in tokens",
        help="Longer answers are never given. Raise it when your answers are whole sentences.",
        group="Answers",
        low=1,
        high=512,
    )
    null_threshold: float = option(
        0.0,
        title="Threshold for no answer",
        help="How much better “no answer” must score than the best answer before it is given. Above 0 the model "
        "answers more often; only used when the training rows hold questions without an answer.",
        group="Answers",
        low=-50.0,
        high=50.0,
    )


class QuestionAnswering(Task):
    """Extractive: the answer is a piece of the context, word for word."""

    slug = "question-answering"
    title = "Question answering"
    summary = "Find the answer to a question in a text, word for word, or say that the text does not tell."
    roles = (
        Role(
            "question",
            "text",
            "Question",
            "The question that the text may answer.",
            synonyms=("question", "query", "ask", "frage", "pregunta"),
        ),
        Role(
            "context",
            "text",
            "Context",
            "The text in which the answer stands.",
            synonyms=(
                "context",
                "passage",
                "paragraph",
                "article",
                "document",
                "text",
                "contexte",
                "kontext",
            ),
        ),
        Role(
            "answers",
            "answers",
            "Answers",
            "The accepted answers, as pieces of the context; empty when the context does not tell.",
            synonyms=("answers", "answer", "answer_text", "antwort", "réponse", "respuesta"),
        ),
        Role(
            "answer_start",
            "number",
            "Start of the answer",
            "At which character of the context the answer begins, counted from 0; without it the first place counts.",
            required=False,
            synonyms=("answer_start", "answer_starts", "start", "start_char", "answer_offset"),
        ),
    )
    scores = (
        Score(
            "exact_match",
            "Exact match",
            "The share of questions whose answer is one of the accepted ones, but for case, punctuation and articles.",
        ),
        Score(
            "answer_f1",
            "Answer F1",
            "How many words the answer shares with the accepted one it fits best, averaged over questions.",
        ),
    )
    model_input = ("question", "context")
    together = ("context",)
    starters = ("starter:minilm-l6",)
    reads_all = True
    auto_class = "AutoModelForQuestionAnswering"
    shape = Spans
    takes_answers = False
    example = "town-guide"
    preset_group = "answers"
    option_class = AnswerOptions
    scores_untuned = True

    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """Missing questions and contexts, answers that are not in their context, wrong starts, too few questions."""
        texts = [columns[name] for name in self.model_input]
        return [
            *(problem for text in texts for problem in check_texts(frame, text)),
            *check_answers(frame, columns, self._truths(frame, columns)),
            *check_contexts(frame, columns),
        ]

    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Rows with a question and a context that holds an answer, or that are said to have none."""
        full = frame[[columns[name] for name in self.model_input]].notna().all(axis=1)
        found = [truth.is_usable for truth in self._truths(frame, columns)]
        return full & pd.Series(found, index=frame.index, dtype=bool)

    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """Whether the training rows hold questions without an answer; only then does the model learn to say so."""
        return {"unanswerable": any(not truth.answers for truth in self._truths(train, columns))}

    def output(self, target: Target) -> Spans:
        """A piece of the context."""
        return Spans()

    def sentence(self, target: Target | None) -> str:
        """To find answers."""
        also = " or say that it does not tell" if target and target["unanswerable"] else ""
        return f"find the answer to a question in a text{also}"

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer of the model folder."""
        return load_tokenizer(folder)

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The encoder with a head of two logits a token: how well an answer starts and ends there."""
        # A body that was saved for other labels has a config that says so; two is what the head needs.
        head = {"num_labels": 2, "ignore_mismatched_sizes": True} if target else {}
        return load_pretrained(folder, auto_class=self.auto_class, wanted=WANTED_ENCODER, **head, **settings)

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """A head for the start and the end of an answer."""
        if not model.has_head("ForQuestionAnswering"):
            return None
        remark = "It always gives an answer: its config does not say whether it learned to give none."
        return Known({"unanswerable": False}, remark=remark)

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Each question with every window of its context."""
        options = values_as(AnswerOptions, brief.options)
        return question_windows(
            processor,
            rows[brief.columns["question"]],
            rows[brief.columns["context"]],
            max_length=brief.max_length,
            stride=usual_stride(options.stride, brief.max_length),
        )

    def encode_training(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """The windows with `start_positions` and `end_positions`, both 0 where the window does not hold the answer.

        Questions whose answer no window holds whole are left out: they would teach that there is none.
        """
        features = self.encode(processor, rows, brief)
        truths = self._truths(rows, brief.columns)
        places = answer_tokens(features, truths)
        held = {row for row, place in zip(features["row"], places, strict=True) if place is not None}
        kept = [
            number for number, row in enumerate(features["row"]) if row in held or not truths[row].answers
        ]
        found = [places[number] or NO_ANSWER for number in kept]
        chosen = {name: [values[number] for number in kept] for name, values in features.items()}
        return chosen | {
            "start_positions": [start for start, _ in found],
            "end_positions": [end for _, end in found],
        }

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads to the longest window of the batch, always on the right: positions count from the left."""

        def collate(features: list[dict[str, Any]]) -> dict[str, Any]:
            return dict(
                processor.pad(features, padding_side="right", pad_to_multiple_of=8, return_tensors="pt")
            )

        return collate

    def predict_batch(self, model: Any, batch: dict[str, Any], processor: Any, brief: Brief) -> list[Any]:
        """float32[2, tokens] of each window: the start and the end logits."""
        import torch

        said = model(**batch)
        return list(torch.stack([said.start_logits, said.end_logits], dim=1).float().cpu().numpy())

    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """The best answer over the windows of each context.

        Where the rows hold the answers too, also `loss`: the mean of −ln p of the true start and of the true end in
        the windows that hold the answer, or in all of them where there is none.
        """
        options = values_as(AnswerOptions, brief.options)
        contexts = [str(text) for text in rows[brief.columns["context"]]]
        if not contexts:
            return choose_answers(
                candidate_spans([], {"row": [], "_count": []}, [], most_tokens=1), None, [], threshold=0
            )
        spans = candidate_spans(raw, features, contexts, most_tokens=options.max_answer_tokens)
        nulls = null_scores(raw, features, len(contexts)) if brief.target["unanswerable"] else None
        found = choose_answers(spans, nulls, contexts, threshold=options.null_threshold)
        if brief.columns.get("answers") in rows:
            truths = self._truths(rows, brief.columns)
            wanted = [
                NO_ANSWER if not truths[row].answers else place
                for row, place in zip(features["row"], answer_tokens(features, truths), strict=True)
            ]
            found["loss"] = place_losses(raw, features, wanted)
        return found

    def judge(self, predictions: pd.DataFrame, rows: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """Adds `gold` and its place, `exact_match`, `answer_f1`, `correct`; a missing `loss` if `decode` gave none."""
        judged = predictions.reset_index(drop=True)
        truths = self._truths(rows, brief.columns)
        pairs = list(zip(judged["predicted"].astype("str"), truths, strict=True))
        judged.insert(0, "gold", pd.Series([to_cell(list(truth.answers)) for truth in truths], dtype="str"))
        judged["exact_match"] = [exact_match(said, truth.answers) for said, truth in pairs]
        judged["answer_f1"] = [answer_f1(said, truth.answers) for said, truth in pairs]
        judged["correct"] = (judged["exact_match"] == 1).to_numpy()
        places = [truth.place or (-1, -1) for truth in truths]
        judged["gold_start"], judged["gold_end"] = np.array(places, dtype=np.int64).reshape(-1, 2).T
        if "loss" not in judged:
            judged["loss"] = np.nan
        return judged

    def score(self, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
        """The means over the questions."""
        return {score.name: float(judged[score.name].mean()) for score in self.scores}

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """The rarest words of the sentence that shares most with the question; and, if it can be right, no answer."""
        question, context = (brief.columns[name] for name in self.model_input)
        answers = [truth.answers[0] for truth in self._truths(train, brief.columns) if truth.answers]
        method = RareWords(train[context], train[question], answers)
        places = [method.answer(*texts) for texts in zip(test[question], test[context], strict=True)]
        guesses = {"overlap": places}
        if brief.target["unanswerable"]:
            guesses["unanswered"] = [NO_ANSWER] * len(test)
        return {
            name: self.judge(_as_predictions(found, test[context]), test, brief)
            for name, found in guesses.items()
        }

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet that reads the context window by window and takes the best span."""
        options = values_as(AnswerOptions, brief.options)
        null = _USAGE_NULL.format(threshold=options.null_threshold) if brief.target["unanswerable"] else ""
        return _USAGE.format(
            model=model,
            max_length=brief.max_length,
            stride=usual_stride(options.stride, brief.max_length),
            most=options.max_answer_tokens,
            more=options.max_answer_tokens - 1,
            null=null,
        )

    def _truths(self, rows: pd.DataFrame | Rows, columns: Columns) -> list[Truth]:
        starts = columns.get("answer_start", "")
        return read_truths(rows[columns["context"]], rows[columns["answers"]], rows.get(starts))


def answer_tokens(features: Features, truths: list[Truth]) -> list[tuple[int, int] | None]:
    """For each feature the places in it of the answer's first and last token; None where it does not hold them both."""
    spans: dict[int, tuple[int, int] | None] = {}
    found: list[tuple[int, int] | None] = []
    for number, row in enumerate(features["row"]):
        place = truths[row].place
        if row not in spans:
            starts, ends = features["_starts"][number], features["_ends"][number]
            spans[row] = token_span(place, starts, ends) if place is not None else None
        span, begin = spans[row], features["_from"][number]
        inside = span is not None and begin <= span[0] and span[1] < begin + features["_count"][number]
        shift = features["_first"][number] - begin
        found.append((span[0] + shift, span[1] + shift) if span is not None and inside else None)
    return found


def _as_predictions(places: list[tuple[int, int]], contexts: "pd.Series[str]") -> pd.DataFrame:
    texts = [context[start:end] for context, (start, end) in zip(contexts, places, strict=True)]
    return pd.DataFrame(
        {
            "predicted": pd.Series(texts, dtype="str"),
            "confidence": np.nan,
            "start": [start for start, _ in places],
            "end": [end for _, end in places],
            "text": contexts.to_numpy(),
        }
    )


_USAGE = """import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({model!r})
model = AutoModelForQuestionAnswering.from_pretrained({model!r}).eval()


def answer(question, context):
    windows = tokenizer(
        question, context, truncation="only_second", max_length={max_length}, stride={stride},
        return_overflowing_tokens=True, return_offsets_mapping=True, padding=True, padding_side="right",
        return_tensors="pt",
    )
    places = windows.pop("offset_mapping").tolist()
    windows.pop("overflow_to_sample_mapping")
    with torch.inference_mode():
        said = model(**windows)
    best, found = -torch.inf, ""
    for number, (start, end) in enumerate(zip(said.start_logits, said.end_logits)):
        outside = torch.tensor([sequence != 1 for sequence in windows.sequence_ids(number)])
        scores = start.masked_fill(outside, -torch.inf)[:, None] + end.masked_fill(outside, -torch.inf)
        # An answer does not end before it starts, and has at most {most} tokens.
        scores = scores.masked_fill(~torch.ones_like(scores).triu().tril({more}).bool(), -torch.inf)
        first, last = divmod(int(scores.argmax()), len(scores))
        if scores[first, last] > best:
            best, found = scores[first, last], context[places[number][first][0] : places[number][last][1]].strip()
{null}    return found


print(answer("Who wrote it?", "The letter was written by Ada in 1843."))
"""
_USAGE_NULL = """    # No answer, if the first token scores better than the best answer in every window.
    if (said.start_logits[:, 0] + said.end_logits[:, 0]).min() - best > {threshold}:
        return ""
"""
