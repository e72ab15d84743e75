"""From the scores of words to labelled spans of a text, and how right they are."""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from lib.tasks.annotated import Document
from lib.tasks.base import Score
from lib.tasks.label_scores import SMALLEST_PROBABILITY, softmax
from lib.tasks.tags import OUTSIDE, Entity, Mode, entities_of, entity_scores, write_iob2

ENTITY_SCORES = (
    Score(
        "entity_f1",
        "Entity F1",
        "Of entities found and entities there are, the share that match exactly, in span and label.",
    ),
    Score(
        "entity_precision",
        "Entity precision",
        "Of the entities the model marks, the share that are right in span and label.",
    ),
    Score("entity_recall", "Entity recall", "Of the entities there are, the share that the model finds."),
    Score(
        "token_accuracy",
        "Word accuracy",
        "The share of words with the right tag; high even for a model that marks nothing, as most words are outside.",
    ),
)


def gathered_logits(
    raw: Sequence[np.ndarray], features: Mapping[str, Sequence[Any]], rows: int
) -> list[tuple[Document, list[int], np.ndarray]]:
    """For each row its document, the words that the model read, and their logits: float[words read, tags].

    `raw` holds the logits of each feature of `encode_words`: float[tokens, tags].
    """
    documents: list[Document] = [Document("", ())] * rows
    words: list[list[int]] = [[] for _ in range(rows)]
    logits: list[list[np.ndarray]] = [[] for _ in range(rows)]
    for said, row, document, here, places in zip(
        raw, features["row"], features["_document"], features["_words"], features["_places"], strict=True
    ):
        documents[row] = document
        words[row] += here
        logits[row].append(said[places])
    return [
        (document, read, np.concatenate(parts) if parts else np.zeros((0, 1)))
        for document, read, parts in zip(documents, words, logits, strict=True)
    ]


def decode_words(
    document: Document, read: Sequence[int], logits: np.ndarray, tags: Sequence[str], mode: Mode
) -> dict[str, Any]:
    """A prediction as `TokenLabels` describes it, with `tags` (JSON, one a word) and `scores`.

    `scores` is float32[words · tags], the probabilities word by word, NaN for words that could not be read.
    """
    count = len(document.places)
    scores = np.full((count, len(tags)), np.nan)
    if len(read):
        scores[list(read)] = softmax(logits)
    return predicted_row(document, _most_probable(scores, tags), scores, mode)


def predicted_row(
    document: Document, said: Sequence[str], scores: np.ndarray | None, mode: Mode
) -> dict[str, Any]:
    """A prediction from one tag a word; `scores` are float[words, tags] or None for methods without any."""
    best = np.full(len(said), np.nan)
    if scores is not None and len(said):
        best = np.where(np.isnan(scores).all(axis=1), np.nan, np.nan_to_num(scores).max(axis=1))
    spans = []
    for entity in entities_of(said, mode=mode):
        sure = best[entity.start : entity.end]
        sure = sure[~np.isnan(sure)]
        extra = {"confidence": round(float(sure.mean()), 4)} if len(sure) else {}
        spans.append(document.span(entity) | extra)
    known = best[~np.isnan(best)]
    found: dict[str, Any] = {
        "text": document.text,
        "predicted": json.dumps(spans, ensure_ascii=False),
        "tags": json.dumps(list(said), ensure_ascii=False),
        "words": len(said),
        "confidence": float(known.min()) if len(known) else np.nan,
    }
    return found if scores is None else found | {"scores": scores.astype(np.float32).ravel()}


def _most_probable(scores: np.ndarray, tags: Sequence[str]) -> list[str]:
    """The best tag of each word; a word that could not be read belongs to the entity that goes on around it."""
    said = [OUTSIDE if np.isnan(row[0]) else tags[int(row.argmax())] for row in scores]
    read = [word for word, row in enumerate(scores) if not np.isnan(row[0])]
    for before, after in pairwise(read):
        if said[after].startswith("I-") and said[before][1:] == said[after][1:]:
            said[before + 1 : after] = [said[after]] * (after - before - 1)
    return said


def judge_spans(
    predictions: pd.DataFrame,
    documents: Sequence[Document],
    truths: Sequence[Sequence[Entity]],
    tags: Sequence[str],
) -> pd.DataFrame:
    """The predictions with the truth, as `TokenLabels` describes judged rows."""
    number = {tag: place for place, tag in enumerate(tags)}
    lines = []
    scores = predictions["scores"] if "scores" in predictions else [None] * len(predictions)
    for document, entities, predicted, said, of_words in zip(
        documents, truths, predictions["predicted"], predictions["tags"], scores, strict=True
    ):
        gold = [document.span(entity) for entity in entities]
        true, guessed = ({_key(span) for span in spans} for spans in (gold, json.loads(predicted)))
        right = write_iob2(entities, len(document.places))
        lines.append(
            {
                "gold": json.dumps(gold, ensure_ascii=False),
                "tp": len(true & guessed),
                "fp": len(guessed - true),
                "fn": len(true - guessed),
                "words_correct": sum(
                    one == other for one, other in zip(right, json.loads(said), strict=True)
                ),
                "correct": true == guessed,
                "loss": _mean_loss(of_words, [number.get(tag, -1) for tag in right], len(tags)),
            }
        )
    judged = predictions.drop(columns="scores", errors="ignore").reset_index(drop=True)
    names = ["gold", "tp", "fp", "fn", "words_correct", "correct", "loss"]
    return pd.concat([judged, pd.DataFrame(lines, columns=names)], axis=1)


def _key(span: Mapping[str, Any]) -> tuple[int, int, str]:
    return span["start"], span["end"], span["label"]


def _mean_loss(of_words: Any, right: list[int], tags: int) -> float:
    """Mean −ln p of the true tags over the words that were read and whose tag the model knows; NaN for none."""
    if of_words is None or not right:
        return float("nan")
    scores = np.asarray(of_words, dtype=np.float64).reshape(len(right), tags)
    chosen = scores[np.arange(len(right)), right][np.asarray(right) >= 0]
    chosen = chosen[~np.isnan(chosen)]
    return float(-np.log(np.maximum(chosen, SMALLEST_PROBABILITY)).mean()) if len(chosen) else float("nan")


def span_scores(judged: pd.DataFrame) -> dict[str, float]:
    """entity_f1, entity_precision, entity_recall (micro averages, as seqeval's) and token_accuracy over all rows."""
    tp, fp, fn = (int(judged[name].sum()) for name in ("tp", "fp", "fn"))
    words = int(judged["words"].sum())
    accuracy = float(judged["words_correct"].sum() / words) if words else 0.0
    return entity_scores((tp, fp, fn)) | {"token_accuracy": accuracy}
