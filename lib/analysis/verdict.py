"""Plain sentences that say what the scores amount to."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lib.analysis.intervals import Difference, Interval, described, number
from lib.analysis.scores import title

Outcome = Literal["better", "within noise", "worse"]

BASELINE_TITLES = {
    "majority": "always answering the most frequent label",
    "tfidf": "the TF-IDF baseline",
    "first_sentence": "taking the first sentence",
    "copy": "copying the text",
    "mean": "always answering the mean",
    "teacher": "its teacher",
}


@dataclass(frozen=True)
class Verdict:
    """How the model stands against one baseline, as an outcome and as a sentence."""

    baseline: str
    outcome: Outcome
    sentence: str


def baseline_title(name: str) -> str:
    """What a baseline is called in a sentence: "the TF-IDF baseline"."""
    return BASELINE_TITLES.get(name, f"the {name.replace('_', ' ')} baseline")


def compare(
    score: str,
    value: float,
    baseline: str,
    baseline_value: float,
    *,
    interval: Interval | None = None,
    difference: Difference | None = None,
    higher_is_better: bool = True,
) -> Verdict:
    """The model against one baseline by one score on the same rows.

    The `difference` of a paired bootstrap decides if there is one; else whether the baseline lies within
    the model's `interval`; with neither, which of the two numbers is higher.
    """
    gap = value - baseline_value if higher_is_better else baseline_value - value
    if difference is not None:
        outcome = _outcome(gap, difference.within_noise)
    else:
        inside = interval is not None and interval[0] <= baseline_value <= interval[1]
        outcome = _outcome(gap, inside)
    name = baseline_title(baseline)
    one, other = told_apart(value, baseline_value)
    against = f"{title(score)} {one} against {other}"
    sentence = {
        "better": f"The model beats {name}: {against}.",
        "within noise": f"The model does not beat {name}: {against}, within noise.",
        "worse": f"The model is worse than {name}: {against}.",
    }[outcome]
    return Verdict(baseline, outcome, sentence)


def verdicts(
    score: str,
    value: float,
    baselines: Mapping[str, Mapping[str, float]],
    *,
    interval: Interval | None = None,
    differences: Mapping[str, Difference] | None = None,
    higher_is_better: bool = True,
) -> list[Verdict]:
    """The model against every baseline that has the score, hardest to beat first.

    `baselines` as in result.json: {"majority": {"macro_f1": 0.14}, …}; `differences` by the same names.
    """
    known = {name: scores[score] for name, scores in baselines.items() if score in scores}
    return [
        compare(
            score,
            value,
            name,
            known[name],
            interval=interval,
            difference=(differences or {}).get(name),
            higher_is_better=higher_is_better,
        )
        for name in sorted(known, key=known.__getitem__, reverse=higher_is_better)
    ]


def summary(
    score: str,
    value: float,
    baselines: Mapping[str, Mapping[str, float]],
    *,
    rows: int,
    split: str = "test",
    interval: Interval | None = None,
    differences: Mapping[str, Difference] | None = None,
    higher_is_better: bool = True,
) -> str:
    """What a run came to, in two or three sentences: the score with its interval, and the baselines."""
    first = f"{title(score)[0].upper()}{title(score)[1:]} is {described(value, interval)}"
    first = f"{first} on {rows:,} {split} row{'' if rows == 1 else 's'}."
    found = verdicts(
        score,
        value,
        baselines,
        interval=interval,
        differences=differences,
        higher_is_better=higher_is_better,
    )
    if not found:
        return first
    if len(found) > 1 and all(verdict.outcome == "better" for verdict in found):
        values = (f"{baseline_title(v.baseline)} ({number(baselines[v.baseline][score])})" for v in found)
        return f"{first} The model beats {' and '.join(values)}."
    return " ".join([first, *(verdict.sentence for verdict in found)])


def _outcome(gap: float, noise: bool) -> Outcome:
    if noise or gap == 0:
        return "within noise"
    return "better" if gap > 0 else "worse"


def told_apart(one: float, other: float) -> tuple[str, str]:
    """Two numbers with two digits, or with as many as it takes to see which is higher, up to four.

    Those that are no shares, such as errors and perplexities, start with as many decimals as their size asks for.
    """
    size = max(abs(one), abs(other))
    least = 2 if size <= 1 else max(0, 2 - math.floor(math.log10(size)))
    if 0 < size < 0.01:
        least = 1 - math.floor(math.log10(size))
    for decimals in range(least, least + 3):
        shown = number(one, decimals=decimals), number(other, decimals=decimals)
        if one == other or shown[0] != shown[1]:
            break
    return shown
