"""The trials of a search: which options were best on the validation rows, and how much of that may be luck."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lib.analysis.intervals import Interval, number
from lib.analysis.scores import title as score_title

# How a trial ended: trained to its end, given up for being behind the others, cut as the time was over, or with a loss
# that was no number any more.
OUTCOMES = ("finished", "pruned", "cut", "diverged")
OUTCOME_WORDS = {
    "finished": "to the end",
    "pruned": "given up early",
    "cut": "out of time",
    "diverged": "diverged",
}


@dataclass(frozen=True)
class Trial:
    """One set of options that was tried, and the validation scores it reached.

    `values` are the main scores of its validations in order; `value` is the best of them (None if there is none)
    and `interval` that one's 95 % interval. `seconds` are those since the trial before it, or the start.
    """

    trial: int
    outcome: str
    options: Mapping[str, Any]
    values: tuple[float, ...] = ()
    value: float | None = None
    interval: Interval | None = None
    steps: int = 0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The trial as plain JSON data."""
        return asdict(self) | {"values": list(self.values), "interval": self.interval and list(self.interval)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Trial":
        """The trial that `to_json` wrote. Raises KeyError or TypeError for anything else."""
        interval = value.get("interval")
        return Trial(
            trial=int(value["trial"]),
            outcome=str(value["outcome"]),
            options=dict(value["options"]),
            values=tuple(float(item) for item in value["values"]),
            value=None if value["value"] is None else float(value["value"]),
            interval=(float(interval[0]), float(interval[1])) if interval else None,
            steps=int(value.get("steps", 0)),
            seconds=float(value["seconds"]),
        )


def trials_from(records: Sequence[Mapping[str, Any]]) -> list[Trial]:
    """The trials of the records that are whole, in order, each number once (the first one counts)."""
    found: dict[int, Trial] = {}
    for record in records:
        try:
            trial = Trial.from_json(record)
        except (KeyError, TypeError, ValueError, IndexError):  # written by another version, or damaged
            continue
        found.setdefault(trial.trial, trial)
    return [found[place] for place in sorted(found)]


def best_trial(trials: Sequence[Trial], *, higher_is_better: bool) -> Trial | None:
    """The trial with the best score, the earliest of equals; None when none has a score.

    One that was given up or cut counts with what it had reached: trained to its end it would have that checkpoint
    too. One that diverged does not count.
    """
    scored = [trial for trial in trials if trial.value is not None and trial.outcome != "diverged"]
    sign = 1.0 if higher_is_better else -1.0
    return max(scored, key=lambda trial: sign * (trial.value or 0.0), default=None)


def search_report(
    trials: Sequence[Trial], *, score: str, higher_is_better: bool, rows: int
) -> dict[str, Any] | None:
    """What a search came to, as result.json has it; None without any trial.

    `gain` is how much better the best trial is than the first one (the run's own options) on the same validation
    rows, 0 or more. `noise` is half the 95 % interval of the best trial's score: how far chance in the rows alone
    may move it. The best of several trials is chosen on these rows, so its score there is too good; the test rows
    had no part in it.
    """
    if not trials:
        return None
    best, first = best_trial(trials, higher_is_better=higher_is_better), trials[0]
    gain = noise = None
    if best is not None and best.value is not None:
        if first.value is not None:
            gain = best.value - first.value if higher_is_better else first.value - best.value
        if best.interval is not None:
            noise = (best.interval[1] - best.interval[0]) / 2
    return {
        "score": score,
        "higher_is_better": higher_is_better,
        "rows": rows,
        "trials": [trial.to_json() for trial in trials],
        "best": best and best.to_json(),
        "gain": gain,
        "noise": noise,
        "seconds": round(sum(trial.seconds for trial in trials), 1),
    }


def search_verdict(report: Mapping[str, Any]) -> str:
    """What a search came to in sentences, and how much of it to believe."""
    trials, best = report["trials"], report["best"]
    if best is None:
        return "No trial came as far as a validation, so the run's own options were used."
    name, rows = score_title(report["score"]), int(report["rows"])
    where = f"{rows:,} validation row{'' if rows == 1 else 's'}"
    tried = f"Of {len(trials)} trial{'' if len(trials) == 1 else 's'}"
    gain, noise = report["gain"], report["noise"]
    if best["trial"] == 1:
        return (
            f"{tried}, none did better than the run's own options: {name} {_shown(best['value'])} on {where}. "
            "So nothing was changed."
        )
    first = trials[0]["value"]
    found = f"{tried}, number {best['trial']} did best: {name} {_shown(best['value'])} on {where}"
    if first is None or gain is None:
        return f"{found}. {_LUCK}"
    found += f", against {_shown(first)} with the run's own options"
    if noise is None:
        return f"{found}. {_LUCK}"
    judged = (
        f"The gain of {_shown(gain)} is within noise: chance in these rows moves such a score by ± {_shown(noise)}."
        if gain <= noise
        else f"The gain of {_shown(gain)} is more than chance in these rows explains (± {_shown(noise)})."
    )
    return f"{found}. {judged} {_LUCK}"


_LUCK = (
    "The winner was picked on these rows, so its score there flatters it; the test rows had no part in the search, "
    "and their score is the one to believe."
)


def _shown(value: float) -> str:
    return number(value, decimals=3) if abs(value) < 1 else number(value, digits=3)
