"""Predictions as a flat table, for a file or a screen."""

import numpy as np
import pandas as pd

from lib.inference.predict import Predictions
from lib.tasks.outputs import LabelScores, ManyLabels, Spans, TokenLabels

# A column a label is of no use to anybody once there are hundreds.
MOST_COLUMNS = 50
# About the input, or too much for a table.
_NOT_SAID = ["scores", "tokens", "tokens_given", "truncated"]


def as_table(found: Predictions) -> pd.DataFrame:
    """One row per input: the prediction, its confidence, and the probability of each label (up to 50 labels).

    Rows that could not be predicted are missing throughout.
    """
    match found.output:
        case LabelScores(labels=labels) | ManyLabels(labels=labels):
            table = found.frame[["predicted", "confidence"]].reset_index(drop=True)
            if len(labels) <= MOST_COLUMNS and "scores" in found.frame:
                blank = np.full(len(labels), np.nan, dtype=np.float32)
                scores = [row if isinstance(row, np.ndarray) else blank for row in found.frame["scores"]]
                names = [f"p({label})" for label in labels]
                columns = pd.DataFrame(np.array(scores).reshape(-1, len(labels)), columns=names)
                table = pd.concat([table, columns], axis=1)
            return table
        case Spans():
            return found.frame[["predicted", "confidence", "start", "end"]].reset_index(drop=True)
        case TokenLabels():
            return found.frame[["predicted", "confidence"]].reset_index(drop=True)
        case _:
            return found.frame.drop(columns=_NOT_SAID, errors="ignore").reset_index(drop=True)


def beside(rows: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The rows with their predictions on the right; a column whose name the rows have already is renamed."""
    names: list[str] = []
    for name in map(str, table.columns):
        free = name
        while free in rows.columns or free in names:
            free += " (model)"
        names.append(free)
    return pd.concat([rows.reset_index(drop=True), table.set_axis(names, axis=1)], axis=1)
