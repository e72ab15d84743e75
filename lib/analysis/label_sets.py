"""Sets of labels beside the true ones: which labels are found, which are missed and which are added wrongly."""

import json
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from lib.analysis.intervals import Interval, f1_interval, wilson
from lib.analysis.multilabel_intervals import multilabel_intervals


def as_sets(cells: Iterable[str]) -> list[list[str]]:
    """The labels in cells that hold JSON lists, as judged rows do."""
    return [[str(label) for label in json.loads(cell)] for cell in cells]


def known_labels(judged: pd.DataFrame, labels: Sequence[str]) -> list[str]:
    """The model's labels, then those among the true ones that it does not know."""
    there = {label for row in as_sets(judged["gold"].unique()) for label in row}
    return [*labels, *sorted(there - set(labels))]


def membership(cells: Iterable[str], labels: Sequence[str]) -> np.ndarray:
    """Which of the labels each row has: bool[rows, labels], from cells that hold JSON lists."""
    place = {label: number for number, label in enumerate(labels)}
    sets = as_sets(cells)
    found = np.zeros((len(sets), len(labels)), dtype=bool)
    for row, names in enumerate(sets):
        found[row, [place[name] for name in names if name in place]] = True
    return found


def label_set_intervals(judged: pd.DataFrame, labels: Sequence[str]) -> dict[str, Interval]:
    """The 95 % intervals of macro_f1, micro_f1, precision, recall and accuracy of judged rows."""
    names = known_labels(judged, labels)
    return multilabel_intervals(membership(judged["gold"], names), membership(judged["predicted"], names))


def per_label(judged: pd.DataFrame, labels: Sequence[str], thresholds: Sequence[float]) -> pd.DataFrame:
    """One row per label, in the model's order, with 95 % intervals, as `per_class` has them for one label a row.

    Beside these columns: `missed` and `added` (rows that lack the label wrongly, that were given it wrongly) and
    `threshold` (missing for labels the model does not know).
    """
    names = known_labels(judged, labels)
    true, given = membership(judged["gold"], names), membership(judged["predicted"], names)
    correct, support, predicted = (part.sum(axis=0) for part in (true & given, true, given))
    table = {
        "label": names,
        "precision": _share(correct, predicted),
        "recall": _share(correct, support),
        "f1": _share(2 * correct, support + predicted),
        "support": support,
        "predicted": predicted,
        "correct": correct,
        "missed": support - correct,
        "added": predicted - correct,
        "threshold": [*thresholds, *[np.nan] * (len(names) - len(thresholds))],
    }
    table["precision_low"], table["precision_high"] = wilson(correct, predicted)
    table["recall_low"], table["recall_high"] = wilson(correct, support)
    table["f1_low"], table["f1_high"] = f1_interval(correct, support, predicted)
    return pd.DataFrame(table)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
