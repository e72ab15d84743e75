"""How well calibrated a run's probabilities are, and the temperature that makes them so: fitted once, at the end."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lib.analysis.chances import Chances
from lib.analysis.temperature import calibration_report
from lib.tasks.outputs import LabelScores, Output


def calibrated(output: Output, judged: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """{"calibration": …} for a run's result (see `calibration_report`); {} where no temperature can be fitted.

    Only outputs with one right label a row have one. `judged` holds the judged rows of validation and test.
    """
    if not isinstance(output, LabelScores):
        return {}
    chances = {
        part: Chances.of(frame["scores"].to_list(), frame["gold"], output.labels)
        for part, frame in judged.items()
    }
    report = calibration_report(chances["validation"], chances["test"])
    return {} if report is None else {"calibration": report}


def card_lines(calibration: Mapping[str, Any] | None) -> list[str]:
    """The model card's section on calibration; nothing without a temperature."""
    if not calibration:
        return []
    value, (low, high) = calibration["temperature"], calibration["interval"]
    lines = [
        "## Calibration",
        "",
        f"The scores above and the snippet below use the model's own probabilities, softmax(logits). A temperature of "
        f"{value:.3f} (95 % interval {low:.3f} to {high:.3f}), fitted on {calibration['rows']:,} validation rows by "
        "negative log-likelihood (Guo et al. 2017), is in `atelier.json`; the weights do not hold it. "
        f"`torch.softmax(logits / {value:.3f}, dim=-1)` applies it, and changes no answer, only how sure it is.",
        "",
    ]
    test = calibration.get("test")
    if not test:
        return lines
    lines += [
        f"On {test['rows']:,} test rows:",
        "",
        f"| Measure | As it is | Divided by {value:.3f} |",
        "|---|---|---|",
    ]
    names = {
        "ece": "ECE (top label, 15 equal-width bins)",
        "ece_if_perfect": "ECE expected if perfectly calibrated",
        "nll": "Negative log-likelihood",
        "brier": "Brier score",
    }
    for key, title in names.items():
        if key in test["before"] and key in test["after"]:
            lines.append(f"| {title} | {test['before'][key]:.4f} | {test['after'][key]:.4f} |")
    return [*lines, ""]
