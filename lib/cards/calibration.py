"""A card's section on calibration: how sure a model is, and the temperature that makes it so."""

from collections.abc import Mapping
from typing import Any


def calibration_lines(calibration: Mapping[str, Any] | None) -> list[str]:
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
