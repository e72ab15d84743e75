"""What became of each span that is true and of each span that was predicted, and how well each label is found."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import pandas as pd

from lib.analysis.intervals import f1_interval, wilson

Outcome = Literal["right", "wrong type", "wrong borders", "missed", "extra"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
Span = Mapping[str, Any]


def match_spans(gold: Sequence[Span], predicted: Sequence[Span]) -> tuple[list[Outcome], list[Outcome]]:
    """The outcome of every true and of every predicted span of one text, in their order.

    "right": the same span and label are on the other side; "wrong type": the same span with another label; "wrong
    borders": a span there overlaps; else a true span is "missed" and a predicted one "extra".
    """
    return [_outcome(span, predicted, "missed") for span in gold], [
        _outcome(span, gold, "extra") for span in predicted
    ]


def _outcome(span: Span, others: Sequence[Span], alone: Outcome) -> Outcome:
    start, end = span["start"], span["end"]
    touching = [other for other in others if other["start"] < end and start < other["end"]]
    same = [other for other in touching if (other["start"], other["end"]) == (start, end)]
    if any(other["label"] == span["label"] for other in same):
        return "right"
    return "wrong type" if same else "wrong borders" if touching else alone


def entity_outcomes(gold: Sequence[str], predicted: Sequence[str]) -> pd.DataFrame:
    """One line per span of all rows: `place` (which row, from 0), `side` ("gold" or "predicted"), `label`, `outcome`.

    `gold` and `predicted` are cells as `TokenLabels` describes them.
    """
    lines = []
    for place, cells in enumerate(zip(gold, predicted, strict=True)):
        true, guessed = (json.loads(cell) for cell in cells)
        for side, spans, outcomes in zip(
            ("gold", "predicted"), (true, guessed), match_spans(true, guessed), strict=True
        ):
            lines += [
                (place, side, str(span["label"]), outcome)
                for span, outcome in zip(spans, outcomes, strict=True)
            ]
    return pd.DataFrame(lines, columns=["place", "side", "label", "outcome"])


def entity_table(outcomes: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """One row per label, in the order given, with 95 % intervals; of labels that occur but are not given, at the end.

    Columns: label, precision, recall, f1 (float in [0, 1]), support (true spans), predicted, correct, the ends
    precision_low … f1_high, and how many true spans had each outcome: right, wrong type, wrong borders, missed, and
    of the predicted ones extra. A share of nothing is 0, its interval 0 to 1.
    """
    names = [*labels, *sorted(set(outcomes["label"]) - set(labels))]
    true, guessed = (outcomes[outcomes["side"] == side] for side in ("gold", "predicted"))
    by_label = true.groupby(["label", "outcome"]).size().unstack(fill_value=0)
    by_label = by_label.reindex(index=names, columns=list(OUTCOMES), fill_value=0)
    extra = guessed[guessed["outcome"] == "extra"]["label"].value_counts()
    by_label["extra"] = extra.reindex(names, fill_value=0)
    support = by_label[["right", "wrong type", "wrong borders", "missed"]].sum(axis=1).to_numpy()
    predicted = guessed["label"].value_counts().reindex(names, fill_value=0).to_numpy()
    correct = by_label["right"].to_numpy()
    table = pd.DataFrame(
        {
            "label": names,
            "precision": correct / predicted.clip(1),
            "recall": correct / support.clip(1),
            "f1": 2 * correct / (support + predicted).clip(1),
            "support": support,
            "predicted": predicted,
            "correct": correct,
        }
    )
    table["precision_low"], table["precision_high"] = wilson(correct, predicted)
    table["recall_low"], table["recall_high"] = wilson(correct, support)
    table["f1_low"], table["f1_high"] = f1_interval(correct, support, predicted)
    return pd.concat([table, by_label.reset_index(drop=True).astype(int)], axis=1)
