"""Simple methods that a fine-tuned model must beat: the commonest label, and TF-IDF with logistic regression."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.tasks.label_scores import from_probabilities

# What a baseline is, for a card; one that is not here is called by its name.
BASELINE_WORDS = {
    "majority": "always the commonest label",
    "tfidf": "TF-IDF with logistic regression",
    "untuned": "the same model before training",
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
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    frame = pd.DataFrame({"text": _joined(train), "label": truths})
    common = frame["label"].value_counts().index[:MOST_LABELS]
    frame = frame[frame["label"].isin(common)]
    if len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=0)
    vectors = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_features=200_000, token_pattern=r"(?u)\b\w+\b"
    )
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


def _joined(texts: pd.DataFrame) -> "pd.Series[str]":
    return texts.fillna("").agg(" ".join, axis=1) if texts.shape[1] > 1 else texts.iloc[:, 0].fillna("")
