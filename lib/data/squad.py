"""Flattens question answering data in SQuAD's nested form: one row for each question."""

from collections.abc import Iterator
from typing import Any

from lib.data.account import plural
from lib.data.cells import to_cell
from lib.data.keyed import KeyedRows


def is_squad(document: Any) -> bool:
    """Whether a parsed JSON document is {"data": [{"paragraphs": …}]}."""
    articles = document.get("data") if isinstance(document, dict) else None
    return isinstance(articles, list) and any(
        isinstance(article, dict) and isinstance(article.get("paragraphs"), list) for article in articles
    )


def add_squad(rows: KeyedRows, document: dict[str, Any]) -> str:
    """Add a row for each question: id, title, context, question, answers; returns what was found, in a sentence.

    `answers` is a JSON list of {"text", "start"}, `[]` for questions without an answer in the text. What has no
    question or no context is set aside under its place among the questions.
    """
    number = unanswerable = 0
    for article, paragraph, asked in _questions(document):
        number += 1
        question, context = asked.get("question"), paragraph.get("context")
        if not isinstance(question, str) or not question.strip():
            rows.reject(number, to_cell(asked), "It has no question.")
        elif not isinstance(context, str) or not context.strip():
            rows.reject(number, to_cell(asked), "It has no context to find the answer in.")
        else:
            answers = [] if asked.get("is_impossible") is True else _answers(asked.get("answers"))
            unanswerable += not answers
            row = {"id": asked.get("id"), "title": article.get("title"), "context": context}
            rows.add(number, {**row, "question": question, "answers": to_cell(answers)})
    without = f", {unanswerable:,} of them without an answer" if unanswerable else ""
    return f"Read as SQuAD: {plural(number, 'question')}{without}."


def _questions(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Every question with its paragraph and article; what is not of that form has nothing to be asked."""
    for article in _objects(document.get("data")):
        for paragraph in _objects(article.get("paragraphs")):
            for asked in _objects(paragraph.get("qas")):
                yield article, paragraph, asked


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _answers(value: Any) -> list[dict[str, Any]]:
    found = []
    for answer in _objects(value):
        text, start = answer.get("text"), answer.get("answer_start")
        if isinstance(text, str) and text.strip():
            whole = isinstance(start, int) and not isinstance(start, bool) and start >= 0
            found.append({"text": text, "start": start if whole else None})
    return found
