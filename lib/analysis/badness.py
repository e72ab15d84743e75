"""How wrong a judged row is, as one number: what slices of any output are compared by."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.tasks.outputs import LabelScores, ManyLabels, Number, Output, Spans, TokenLabels


@dataclass(frozen=True, eq=False)
class Badness:
    """`values` is float64[rows], higher is worse; NaN where a row has none.

    `title` names their mean ("share wrong"); `is_share` when they are 0 and 1; `unit` is the user's, if there is one.
    """

    values: np.ndarray
    title: str
    is_share: bool
    unit: str = ""

    @property
    def known(self) -> np.ndarray:
        """Rows that have a value: bool[rows]."""
        return np.isfinite(self.values)


def badness_of(output: Output, frame: pd.DataFrame) -> Badness:
    """Whether rows are wrong, where right and wrong are all there is; else the absolute error, or the loss."""
    match output:
        case LabelScores() | ManyLabels() | Spans() | TokenLabels():
            return Badness((~frame["correct"].to_numpy(dtype=bool)).astype(np.float64), "share wrong", True)
        case Number(unit=unit):
            return Badness(
                np.abs(frame["error"].to_numpy(dtype=np.float64)), "mean absolute error", False, unit
            )
        case _:
            return Badness(frame["loss"].to_numpy(dtype=np.float64), "mean loss", False)
