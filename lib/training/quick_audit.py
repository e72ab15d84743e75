"""A quick judgement of every row by simple models that have not seen it: logistic regression on a frozen reader.

The reader is the *pretrained* model: a fine-tuned one has seen the labels, so what it makes of a row is not out of
sample, however the rows are divided afterwards.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

# Chosen on tweets with planted errors (tests/benchmarks): vectors of unit scale beside TF-IDF of words and letters.
STRENGTH = 0.5
STRENGTH_OF_VECTORS = 1.0
# Beyond these many labels or rows the simple models would take longer than the quick answer is worth.
MOST_LABELS, MOST_FITTED = 300, 50_000
# Single words and short runs of letters: more of either takes ten times as long and finds no more.
WORDS, LETTERS = 50_000, 20_000


def row_features(vectors: np.ndarray | None, texts: pd.DataFrame | None) -> Any:
    """What the simple models see of every row: its scaled vector, and TF-IDF of its words and letters. No label."""
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer

    parts = []
    if vectors is not None:
        spread = vectors.std(axis=0)
        scaled = (vectors - vectors.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
        parts.append(scaled / np.sqrt(vectors.shape[1]))
    if texts is not None:
        joined = texts.fillna("").agg(" ".join, axis=1) if texts.shape[1] > 1 else texts.iloc[:, 0].fillna("")
        words = TfidfVectorizer(sublinear_tf=True, min_df=2, max_features=WORDS, token_pattern=r"(?u)\b\w+\b")
        letters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=3, max_features=LETTERS
        )
        for vectorizer in (words, letters):
            try:
                parts.append(vectorizer.fit_transform(joined))
            except ValueError:  # no word at all, such as texts of emoji only
                continue
    if not parts:
        return np.zeros((len(texts) if texts is not None else 0, 1))
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.hstack(parts)
    return sparse.hstack([sparse.csr_matrix(part) for part in parts]).tocsr()


def judge_folds(
    features: Any,
    given: np.ndarray,
    fold: np.ndarray,
    learned: np.ndarray,
    labels: Sequence[str],
    *,
    on_fold: Callable[[int], None],
) -> np.ndarray:
    """float64[rows, labels]: each row's probabilities by a model of the rows in other folds.

    `given` is int64[rows], the places of the labels; `learned` is bool[rows], the rows a model may learn from.
    `on_fold(number)` is called before each and may raise to end the work.
    """
    from sklearn.linear_model import LogisticRegression

    found = np.zeros((len(given), len(labels)))
    common = np.argsort(-np.bincount(given, minlength=len(labels)), kind="stable")[:MOST_LABELS]
    strength = STRENGTH_OF_VECTORS if isinstance(features, np.ndarray) else STRENGTH
    for number in range(int(fold.max(initial=-1)) + 1):
        on_fold(number)
        train = np.flatnonzero(learned & (fold != number) & np.isin(given, common))
        if len(train) > MOST_FITTED:
            train = np.sort(np.random.default_rng(number).choice(train, MOST_FITTED, replace=False))
        asked = np.flatnonzero(fold == number)
        there = np.unique(given[train])
        if len(there) < 2:
            found[np.ix_(asked, there)] = 1.0
            continue
        model = LogisticRegression(C=strength, max_iter=500, tol=1e-3).fit(features[train], given[train])
        found[np.ix_(asked, model.classes_)] = model.predict_proba(features[asked])
    return found
