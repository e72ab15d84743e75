"""The test rows of a run, on which an export is compared with the original: all of them, or a seeded sample."""

from dataclasses import dataclass

import pandas as pd

from lib.export.source import Source
from lib.tasks.outputs import Continuation, Text

SEED = 0
# Rows judged both times. Writing a text takes as long as reading hundreds.
MOST_ROWS = 1_500
MOST_PICTURES = 400
MOST_WRITTEN = 40


@dataclass(frozen=True)
class MeasuredRows:
    """Rows with all that is read and the truth; `whole` is how many test rows the run has."""

    frame: pd.DataFrame
    whole: int


def measured_rows(source: Source) -> MeasuredRows:
    """At most so many test rows, in their order, the same ones every time. Raises UserError when the data is gone."""
    # The rows as training read them, splits, pairs and pictures included: there is no second way to read them.
    from lib.plan.run_rows import load_rows

    frame = load_rows(source.spec, source.task).frames["test"]
    most = most_rows(source)
    drawn = frame.sample(most, random_state=SEED).sort_index() if len(frame) > most else frame
    return MeasuredRows(drawn, len(frame))


def most_rows(source: Source) -> int:
    """How many rows are judged at most."""
    if isinstance(source.task.output(source.brief.target), Text | Continuation):
        return MOST_WRITTEN
    return MOST_PICTURES if source.task.model_kind == "image" else MOST_ROWS
