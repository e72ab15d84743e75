"""Checks of questions, contexts and answers before a run."""

from collections.abc import Sequence

import pandas as pd

from lib.errors import Problem
from lib.tasks.answer_places import Truth
from lib.tasks.base import Columns

# With fewer, an encoder that never learned to answer questions hardly begins to.
FEW_QUESTIONS = 5_000
FEW_CONTEXTS = 20


def check_answers(frame: pd.DataFrame, columns: Columns, truths: Sequence[Truth]) -> list[Problem]:
    """Answers that are nowhere in their context, or not where they are said to be; and whether there are any."""
    where = f'column "{columns["answers"]}"'
    texts = [columns["question"], columns["context"]]
    full = frame[texts].notna().all(axis=1)
    known = [truth for truth, is_full in zip(truths, full, strict=True) if is_full]
    with_answer = [truth for truth in known if truth.answers]
    if not with_answer:
        return [
            Problem(
                "No question has an answer.", where, "Choose the column with the answers.", code="no-answers"
            )
        ]
    problems = []
    missing = int(frame.loc[full, columns["answers"]].isna().sum())
    if missing:
        problems.append(
            Problem(
                f"{missing:,} of {len(known):,} questions have an empty cell for the answer; the model learns that "
                "their context does not tell.",
                where,
                "Fill the answers in, or remove these rows, if that is not meant.",
                "warning",
                "answers-missing",
            )
        )
    lost = sum(truth.place is None for truth in with_answer)
    if lost == len(with_answer):
        return [
            Problem(
                "None of the answers stands in its context word for word.",
                where,
                "Choose the column of the text that the answers were taken from.",
                code="answers-all-lost",
            )
        ]
    if lost:
        problems.append(
            Problem(
                f"{lost:,} of {len(with_answer):,} answers do not stand in their context word for word; these rows are "
                "left out.",
                where,
                "Copy the answers from the context as they are.",
                "warning",
                "answers-lost",
            )
        )
    moved = sum(truth.moved for truth in with_answer)
    if moved:
        place = columns.get("answer_start", columns["answers"])
        problems.append(
            Problem(
                f"{moved:,} of {len(with_answer):,} answers do not stand where their start says; the nearest place is "
                "taken.",
                f'column "{place}"',
                "Count the characters of the context from 0.",
                "warning",
                "answers-moved",
            )
        )
    return problems


def check_contexts(frame: pd.DataFrame, columns: Columns) -> list[Problem]:
    """Too few contexts to divide, too few questions to learn from."""
    full = frame[[columns["question"], columns["context"]]].notna().all(axis=1)
    questions, contexts = int(full.sum()), int(frame.loc[full, columns["context"]].nunique())
    where = f'column "{columns["context"]}"'
    problems = []
    if 0 < contexts < 3:
        problems.append(
            Problem(
                f"There {'is only one context' if contexts == 1 else 'are only two contexts'}. Questions about one "
                "context stay together, so nothing would be left to validate or test on.",
                where,
                "Bring questions about more texts.",
                code="one-context",
            )
        )
    elif 0 < contexts < FEW_CONTEXTS:
        problems.append(
            Problem(
                f"The {questions:,} questions are about {contexts:,} contexts only; a score from so few texts is "
                "mostly chance.",
                where,
                "Bring questions about more texts.",
                "warning",
                "few-contexts",
            )
        )
    if 0 < questions < FEW_QUESTIONS:
        problems.append(
            Problem(
                f"There are {questions:,} questions. With fewer than {FEW_QUESTIONS:,} a model that has not been "
                "taught to answer questions before learns little, and learns the rows by heart: expect a training "
                "loss far below the validation loss.",
                f'column "{columns["question"]}"',
                "Start from a model that was trained on SQuAD, or bring more questions.",
                "warning",
                "few-questions",
            )
        )
    return problems
