"""The words of the Train page: what a preset means, how long it takes, what a model is."""

from dataclasses import replace
from typing import Any

from lib.models.scratch import SCRATCH
from lib.models.sources import ModelInfo
from lib.models.starters import STARTERS
from lib.plan.estimate import Estimate
from lib.plan.preview import Preview
from lib.ui.numbers import count, significant, size
from lib.ui.words import escape_markdown

PRESET_TITLES = {"quick": "Quick look", "balanced": "Balanced", "best": "Best"}
PRESET_PURPOSES = {
    "quick": "to see whether there is something to learn",
    "balanced": "a good model for most data",
    "best": "when every point counts; reads longer texts and larger pictures",
}


def time_range(low: float, high: float) -> str:
    """A range of seconds as it is spoken: "about 2 to 4 minutes"; one number when both round to it."""
    if high < 90:
        unit, ends = "seconds", [f"{max(10, round(value, -1)):.0f}" for value in (low, high)]
    elif high < 90 * 60:
        unit, ends = "minutes", [f"{_minutes(value)}" for value in (low, high)]
    else:
        unit, ends = "hours", [significant(value / 3600, 2) for value in (low, high)]
    if ends[0] == ends[1]:
        return f"about {ends[0]} {unit.removesuffix('s') if ends[0] == '1' else unit}"
    return f"about {ends[0]} to {ends[1]} {unit}"


def _minutes(seconds: float) -> int:
    """Whole minutes, in fives from twenty on: an estimate knows no better."""
    minutes = seconds / 60
    return max(1, round(minutes)) if minutes < 20 else 5 * round(minutes / 5)


def summary_sentence(preview: Preview, *, seeds: int = 1) -> str:
    """What will happen and what it costs, in one sentence; for several seeds the cost of all their runs."""
    repeated = f", {seeds} times with another seed each" if seeds > 1 else ""
    estimate = replace(
        preview.estimate,
        seconds_low=seeds * preview.estimate.seconds_low,
        seconds_high=seeds * preview.estimate.seconds_high,
    )
    return f"{preview.sentence}{repeated}; {cost(estimate)} on this machine."


def cost(estimate: Estimate) -> str:
    """Time and memory: "about 2 to 4 minutes and 1.4 GB"."""
    return f"{time_range(estimate.seconds_low, estimate.seconds_high)} and {size(estimate.memory_mb * 1e6)} of memory"


def preset_words(preset: str, preview: Preview | None) -> str:
    """What a preset means for this data and this model."""
    purpose = PRESET_PURPOSES[preset]
    if preview is None:
        return f"{purpose[0].upper()}{purpose[1:]}."
    estimate = preview.estimate
    return (
        f"{time_range(estimate.seconds_low, estimate.seconds_high).capitalize()}: "
        f"{_epochs(preview.options.epochs)}, {count(estimate.steps, 'step')}. {purpose[0].upper()}{purpose[1:]}."
    )


def _epochs(value: float) -> str:
    shown = f"{value:.2g}" if value < 10 else f"{value:.0f}"
    return f"{shown} epoch{'' if shown == '1' else 's'}"


def model_words(model: ModelInfo) -> str:
    """A model in Markdown: what it is good for, then on a new line its size, licence and origin."""
    summaries = {f"starter:{starter.name}": starter.summary for starter in STARTERS}
    summaries |= {f"scratch:{scratch.name}": scratch.summary for scratch in SCRATCH}
    summary = summaries.get(model.ref, "")
    facts = escape_markdown(model_facts(model, parameters="million parameters" not in summary))
    return f"{escape_markdown(summary)}  \n{facts}" if summary else facts


def model_facts(model: ModelInfo, *, parameters: bool = True) -> str:
    """Parameters, size on disk, licence and origin of a model, in plain text."""
    known = model.parameters if parameters else None
    parts = [f"{significant(known / 1e6, 3)} million parameters"] if known else []
    if model.is_scratch:
        return " · ".join(
            [*parts, size(model.size_mb * 1e6), "made when the run starts, so nothing is downloaded"]
        )
    licence = f"licence {model.licence}" if model.licence == "not stated" else model.licence
    return " · ".join([*parts, size(model.size_mb * 1e6), licence, model.origin])


def option_value(value: Any) -> str:
    """An option's value as it is typed."""
    return f"{value:g}" if isinstance(value, float) else str(value)
