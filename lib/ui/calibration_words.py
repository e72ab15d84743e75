"""What the calibration view says: its findings, and each measure with its exact definition."""

import math

from lib.analysis.calibration import BINS, Measures, Outcome, Sureness, verdict
from lib.analysis.intervals import Difference, number
from lib.charts.text import percent
from lib.ui.numbers import count

FINDINGS: dict[Outcome, str] = {
    "surer": "surer than it is right",
    "less sure": "less sure than it is right",
    "mixed": "too sure in some bins, not sure enough in others",
    "noise": "within chance",
}
CAPTION = (
    "Each bar is the share of rows that are right among those of one confidence; on the dashed line both are equal. "
    "Calibrated is not accurate: a model that always says how common the labels are would be calibrated too, so read "
    f"this beside the accuracy. Bins with fewer than 20 rows are merged in the picture; the ECE uses all {BINS}."
)
LABEL_CAPTION = (
    "Each bar is the share of rows that truly have the label among those given about one probability of it; on the "
    "dashed line both are equal. A rare label has nearly all of its rows at the left: look at the number of rows below."
)
# Name, definition.
DEFINITIONS: dict[str, tuple[str, str]] = {
    "ece": (
        f"ECE, top label, {BINS} equal-width bins",
        "Σ rows of a bin / all rows · |share right − mean confidence| (Guo et al. 2017, equation 3). Biased upwards: "
        "compare it with the next line.",
    ),
    "expected": (
        "ECE expected if perfectly calibrated",
        "The same, mean of 200 resamples in which every row is right exactly as often as the model says.",
    ),
    "adaptive": (
        f"Adaptive ECE, {BINS} equal-mass bins",
        "The same sum over bins that hold equally many rows.",
    ),
    "classwise": (
        f"Classwise ECE, {BINS} equal-width bins",
        "The mean over labels of the ECE of that label’s probability against whether it is the true one: another "
        "number than the top label’s, and small where labels are many.",
    ),
    "mce": ("MCE", f"The largest gap of any of the {BINS} bins, however few rows it holds."),
    "brier": (
        "Brier score",
        "Mean of Σ over labels of (probability − 1 if true, 0 if not)²; 0 to 2. Rewards being right as well; better "
        "than ECE to rank runs.",
    ),
    "nll": (
        "Negative log-likelihood",
        "Mean of −ln of the probability given to the true label; the temperature is fitted by it, on validation rows.",
    ),
}
_OF_A_LABEL = {
    "ece": (
        f"ECE of this label, {BINS} equal-width bins",
        "Σ rows of a bin / all rows · |share true − mean probability|.",
    ),
    "brier": ("Brier score of this label", "Mean of (probability − 1 if true, 0 if not)²; 0 to 1."),
    "nll": ("Cross-entropy of this label", "Mean of −ln of the probability given to what is so."),
}


def finding(found: Measures, sure: Sureness) -> str:
    """The finding in a few words, to follow "As it is: "."""
    return FINDINGS[verdict(found, sure)]


def in_a_sentence(found: Measures, *, split: str, label: str | None = None) -> str:
    """What was said and what happened, over all rows; not escaped."""
    rows = count(found.rows, f"{split} row")
    said, happened = percent(found.confidence), percent(found.accuracy)
    if label is None:
        return f"On average the model is {said} sure of its answer, and {happened} of the {rows} are right."
    return (
        f"On average the model gives {label} a probability of {said}, and {happened} of the {rows} have it."
    )


def ece_words(found: Measures, sure: Sureness, *, split: str) -> str:
    """The ECE with everything that is needed to read it."""
    low, high = sure.interval
    text = (
        f"M = {BINS} bins, N = {count(found.rows, f'{split} row')}, 95 % interval {low:.3f}–{high:.3f}. "
        f"Expected if perfectly calibrated: {sure.expected:.3f} (up to {sure.reach:.3f} in 95 % of resamples)."
    )
    return text + (" Within that: these rows give no verdict." if sure.within_chance(found.ece) else "")


def gain_words(gain: Difference) -> str:
    """How much the NLL falls by a temperature, and whether that is more than noise."""
    if gain.within_noise:
        return "within noise"
    span = f"95 % interval {number(gain.low, decimals=3)} to {number(gain.high, decimals=3)}"
    return f"{span}: {'better' if gain.value > 0 else 'worse'}"


def measure_table(columns: list[tuple[str, Measures, Sureness]], *, of_label: bool = False) -> str:
    """A Markdown table: a line a measure, a column for each of (title, measures, sureness)."""
    lines = [
        "| | " + " | ".join(title for title, _, _ in columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for name, (title, _) in _words(of_label).items():
        values = [_value(name, found, sure) for _, found, sure in columns]
        if any(values):
            lines.append(f"| {title} | " + " | ".join(values) + " |")
    return "\n".join(lines)


def definitions(*, of_label: bool = False) -> str:
    """What each measure of the table is, as a Markdown list."""
    words = _words(of_label).items()
    return "\n".join(f"- **{title}**: {meaning}" for name, (title, meaning) in words)


def _words(of_label: bool) -> dict[str, tuple[str, str]]:
    if not of_label:
        return DEFINITIONS
    return {name: words for name, words in (DEFINITIONS | _OF_A_LABEL).items() if name != "classwise"}


def _value(name: str, found: Measures, sure: Sureness) -> str:
    if name == "expected":
        return f"{sure.expected:.3f}"
    value = float(getattr(found, name))
    if math.isnan(value):
        return ""
    if name == "ece":
        return f"{value:.3f} ({sure.interval[0]:.3f}–{sure.interval[1]:.3f})"
    if name == "mce":
        return f"{value:.3f} (a bin with {count(found.worst_rows, 'row')})"
    return f"{value:.4f}" if name == "classwise" else f"{value:.3f}"
