"""Intervals for the scores of judged predictions, whatever their shape."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.entity_intervals import entity_intervals
from lib.analysis.intervals import Interval, bootstrap
from lib.analysis.label_sets import label_set_intervals
from lib.analysis.masked_intervals import masked_intervals
from lib.analysis.number_intervals import number_intervals
from lib.analysis.perplexity_intervals import perplexity_intervals
from lib.analysis.text_intervals import answer_intervals, mean_intervals, overlap_intervals
from lib.tasks.outputs import (
    Continuation,
    LabelScores,
    ManyLabels,
    MaskedTokens,
    Number,
    Output,
    Spans,
    Text,
    TokenLabels,
)

Intervals = dict[str, Interval]

# By kind of output: judged rows (and the output) → 95 % interval by score name.
_BY_KIND: dict[str, Callable[[Any, pd.DataFrame], Intervals]] = {
    TokenLabels.kind: lambda output, judged: entity_intervals(
        judged.assign(tokens=judged["words"], tokens_correct=judged["words_correct"])
    ),
    Continuation.kind: lambda output, judged: perplexity_intervals(judged["nll"], judged["tokens_judged"]),
    LabelScores.kind: lambda output, judged: bootstrap(
        ConfusionMatrix.of(judged["gold"], judged["predicted"])
    ),
    ManyLabels.kind: lambda output, judged: label_set_intervals(judged, output.labels),
    MaskedTokens.kind: lambda output, judged: masked_intervals(
        judged["nll"], judged["tokens_judged"], judged["hits"]
    ),
    Number.kind: lambda output, judged: number_intervals(*_known(judged)),
    # A hard text makes all questions about it hard.
    Spans.kind: lambda output, judged: answer_intervals(judged, groups=judged["text"]),
    Text.kind: lambda output, judged: (
        overlap_intervals(judged)
        | mean_intervals(judged.assign(exact_match=judged["correct"]), ["exact_match"])
    ),
}


def _known(judged: pd.DataFrame) -> tuple[Any, Any]:
    known = judged[judged["gold"].notna()]
    return known["gold"].to_numpy(), known["predicted"].to_numpy()


def score_intervals(output: Output, judged: pd.DataFrame) -> Intervals:
    """95 % intervals by score name, from judged rows as the output describes them; none for no rows."""
    found = _BY_KIND.get(output.kind)
    return found(output, judged) if found is not None and len(judged) else {}
