"""Intervals for the scores of judged predictions, whatever their shape."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.intervals import Interval, bootstrap
from lib.tasks.outputs import LabelScores, Output

Intervals = dict[str, Interval]

# By kind of output: judged rows (and the output) → 95 % interval by score name.
_BY_KIND: dict[str, Callable[[Any, pd.DataFrame], Intervals]] = {
    LabelScores.kind: lambda output, judged: bootstrap(
        ConfusionMatrix.of(judged["gold"], judged["predicted"])
    ),
}


def score_intervals(output: Output, judged: pd.DataFrame) -> Intervals:
    """95 % intervals by score name, from judged rows as the output describes them; none for no rows."""
    found = _BY_KIND.get(output.kind)
    return found(output, judged) if found is not None and len(judged) else {}
