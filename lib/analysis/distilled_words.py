"""What distilling came to, in plain sentences that claim no more than the rows and seeds allow."""

from dataclasses import dataclass

from lib.analysis.disagreement import Disagreement
from lib.analysis.distilled import Distilled, Estimate, interval_of, outcome_of
from lib.analysis.intervals import Difference, number
from lib.analysis.scores import title
from lib.analysis.verdict import told_apart

# Fewer seeds than this say next to nothing of the luck of a seed.
ENOUGH_SEEDS = 3


@dataclass(frozen=True)
class Cost:
    """What the student needs beside its teacher: how much faster it is at that batch size, its share of the disk."""

    times_as_fast: Estimate | None = None
    batch: int = 32
    disk: float | None = None


def verdict_sentence(found: Distilled, cost: Cost | None = None) -> str:
    """What the student keeps, what it costs, and whether it beats the same student without a teacher.

    "The student keeps 98 % (95 % interval 96 to 100) of the teacher's macro-F1, is 2.0 times as fast at batch 32 and
    takes 77 % of the disk; it is not better than the same student without a teacher: macro-F1 0.74 against 0.73, a
    lead of 0.013 (95 % interval −0.004 to 0.028), within noise."
    """
    parts = [kept_words(found), *_cost_words(cost or Cost())]
    first = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"The student {first}{_against_control(found)}."


def kept_words(found: Distilled) -> str:
    """What the student keeps, as words that follow "The student"."""
    name = title(found.score)
    kept = found.kept.get("student")
    if kept is None:
        one, other = told_apart(found.scores["student"].value, found.scores["teacher"].value)
        return f"has {name} {one} against the teacher's {other}"
    if found.higher_is_better:
        share, ends = percent(kept)
        return f"keeps {share}{ends} of the teacher's {name}"
    more = kept.value >= 1
    off = (
        Estimate(kept.value - 1, kept.low - 1, kept.high - 1)
        if more
        else Estimate(1 - kept.value, 1 - kept.high, 1 - kept.low)
    )
    share, ends = percent(off)
    return f"has a {name} {share}{ends} {'higher (worse)' if more else 'lower (better)'} than the teacher's"


def percent(found: Estimate) -> tuple[str, str]:
    """A share in per cent and, in brackets, the ends of its interval: ("98 %", " (95 % interval 96 to 100)")."""
    ends = interval_of(found)
    decimals = 1 if ends is not None and ends[1] - ends[0] < 0.01 else 0
    share = f"{number(100 * found.value, decimals=decimals)} %"
    if ends is None:
        return share, ""
    low, high = (number(100 * end, decimals=decimals) for end in ends)
    return share, f" (95 % interval {low} to {high})"


def _cost_words(cost: Cost) -> list[str]:
    words = []
    if (speed := cost.times_as_fast) is not None:
        ends = interval_of(speed)
        if ends is not None and ends[0] <= 1 <= ends[1]:
            words.append(f"is about as fast at batch {cost.batch}")
        elif speed.value >= 1:
            words.append(f"is {number(speed.value)} times as fast at batch {cost.batch}")
        else:
            words.append(f"takes {number(1 / speed.value)} times as long at batch {cost.batch}")
    if cost.disk is not None:
        words.append(f"takes {number(100 * cost.disk, decimals=0)} % of the disk")
    return words


def _against_control(found: Distilled) -> str:
    if found.over_control is None or found.outcome is None:
        return ""
    one, other = told_apart(found.scores["student"].value, found.scores["control"].value)
    against = f"{title(found.score)} {one} against {other}"
    return {
        "beats": f"; on these rows it beats the same student without a teacher: {against}, "
        f"{lead_words(found.over_control)}",
        "within noise": f"; it is not better than the same student without a teacher: {against}, "
        f"{lead_words(found.over_control)}, within noise",
        "worse": f"; on these rows it is worse than the same student without a teacher: {against}, "
        f"{lead_words(found.over_control)}",
    }[found.outcome]


def lead_words(lead: Difference) -> str:
    """How far the student is ahead: "a lead of 0.012 (95 % interval −0.004 to 0.028)"."""
    value, low, high = _with_interval(lead.value, lead.low, lead.high)
    return f"a lead of {value} (95 % interval {low} to {high})"


def seeds_sentence(score: str, leads: int, mean: Estimate | None) -> str:
    """What repeated runs say of the luck of a seed, which no number of rows can."""
    if mean is None:
        return (
            "This is one pair of runs: the interval says how much the choice of test rows matters, "
            "not how lucky this seed was."
        )
    value, low, high = _with_interval(mean.value, mean.low, mean.high)
    outcome = outcome_of(Difference(mean.value, mean.low, mean.high))
    told = {
        "beats": "so the teacher helps",
        "within noise": "within noise, so it is not shown that the teacher helps",
        "worse": "so the teacher harms",
    }[outcome]
    few = "" if leads >= ENOUGH_SEEDS else " Two seeds are few: a third would narrow this most."
    return (
        f"Over {leads} seeds the student is ahead of its control by {value} {title(score)} on average "
        f"(95 % interval {low} to {high}), {told}.{few}"
    )


def parting_sentence(found: Disagreement) -> str:
    """How the test rows fall between the two, and whether it is uneven beyond chance."""
    teacher, student = found.counts["teacher"], found.counts["student"]
    total = sum(found.counts.values())
    test = "sign test" if found.by_closeness else "McNemar's exact test"
    if teacher + student == 0:
        return f"On none of {total:,} test rows is one of the two {'closer' if found.by_closeness else 'right alone'}."
    said = (
        f"The teacher comes closer on {teacher:,} of {total:,} test rows, the student on {student:,}"
        if found.by_closeness
        else f"Of {total:,} test rows the teacher alone is right on {teacher:,}, the student alone on {student:,}"
    )
    chance = (
        f"p {'< 0.001' if found.p < 0.001 else f'= {found.p:.3f}' if found.p < 0.1 else f'= {found.p:.2f}'}"
    )
    uneven = "more uneven than chance" if found.p < 0.05 else "no more uneven than chance"
    return f"{said}: {uneven} ({test}, {chance})."


def _with_interval(value: float, low: float, high: float) -> tuple[str, str, str]:
    """Three numbers with as many decimals as the interval's width allows."""
    width = high - low
    decimals = 3 if width < 0.2 else 2 if width < 2 else 1 if width < 20 else 0
    return (
        number(value, decimals=decimals),
        number(low, decimals=decimals),
        number(high, decimals=decimals),
    )
