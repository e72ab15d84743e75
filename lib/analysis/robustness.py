"""What small changes of the input cost: one model judged on the same rows, as they are and changed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.analysis.entities import entity_pairs
from lib.analysis.intervals import Interval, wilson
from lib.analysis.paired import middle, not_a_point, paired_scores
from lib.tasks.outputs import LabelScores, ManyLabels, Number, Output, TokenLabels

# Outputs whose truth stays true when the input is changed a little.
SHAPES = (LabelScores, ManyLabels, Number, TokenLabels)


@dataclass(frozen=True)
class Robustness:
    """What one change of the input does, on the `rows` rows that it changes at all.

    `difference` is changed minus unchanged, in the score's own unit, with its 95 % interval; both are None where the
    change may turn the right answer into another. `same` is the share of rows whose answer stays the same, as
    `same_answers` tells.
    """

    name: str
    rows: int
    before: float
    after: float | None
    difference: float | None
    interval: Interval | None
    same: float
    same_interval: Interval

    @property
    def is_noise(self) -> bool:
        """Whether the difference may as well be none."""
        return self.interval is not None and self.interval[0] <= 0 <= self.interval[1]


def robustness(
    name: str,
    output: Output,
    score: str,
    judged: pd.DataFrame,
    predicted: Sequence[object],
    *,
    keeps_meaning: bool = True,
) -> Robustness | None:
    """Compare judged rows (as the output describes them) with what is `predicted` for the same rows changed.

    None when there are no rows, or the score cannot be compared on shared draws.
    """
    if judged.empty:
        return None
    again = rejudged(output, judged, predicted)
    known = paired_scores(output, score, [judged, again])
    if known is None:
        return None
    stays = same_answers(output, judged["predicted"], again["predicted"])
    low, high = (float(end) for end in wilson(stays.sum(), len(stays)))
    before, after = (float(value) for value in known.values)
    if not keeps_meaning:
        return Robustness(name, len(judged), before, None, None, None, float(stays.mean()), (low, high))
    difference = after - before
    interval = middle(known.draws[:, 1] - known.draws[:, 0])
    if isinstance(output, Number):
        interval = interval if interval[1] > interval[0] else (difference, difference)
    else:
        interval = not_a_point(difference, interval, len(judged))
    return Robustness(
        name, len(judged), before, after, difference, interval, float(stays.mean()), (low, high)
    )


def same_answers(output: Output, before: "pd.Series[Any]", after: "pd.Series[Any]") -> np.ndarray:
    """Which rows have the same answer twice: bool[rows]. Numbers may differ by a tenth of the rows' spread."""
    if isinstance(output, Number):
        return ((before.astype(float) - after.astype(float)).abs() <= output.spread / 10).to_numpy()
    if isinstance(output, TokenLabels):
        pairs = zip(before, after, strict=True)
        return np.array([_places(one) == _places(other) for one, other in pairs], dtype=bool)
    return (before.astype("str") == after.astype("str")).to_numpy()


def _places(cell: str) -> set[tuple[int, int, str]]:
    """Where spans stand and what they are called, of a cell as `TokenLabels` describes it."""
    return {(span["start"], span["end"], span["label"]) for span in json.loads(cell)}


def rejudged(output: Output, judged: pd.DataFrame, predicted: Sequence[object]) -> pd.DataFrame:
    """The judged rows with other predictions, and what follows from these alone."""
    again = judged.assign(predicted=pd.Series(list(predicted), index=judged.index))
    if isinstance(output, Number):
        return again.assign(predicted=again["predicted"].astype("float64"))
    again["predicted"] = again["predicted"].astype(judged["predicted"].dtype)
    if not isinstance(output, TokenLabels):
        return again.assign(correct=again["gold"].astype("str") == again["predicted"].astype("str"))
    pairs = entity_pairs(again["gold"].tolist(), again["predicted"].tolist())

    def counted(side: str, *, right: bool) -> np.ndarray:
        chosen = pairs[pairs[side].notna() & ((pairs["outcome"] == "right") == right)]
        return np.bincount(chosen["place"].to_numpy(dtype=int), minlength=len(again))

    return again.assign(
        tp=counted("predicted", right=True),
        fp=counted("predicted", right=False),
        fn=counted("true", right=False),
    )
