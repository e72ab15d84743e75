"""Simple methods that a fine-tuned model must beat: the commonest label, and TF-IDF with a linear model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from lib.tasks.label_scores import from_probabilities

# What a baseline is, for a card; one that is not here is called by its name.
BASELINE_WORDS = {
    "majority": "always the commonest label",
    "tfidf": "TF-IDF with a linear model",
    "colour_histogram": "a colour histogram with a linear model",
    "mean": "always the mean",
    "dictionary": "looking up the entities of the training rows",
    "overlap": "the rarest words of the sentence that shares most with the question",
    "unanswered": "never an answer",
    "untuned": "the same model before training",
    "first_sentence": "the first sentence of the text",
    "copy": "the text itself",
}
# Above this many training rows a seeded sample is enough to fit the baseline, and it stays a matter of seconds.
MOST_ROWS = 50_000
# Logistic regression costs rows × labels; beyond these many labels it would take longer than the model.
MOST_LABELS = 300


def majority(truths: "pd.Series[str]", rows: int, labels: Sequence[str]) -> pd.DataFrame:
    """Predict the commonest training label for every row, with the label shares as probabilities."""
    shares = truths.value_counts(normalize=True).reindex(list(labels), fill_value=0.0).to_numpy()
    return from_probabilities(np.tile(shares, (rows, 1)), labels)


def tfidf_logistic_regression(
    train: pd.DataFrame, truths: "pd.Series[str]", test: pd.DataFrame, labels: Sequence[str]
) -> pd.DataFrame:
    """Logistic regression on TF-IDF of words and word pairs; a pair of texts is read as one.

    Fitted on at most 50,000 training rows. With more than 300 labels, the 300 commonest are fitted and the
    others get probability 0.
    """
    from sklearn.linear_model import LogisticRegression

    frame = pd.DataFrame({"text": _joined(train), "label": truths})
    common = frame["label"].value_counts().index[:MOST_LABELS]
    frame = frame[frame["label"].isin(common)]
    if len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=0)
    vectors = _word_vectors()
    try:
        features = vectors.fit_transform(frame["text"])
    except ValueError:  # no word at all, such as texts of emoji only: nothing better than the label shares
        return majority(truths, len(test), labels)
    # C=10 suits TF-IDF's small feature values; balanced weights because macro-F1 is the main score.
    model = LogisticRegression(C=10.0, max_iter=300, class_weight="balanced")
    model.fit(features, frame["label"])
    found = model.predict_proba(vectors.transform(_joined(test)))
    probabilities = np.zeros((len(test), len(labels)))
    number = {label: index for index, label in enumerate(labels)}
    probabilities[:, [number[str(label)] for label in model.classes_]] = found
    return from_probabilities(probabilities, labels)


def tfidf_each_label(train: pd.DataFrame, truth: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """A logistic regression on TF-IDF for each label: probabilities float64[test rows, labels].

    `truth` is bool[training rows, labels]. Fitted on at most 50,000 training rows; labels that all or none of these
    rows have, and those beyond the 300 commonest, get their share as probability.
    """
    from sklearn.linear_model import LogisticRegression

    chosen = _sample(len(train))
    truth = truth[chosen]
    shares = truth.mean(axis=0)
    found = np.tile(shares, (len(test), 1))
    vectors = _word_vectors()
    try:
        features = vectors.fit_transform(_joined(train.iloc[chosen]))
    except ValueError:  # no word at all: nothing better than the shares
        return found
    asked = vectors.transform(_joined(test))
    for label in np.argsort(-shares, kind="stable")[:MOST_LABELS]:
        if 0 < shares[label] < 1:
            model = LogisticRegression(C=10.0, max_iter=300, class_weight="balanced")
            found[:, label] = model.fit(features, truth[:, label]).predict_proba(asked)[:, 1]
    return found


def tfidf_ridge_regression(train: pd.DataFrame, truths: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """Ridge regression on TF-IDF of words and word pairs, fitted on at most 50,000 training rows: float64[test rows].

    Always the mean where the training texts hold no word at all.
    """
    from sklearn.linear_model import Ridge

    chosen = _sample(len(train))
    known = truths[chosen]
    vectors = _word_vectors()
    try:
        features = vectors.fit_transform(_joined(train.iloc[chosen]))
    except ValueError:
        return np.full(len(test), known.mean())
    spread = known.std() or 1.0
    model = Ridge(alpha=1.0).fit(features, (known - known.mean()) / spread)
    return known.mean() + spread * model.predict(vectors.transform(_joined(test)))


def _word_vectors() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_features=200_000, token_pattern=r"(?u)\b\w+\b"
    )


def _sample(rows: int) -> np.ndarray:
    """The places of at most 50,000 rows, seeded."""
    places = np.arange(rows)
    return places if rows <= MOST_ROWS else np.random.default_rng(0).choice(places, MOST_ROWS, replace=False)


def _joined(texts: pd.DataFrame) -> "pd.Series[str]":
    return texts.fillna("").agg(" ".join, axis=1) if texts.shape[1] > 1 else texts.iloc[:, 0].fillna("")
