"""Predictions as a flat table, for a file or a screen."""

import pandas as pd

from lib.inference.predict import Predictions
from lib.tasks.outputs import LabelScores

# A column a label is of no use to anybody once there are hundreds.
MOST_COLUMNS = 50


def as_table(found: Predictions) -> pd.DataFrame:
    """One row per input: the prediction, its confidence, and the probability of each label (up to 50 labels)."""
    match found.output:
        case LabelScores(labels=labels):
            table = found.frame[["predicted", "confidence"]].reset_index(drop=True)
            if len(labels) <= MOST_COLUMNS:
                scores = pd.DataFrame(
                    found.frame["scores"].to_list(), columns=[f"p({label})" for label in labels]
                )
                table = pd.concat([table, scores], axis=1)
            return table
