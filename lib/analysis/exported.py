"""A model and what was made of it, on the same rows: which answers are the same, what was lost, label by label."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.analysis.paired import middle, not_a_point, paired_labels
from lib.analysis.two_runs import Lead, lead
from lib.tasks.outputs import Continuation, LabelScores, ManyLabels, MaskedTokens, Number, Output, TokenLabels

# Numbers this close to each other, in spreads of the training rows, are the same answer.
CLOSE = 1e-3


@dataclass(frozen=True)
class Exported:
    """`same` of `asked` rows have the same answer. `greatest` and `usual` (95 % of rows are below it) are differences
    of a probability, of a number in spreads, or of the loss per token; None where the rows hold none.

    `score` is what was made against the original by the main score; `labels` has for each label the F1 of both
    (`original`, `made`), their `difference` with its 95 % interval (`low`, `high`) and how many rows have it.
    """

    same: int
    asked: int
    greatest: float | None
    usual: float | None
    score: Lead | None
    labels: pd.DataFrame


def compare_exported(
    output: Output, score: str, original: pd.DataFrame, made: pd.DataFrame, *, higher_is_better: bool
) -> Exported:
    """Compare judged rows, the same ones in the same order. Raises ValueError when they are not as many."""
    if len(original) != len(made):
        raise ValueError(f"{len(original)} rows of the original beside {len(made)}")
    asked = original["predicted"].notna().to_numpy() & made["predicted"].notna().to_numpy()
    same = _same(output, original[asked], made[asked])
    gaps = _gaps(output, original, made)
    known = gaps[np.isfinite(gaps)]
    return Exported(
        int(same.sum()),
        int(asked.sum()),
        float(known.max()) if len(known) else None,
        float(np.quantile(known, 0.95)) if len(known) else None,
        lead(output, score, original, made, higher_is_better=higher_is_better),
        _by_label(output, original, made),
    )


def _same(output: Output, one: pd.DataFrame, two: pd.DataFrame) -> np.ndarray:
    """Whether both answer alike: bool[rows]."""
    if isinstance(output, Number):
        gap = np.abs(one["predicted"].to_numpy(dtype=float) - two["predicted"].to_numpy(dtype=float))
        return gap <= CLOSE * output.spread
    if isinstance(output, TokenLabels):
        return np.array(
            [_spans(a) == _spans(b) for a, b in zip(one["predicted"], two["predicted"], strict=True)]
        )
    first, second = (frame["predicted"].astype("str").to_numpy() for frame in (one, two))
    return np.asarray(first == second, dtype=bool)


def _spans(cell: str) -> list[tuple[int, int, str]]:
    return [(span["start"], span["end"], span["label"]) for span in json.loads(cell)]


def _gaps(output: Output, one: pd.DataFrame, two: pd.DataFrame) -> np.ndarray:
    """The greatest difference in each row: float64[rows], not a number where there is nothing to compare."""
    match output:
        case LabelScores() | ManyLabels() if "scores" in one and len(one):
            first, second = (np.stack(frame["scores"].to_list()).astype(float) for frame in (one, two))
            widest: np.ndarray = np.abs(first - second).max(axis=1)
            return widest
        case Number():
            gap = one["predicted"].to_numpy(dtype=float) - two["predicted"].to_numpy(dtype=float)
            return np.abs(gap) / output.spread
        case TokenLabels():
            return np.abs(one["confidence"].to_numpy(dtype=float) - two["confidence"].to_numpy(dtype=float))
        case Continuation() | MaskedTokens():
            return np.abs(one["loss"].to_numpy(dtype=float) - two["loss"].to_numpy(dtype=float))
    return np.full(len(one), np.nan)


def _by_label(output: Output, original: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    found = paired_labels(output, [original, made]) if len(original) else None
    lines: list[dict[str, Any]] = []
    for place, label in enumerate(found.labels if found else []):
        assert found is not None
        one, two = (float(margins.f1[place]) for margins in found.exact)
        support = int(found.exact[0].support[place])
        gap = two - one
        low, high = not_a_point(
            gap, middle(found.f1_draws[:, 1, place] - found.f1_draws[:, 0, place]), support
        )
        lines.append(
            {
                "label": label,
                "rows": support,
                "original": one,
                "made": two,
                "difference": gap,
                "low": low,
                "high": high,
            }
        )
    columns = ["label", "rows", "original", "made", "difference", "low", "high"]
    return pd.DataFrame(lines, columns=columns)
