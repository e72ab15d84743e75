"""What is worked out once about the labelled spans of a run and then remembered: pairs, modes, training entities."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from lib.analysis.entities import entity_pairs
from lib.analysis.entity_matrix import EntityMatrix
from lib.analysis.entity_modes import ModeScores, mode_scores
from lib.analysis.entity_slices import surface
from lib.data.split import SplitPlan
from lib.data.store import open_rows
from lib.errors import UserError
from lib.plan.rows import split_rows
from lib.tasks.annotated import read_documents, read_entities
from lib.tasks.tags import invalid_transitions
from lib.tasks.words import split_words
from lib.ui.evaluate_data import Evaluation

_HOUR = 3600


def pairs_of(found: Evaluation) -> pd.DataFrame:
    """The lines of `entity_pairs` on these rows; shared, so never changed."""
    return _pairs(*found.key, found)


@st.cache_resource(max_entries=6, ttl=_HOUR, show_spinner="Comparing the spans")
def _pairs(path: str, changed: int, split: str, _found: Evaluation) -> pd.DataFrame:
    frame = _found.frame
    texts, words = frame["text"].tolist(), frame["words"].tolist()
    return entity_pairs(
        frame["gold"].tolist(),
        frame["predicted"].tolist(),
        lambda place: word_starts(str(texts[place]), int(words[place])),
    )


def word_starts(text: str, words: int) -> list[int]:
    """The first characters of the `words` words of a judged text: cut as a running text is, else of joined tokens."""
    starts = [start for start, _ in split_words(text)]
    if len(starts) == words:
        return starts
    return [place for place in range(len(text)) if not place or text[place - 1] == " "]


@st.cache_resource(max_entries=6, ttl=_HOUR, show_spinner=False)
def _matrix(path: str, changed: int, split: str, labels: tuple[str, ...], _found: Evaluation) -> EntityMatrix:
    return EntityMatrix.of(pairs_of(_found), labels)


def matrix_of(found: Evaluation, labels: tuple[str, ...]) -> EntityMatrix:
    """The matrix of entity types on these rows."""
    return _matrix(*found.key, labels, found)


def modes_of(found: Evaluation) -> tuple[ModeScores, ...]:
    """The four ways to score, with intervals."""
    return _modes(*found.key, found)


@st.cache_data(max_entries=6, ttl=_HOUR, show_spinner="Working out how sure the scores are")
def _modes(path: str, changed: int, split: str, _found: Evaluation) -> tuple[ModeScores, ...]:
    return mode_scores(pairs_of(_found), len(_found.frame))


def invalid_tags(found: Evaluation) -> tuple[int, int]:
    """How many predicted tags cannot follow the one before them, and how many tags there are."""
    return _invalid(*found.key, found)


@st.cache_data(max_entries=6, ttl=_HOUR, show_spinner=False)
def _invalid(path: str, changed: int, split: str, _found: Evaluation) -> tuple[int, int]:
    tags = _found.frame["tags"].map(_tags)
    return sum(invalid_transitions(row) for row in tags), sum(len(row) for row in tags)


def _tags(cell: str) -> Sequence[str]:
    return [str(tag) for tag in json.loads(cell)]


def training_entities(found: Evaluation) -> frozenset[str] | None:
    """The entities of the run's training rows as `surface` writes them.

    None when the data set is gone, or when the run learned from a sample of its rows, which nobody wrote down.
    """
    if found.run.spec.data.limit or not found.run.spec.data.dataset:
        return None
    return _known(str(found.run.path), found)


@st.cache_data(max_entries=6, ttl=_HOUR, show_spinner="Reading the training rows")
def _known(run: str, _found: Evaluation) -> frozenset[str] | None:
    data, target = _found.run.spec.data, _found.run.target() or {}
    try:
        frame = open_rows(data.dataset or "", data.fingerprint).read()
    except UserError:
        return None
    parts = split_rows(frame, _found.task, data.columns, SplitPlan.from_json(data.split or {}))
    train = frame[(parts == "train").to_numpy(dtype=bool, na_value=False)]
    rows: dict[str, list[Any]] = {
        name: train[name].tolist() for name in dict.fromkeys(data.columns.values()) if name in train
    }
    documents = read_documents(rows, data.columns)
    truths = read_entities(rows, data.columns, documents, target.get("scheme"))
    return frozenset(
        surface(document.span(entity)["text"])
        for document, entities in zip(documents, truths, strict=True)
        for entity in entities
    )
