"""Where two models' answers to the same input differ, in sentences, by the shape of the answers."""

import json
from typing import Any

import pandas as pd

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
from lib.ui.numbers import count
from lib.ui.words import shorten

MOST_NAMED = 6


def apart(one: Output, mine: "pd.Series[Any]", other: Output, theirs: "pd.Series[Any]") -> list[str]:
    """Plain sentences on what differs; the first says whether the answers are the same."""
    if type(one) is not type(other):
        return ["The two answer in different ways."]
    match one:
        case LabelScores() if isinstance(other, LabelScores):
            return _labels(one, mine, other, theirs)
        case ManyLabels():
            mine_set, their_set = _list(mine), _list(theirs)
            return _sets("label", mine_set, their_set, same="Both give the same labels")
        case TokenLabels():
            return _sets("entity", _spans(mine), _spans(theirs), same="Both find the same entities")
        case Number():
            change = float(theirs["predicted"]) - float(mine["predicted"])
            unit = f" {one.unit}" if one.unit else ""
            return [f"The second says {change:+.4g}{unit} compared with the first."]
        case Spans():
            same = (mine["predicted"], mine["start"]) == (theirs["predicted"], theirs["start"])
            return ["Both give the same answer." if same else "They give different answers."]
        case MaskedTokens():
            return _masks(mine, theirs)
        case Text() | Continuation():
            same = str(mine["predicted"]) == str(theirs["predicted"])
            return [
                "Both write the same."
                if same
                else "They write different texts. Marked in the second: words that the first does not have; struck "
                "through: words of the first that it leaves out."
            ]
        case _:
            return ["Both say the same." if mine["predicted"] == theirs["predicted"] else "They differ."]


def changes(one: Output, mine: "pd.Series[Any]", other: Output, theirs: "pd.Series[Any]") -> pd.DataFrame:
    """The probability of each label that both know, by both and the change in percentage points; largest change first.

    Empty for other shapes.
    """
    table = pd.DataFrame(columns=["label", "first", "second", "change"])
    if not isinstance(one, LabelScores | ManyLabels) or not isinstance(other, LabelScores | ManyLabels):
        return table
    if not isinstance(mine.get("scores"), list) or not isinstance(theirs.get("scores"), list):
        return table
    first = dict(zip(one.labels, mine["scores"], strict=True))
    second = dict(zip(other.labels, theirs["scores"], strict=True))
    rows = [
        (label, 100 * first[label], 100 * second[label], 100 * (second[label] - first[label]))
        for label in first
        if label in second
    ]
    found = pd.DataFrame(rows, columns=table.columns)
    order = found["change"].abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order].reset_index(drop=True)


def _labels(
    one: LabelScores, mine: "pd.Series[Any]", other: LabelScores, theirs: "pd.Series[Any]"
) -> list[str]:
    said = [str(row["predicted"]) for row in (mine, theirs)]
    sure = [f"{100 * float(row['confidence']):.1f} %" for row in (mine, theirs)]
    if said[0] == said[1]:
        return [f"Both say {shorten(said[0], 40)}, with {sure[0]} and {sure[1]}."]
    found = [
        f"They differ: {shorten(said[0], 40)} with {sure[0]} against {shorten(said[1], 40)} with {sure[1]}."
    ]
    if set(one.labels) != set(other.labels):
        shared = len(set(one.labels) & set(other.labels))
        found.append(f"They know different labels; {count(shared, 'is', 'are')} shared.")
    return found


def _sets(noun: str, mine: list[str], theirs: list[str], *, same: str) -> list[str]:
    plural = "entities" if noun == "entity" else f"{noun}s"
    shared = [name for name in mine if name in theirs]
    found = []
    for words, only in (
        ("Only the first", [name for name in mine if name not in theirs]),
        ("Only the second", [name for name in theirs if name not in mine]),
    ):
        if only:
            more = f" and {len(only) - MOST_NAMED} more" if len(only) > MOST_NAMED else ""
            found.append(f"{words}: {', '.join(shorten(name, 50) for name in only[:MOST_NAMED])}{more}.")
    if not found:
        return [f"{same}: {count(len(shared), noun, plural)}." if shared else "Both find nothing."]
    return [f"They differ; {count(len(shared), noun, plural)} of both.", *found]


def _masks(mine: "pd.Series[Any]", theirs: "pd.Series[Any]") -> list[str]:
    first, second = (json.loads(str(row["candidates"])) for row in (mine, theirs))
    differing = [
        f"place {number}: {a[0]['token']} against {b[0]['token']}"
        for number, (a, b) in enumerate(zip(first, second, strict=False), start=1)
        if a[0]["token"].casefold() != b[0]["token"].casefold()
    ]
    if not first:
        return []
    if not differing:
        return ["Both would put the same in every place."]
    return [
        f"They differ at {len(differing)} of {count(len(first), 'place')}.",
        f"At {'; '.join(differing)}.",
    ]


def _list(row: "pd.Series[Any]") -> list[str]:
    return [str(label) for label in json.loads(str(row["predicted"]))]


def _spans(row: "pd.Series[Any]") -> list[str]:
    spans = json.loads(str(row["predicted"]))
    return [f"{span['text']} ({span['label']}, from character {span['start']:,})" for span in spans]
