"""What colours alone tell of a picture: the baseline that a model of pictures must beat."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.errors import UserError
from lib.tasks.baselines import majority
from lib.tasks.images import load_picture, smaller
from lib.tasks.label_scores import from_probabilities

# A seeded sample of so many training pictures is enough for a histogram, and keeps this a matter of seconds.
MOST_PICTURES = 5_000
THUMBNAIL = 32
# Levels of red, green and blue: each pixel falls into one of their cubes.
LEVELS = 6
# Shares of two colours that differ by a hundredth should matter.
STRENGTH = 30.0


def colour_histogram(path: str) -> np.ndarray:
    """The square roots of the shares of 216 colours in the picture: float64[216]; zeros when it cannot be read.

    Square roots, because the inner product of two of them is how far the histograms overlap (Bhattacharyya).
    """
    try:
        small = smaller(load_picture(path, at_least=THUMBNAIL), THUMBNAIL)
    except UserError:
        return np.zeros(LEVELS**3)
    levels = np.asarray(small).reshape(-1, 3).astype(np.int64) * LEVELS // 256
    counts = np.bincount(levels @ [LEVELS * LEVELS, LEVELS, 1], minlength=LEVELS**3)
    return np.sqrt(counts / counts.sum())


def colour_logistic_regression(
    train: "pd.Series[str]", truths: "pd.Series[str]", test: "pd.Series[str]", labels: Sequence[str]
) -> pd.DataFrame:
    """Logistic regression on colour histograms of the pictures at these paths; fitted on at most 5,000 of them."""
    from sklearn.linear_model import LogisticRegression

    known = pd.DataFrame({"path": train.to_numpy(), "label": truths.to_numpy()})
    if len(known) > MOST_PICTURES:
        known = known.sample(MOST_PICTURES, random_state=0)
    if known["label"].nunique() < 2:
        return majority(truths, len(test), labels)
    model = LogisticRegression(C=STRENGTH, max_iter=500, class_weight="balanced")
    model.fit(np.stack([colour_histogram(path) for path in known["path"]]), known["label"])
    found = model.predict_proba(np.stack([colour_histogram(path) for path in test]))
    probabilities = np.zeros((len(test), len(labels)))
    number = {label: place for place, label in enumerate(labels)}
    probabilities[:, [number[str(label)] for label in model.classes_]] = found
    return from_probabilities(probabilities, labels)
