"""Two runs on the same rows: how much better one is and how sure that is, and how the rows fall between the two."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy.stats import binom

from lib.analysis.intervals import Difference, number
from lib.analysis.label_sets import as_sets
from lib.analysis.paired import is_share, middle, not_a_point, paired_scores
from lib.analysis.scores import title
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

Outcome = Literal["both", "this", "other", "neither", "tie"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True)
class Lead:
    """One score of two runs on the same rows; `difference` is above zero where this run is better than the other."""

    score: str
    rows: int
    this: float
    other: float
    difference: Difference


def lead(
    output: Output, score: str, other: pd.DataFrame, this: pd.DataFrame, *, higher_is_better: bool
) -> Lead | None:
    """This run's lead by one score with its 95 % paired-bootstrap interval, from aligned judged rows.

    Each draw takes the same rows for both, so that rows hard for both cancel out. None for no rows and for a score
    that no draws can be made of.
    """
    found = paired_scores(output, score, [other, this]) if len(this) else None
    if found is None or not len(found.draws):
        return None
    sign = 1.0 if higher_is_better else -1.0
    value = sign * float(found.values[1] - found.values[0])
    ends = middle(sign * (found.draws[:, 1] - found.draws[:, 0]))
    if is_share(score):
        ends = not_a_point(value, ends, len(this))
    return Lead(score, len(this), float(found.values[1]), float(found.values[0]), Difference(value, *ends))


def lead_sentence(found: Lead, split: str = "test") -> str:
    """What the lead amounts to, the interval in it: "This run is better by 0.031 macro-F1 (95 % interval …) on …"."""
    name, gap = title(found.score), found.difference
    rows = f"the same {found.rows:,} {split} rows" if found.rows != 1 else f"the same single {split} row"
    decimals = decimals_for(gap)
    one, two = (number(value, decimals=decimals) for value in (found.this, found.other))
    if gap.value == 0 and gap.low == gap.high == 0:
        return f"The two runs answer alike: {name} {one} for both on {rows}."
    ends = f"{number(gap.low, decimals=decimals)} to {number(gap.high, decimals=decimals)}"
    value = number(abs(gap.value), decimals=decimals)
    against = f"{name} {one} against {two}"
    if gap.within_noise:
        signed = number(gap.value, decimals=decimals)
        return (
            f"The two runs cannot be told apart on {rows}: {against}, a lead of {signed} for this run "
            f"(95 % interval {ends}), within noise."
        )
    word = "better" if gap.value > 0 else "worse"
    if word == "worse":
        ends = f"{number(-gap.high, decimals=decimals)} to {number(-gap.low, decimals=decimals)}"
    return f"This run is {word} by {value} (95 % interval {ends}) on {rows}: {against}."


def decimals_for(gap: Difference) -> int:
    """Decimals that show a difference to a tenth of its interval's width or finer; 3 where there is none."""
    width = gap.high - gap.low
    if not (math.isfinite(width) and width > 0):
        return 3
    return min(6, max(0, 1 - math.floor(math.log10(width))))


@dataclass(frozen=True)
class Agreement:
    """How the rows fall between two runs.

    By right and wrong: "both" right, only "this", only "other", "neither". Where no answer is simply right or wrong
    (`by_closeness`), "this" and "other" are rows on which that run comes closer, "tie" those on which neither does.
    `p` is McNemar's exact test of "this" against "other" (the sign test of Dixon & Mood by closeness).
    """

    outcomes: "pd.Series[Any]"
    counts: Mapping[Outcome, int]
    p: float
    by_closeness: bool


def mcnemar(b: int, c: int) -> float:
    """McNemar's exact p: how often two equally good models part at least as unevenly as b rows against c.

    min(1, 2 · P(X ≤ min(b, c))) with X ~ Binomial(b + c, ½); 1 where they never part.
    """
    return min(1.0, 2.0 * float(binom.cdf(min(b, c), b + c, 0.5))) if b + c else 1.0


