"""How well a model does on each label by itself."""

import pandas as pd

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.intervals import f1_interval, wilson
from lib.analysis.margins import Margins


def per_class(matrix: ConfusionMatrix) -> pd.DataFrame:
    """One row per label, in the matrix's order, with 95 % intervals.

    Columns: label, precision, recall, f1 (float in [0, 1]), support (rows that truly have it), predicted
    (rows predicted to), correct, and low and high ends: precision_low, precision_high, recall_low,
    recall_high (Wilson), f1_low, f1_high (`f1_interval`). A share of no rows is 0, its interval 0 to 1.
    Raises UserError when the matrix holds no rows, ValueError when it is reduced.
    """
    margins = Margins.of(matrix)
    table = {
        "label": matrix.labels,
        "precision": margins.precision,
        "recall": margins.recall,
        "f1": margins.f1,
        "support": margins.support,
        "predicted": margins.predicted,
        "correct": margins.correct,
    }
    table["precision_low"], table["precision_high"] = wilson(margins.correct, margins.predicted)
    table["recall_low"], table["recall_high"] = wilson(margins.correct, margins.support)
    table["f1_low"], table["f1_high"] = f1_interval(margins.correct, margins.support, margins.predicted)
    return pd.DataFrame(table)
