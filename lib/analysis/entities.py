"""Which predicted span answers which true one, what is wrong with it, and how well each label is found."""

import json
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

import pandas as pd

from lib.analysis.intervals import f1_interval, wilson

Outcome = Literal["right", "wrong type", "wrong borders", "wrong type and borders", "missed", "spurious"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
# Those in which a true span is met by a predicted one, then those of a true span: each has exactly one.
PAIRED: tuple[Outcome, ...] = OUTCOMES[:4]
OF_TRUE: tuple[Outcome, ...] = OUTCOMES[:5]
Span = Mapping[str, Any]
# The first characters of the words of a text, rising; asked for only where overlaps have to be compared.
WordStarts = Callable[[], Sequence[int]]


class Match(NamedTuple):
    """The places of a true and of a predicted span in their lists, and what became of them; None: there is none."""

    true: int | None
    predicted: int | None
    outcome: Outcome


def match_spans(
    gold: Sequence[Span], predicted: Sequence[Span], starts: WordStarts | None = None
) -> list[Match]:
    """Pairs of a true and a predicted span of one text, and the spans left over, in the order of the text.

    Spans with the same borders are paired first, of those the ones with the same label. Then those that overlap, by
    most overlap (words in both / words in either), of equal ones the earliest true span, then the earliest predicted
    one. Each span is in one pair at most; true ones left over are "missed", predicted ones "spurious". Without `starts`
    overlap is measured in characters. Spans have `start`, `end` and `label`.
    """
    true, guessed = dict(enumerate(gold)), dict(enumerate(predicted))
    found = []
    for alike in (True, False):
        for i, one in list(true.items()):
            for j, other in guessed.items():
                same = (one["start"], one["end"]) == (other["start"], other["end"])
                if same and (not alike or one["label"] == other["label"]):
                    found.append(Match(i, j, "right" if alike else "wrong type"))
                    del true[i], guessed[j]
                    break
    for i, j in _by_overlap(true, guessed, starts):
        if i in true and j in guessed:
            same = true.pop(i)["label"] == guessed.pop(j)["label"]
            found.append(Match(i, j, "wrong borders" if same else "wrong type and borders"))
    found += [Match(i, None, "missed") for i in true] + [Match(None, j, "spurious") for j in guessed]

    def first(match: Match) -> tuple[int, int, int]:
        spans = [gold[match.true]] if match.true is not None else []
        spans += [predicted[match.predicted]] if match.predicted is not None else []
        return min(span["start"] for span in spans), match.true is None, match.true or 0

    return sorted(found, key=first)


def _by_overlap(
    true: Mapping[int, Span], guessed: Mapping[int, Span], starts: WordStarts | None
) -> list[tuple[int, int]]:
    """The places of spans that overlap, most overlap first."""
    touching = [
        (i, j)
        for i, one in true.items()
        for j, other in guessed.items()
        if one["start"] < other["end"] and other["start"] < one["end"]
    ]
    if len(touching) < 2:
        return touching
    words = starts() if starts is not None else None

    def size(start: int, end: int) -> int:
        return end - start if words is None else bisect_left(words, end) - bisect_left(words, start)

    def rank(pair: tuple[int, int]) -> tuple[float, int, int]:
        one, other = true[pair[0]], guessed[pair[1]]
        both = size(max(one["start"], other["start"]), min(one["end"], other["end"]))
        either = size(one["start"], one["end"]) + size(other["start"], other["end"]) - both
        return -both / max(either, 1), one["start"], other["start"]

    return sorted(touching, key=rank)


PAIR_COLUMNS = ["place", "true", "predicted", "outcome", "true_at", "predicted_at", "text"]


def entity_pairs(
    gold: Sequence[str], predicted: Sequence[str], starts: Callable[[int], Sequence[int]] | None = None
) -> pd.DataFrame:
    """One line per pair of spans or span left over, of all rows.

    Columns: `place` (which row, from 0), `true` and `predicted` (labels; missing where there is no span), `outcome`,
    `true_at` and `predicted_at` (places in the row's lists; −1), `text` (of the true span, else the predicted one).
    `gold` and `predicted` are cells as `TokenLabels` describes them; `starts` gives the word starts of a row.
    """
    lines = []
    for place, cells in enumerate(zip(gold, predicted, strict=True)):
        if cells == ("[]", "[]"):
            continue
        true, guessed = (json.loads(cell) for cell in cells)
        words = None if starts is None else (lambda place=place: starts(place))
        for i, j, outcome in match_spans(true, guessed, words):
            one, other = None if i is None else true[i], None if j is None else guessed[j]
            lines.append(
                (
                    place,
                    None if one is None else str(one["label"]),
                    None if other is None else str(other["label"]),
                    outcome,
                    -1 if i is None else i,
                    -1 if j is None else j,
                    str((one or other or {}).get("text", "")),
                )
            )
    pairs = pd.DataFrame(lines, columns=PAIR_COLUMNS)
    return pairs.astype({"true": "str", "predicted": "str", "outcome": "str", "text": "str"})


def entity_table(pairs: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """One row per label, in the order given, with 95 % intervals; of labels that occur but are not given, at the end.

    Columns: label, precision, recall, f1 (float in [0, 1]), support (true spans), predicted, correct, the ends
    precision_low … f1_high, and how many spans had each outcome of OUTCOMES, counted for the true label, of spurious
    ones for the predicted label. A share of nothing is 0, its interval 0 to 1. `pairs` as made by `entity_pairs`.
    """
    names = [*labels, *sorted({*pairs["true"].dropna(), *pairs["predicted"].dropna()} - set(labels))]
    label = pairs["true"].where(pairs["true"].notna(), pairs["predicted"])
    counted = pairs.groupby([label.rename("label"), "outcome"]).size().unstack(fill_value=0)
    counted = counted.reindex(index=names, columns=list(OUTCOMES), fill_value=0)
    support = counted[list(OF_TRUE)].sum(axis=1).to_numpy()
    predicted = pairs["predicted"].value_counts().reindex(names, fill_value=0).to_numpy()
    correct = counted["right"].to_numpy()
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
    return pd.concat([table, counted.reset_index(drop=True).astype(int)], axis=1)