def agreement(output: Output, other: pd.DataFrame, this: pd.DataFrame) -> Agreement:
    """The outcome of each row, from aligned judged rows; its index is that of `this`."""
    closeness = isinstance(output, Text | Continuation | MaskedTokens | Number)
    if closeness:
        gained = row_gains(output, other, this).to_numpy()
        # Closer by no more than rounding is not closer.
        kinds = np.select([gained > 1e-9, gained < -1e-9], ["this", "other"], "tie")
    else:
        first, second = (frame["correct"].to_numpy(dtype=bool) for frame in (other, this))
        kinds = np.select([first & second, second, first], ["both", "this", "other"], "neither")
    counts: dict[Outcome, int] = {kind: int((kinds == kind).sum()) for kind in OUTCOMES}
    p = mcnemar(counts["this"], counts["other"])
    return Agreement(pd.Series(kinds, index=this.index, name="outcome", dtype="str"), counts, p, closeness)


def agreement_sentence(found: Agreement, split: str = "test") -> str:
    """How the rows fall and whether that is uneven beyond chance; said after the interval, never instead of it."""
    this, other, rows = found.counts["this"], found.counts["other"], sum(found.counts.values())
    among = f"Of {rows:,} {split} row{'' if rows == 1 else 's'}"
    if this + other == 0:
        return f"{among}, one run alone {'comes closer' if found.by_closeness else 'is right'} on none."
    said = (
        f"{among} this run comes closer on {this:,} and the other on {other:,}"
        if found.by_closeness
        else f"{among} only this run is right on {this:,} and only the other on {other:,}"
    )
    p = "p < 0.001" if found.p < 0.001 else f"p = {found.p:.3f}" if found.p < 0.1 else f"p = {found.p:.2f}"
    uneven = "more uneven than chance alone would be" if found.p < 0.05 else "no more uneven than chance"
    return f"{said}: {uneven} ({'sign test' if found.by_closeness else 'exact McNemar test'}, {p})."


# By kind of output: what a row is measured by, in words that stand over a column.
MEASURES: dict[str, str] = {
    LabelScores.kind: "Loss saved",
    ManyLabels.kind: "Labels put right",
    Number.kind: "Error saved",
    TokenLabels.kind: "Entity F1 gained",
    Spans.kind: "Answer F1 gained",
    Text.kind: "ROUGE-L gained",
    Continuation.kind: "Loss saved",
    MaskedTokens.kind: "Loss saved",
}


def row_gains(output: Output, other: pd.DataFrame, this: pd.DataFrame) -> "pd.Series[float]":
    """How much better this run is on each row, above zero where it is; 0 where that is not known.

    Numbers: absolute error saved, in their unit; texts: ROUGE-L gained; spans: F1 of the row's entities or of the
    answer gained; sets of labels: labels wrongly given or missed that are put right; all others: loss saved (−ln p).
    """
    match output:
        case Number():
            gained = np.abs(_column(other, "error")) - np.abs(_column(this, "error"))
        case Text():
            gained = _column(this, "rougeL") - _column(other, "rougeL")
        case Spans():
            gained = _column(this, "answer_f1") - _column(other, "answer_f1")
        case TokenLabels():
            gained = _row_f1(this) - _row_f1(other)
        case ManyLabels():
            gained = _labels_wrong(other) - _labels_wrong(this)
        case _:
            gained = _column(other, "loss") - _column(this, "loss")
    return pd.Series(np.where(np.isfinite(gained), gained, 0.0), index=this.index, name="gain")


def _column(frame: pd.DataFrame, name: str) -> np.ndarray:
    return frame[name].to_numpy(dtype=float, na_value=np.nan)


def _row_f1(frame: pd.DataFrame) -> np.ndarray:
    """F1 of each row's spans; a row without any, and none given, is 1."""
    right, wrong = 2 * _column(frame, "tp"), _column(frame, "fp") + _column(frame, "fn")
    return np.divide(right, right + wrong, out=np.ones(len(frame)), where=right + wrong > 0)


def _labels_wrong(frame: pd.DataFrame) -> np.ndarray:
    pairs = zip(as_sets(frame["gold"]), as_sets(frame["predicted"]), strict=True)
    return np.array([len(set(gold) ^ set(given)) for gold, given in pairs], dtype=float)
