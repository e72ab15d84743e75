"""Intervals for the scores of judged predictions, whatever their shape."""

import pandas as pd

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.intervals import Interval, bootstrap
from lib.tasks.outputs import LabelScores, Output


def score_intervals(output: Output, judged: pd.DataFrame) -> dict[str, Interval]:
    """95 % intervals by score name, from judged rows as the output describes them."""
    match output:
        case LabelScores():
            return bootstrap(ConfusionMatrix.of(judged["gold"], judged["predicted"]))
