"""Two questions that part the rows with many errors from those with few: a tree of depth two."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.analysis.badness import Badness
from lib.analysis.slice_candidates import FEWEST, Slice


@dataclass(frozen=True, eq=False)
class Node:
    """A part of the rows. `path` says how it is reached: "" all rows, "1" yes, "10" yes, then no.

    `title` is its last answer; `words` are all of them; `mask` is bool[rows]; `score` the mean of the values.
    """

    path: str
    title: str
    words: str
    mask: np.ndarray
    rows: int
    score: float


def error_tree(
    slices: Sequence[Slice], bad: Badness, *, depth: int = 2, least: int | None = None
) -> list[Node]:
    """The nodes from the root down, yes before no, each question the slice that parts errors best.

    The tree of scikit-learn's DecisionTreeClassifier (Gini; for numbers DecisionTreeRegressor, squared error) with
    whether a row is in each slice as features: for 0 and 1 both choose the split with the least variance left. No leaf
    has less than `least` rows: max(20, 1 %). Rows without a value are in no node.
    """
    known = bad.known
    values = np.where(known, bad.values, 0.0)
    least = max(FEWEST, round(0.01 * int(known.sum()))) if least is None else least
    if not known.any():
        return []
    features = np.stack([one.mask for one in slices]) if slices else np.zeros((0, len(values)), dtype=bool)
    nodes: list[Node] = []
    _grow(nodes, "", "all rows", (), known, features, slices, values, depth, least)
    return sorted(nodes, key=lambda node: (len(node.path), [-int(step) for step in node.path]))


def _grow(
    nodes: list[Node],
    path: str,
    title: str,
    words: tuple[str, ...],
    mask: np.ndarray,
    features: np.ndarray,
    slices: Sequence[Slice],
    values: np.ndarray,
    depth: int,
    least: int,
) -> None:
    here = values[mask]
    nodes.append(Node(path, title, " and ".join(words) or title, mask, len(here), float(here.mean())))
    if len(path) == depth or (best := _best(features[:, mask], here, least)) is None:
        return
    for answer in (True, False):
        said = slices[best].title if answer else f"not {slices[best].title}"
        part = mask & (features[best] == answer)
        step = str(int(answer))
        _grow(nodes, path + step, said, (*words, said), part, features, slices, values, depth, least)


def _best(features: np.ndarray, values: np.ndarray, least: int) -> int | None:
    """The feature whose two parts have the least squared error; None when no split is allowed or helps."""
    total, whole = len(values), float(values.sum())
    rows = features.sum(axis=1)
    sums = features @ values if len(features) else np.zeros(0)
    allowed = (rows >= least) & (total - rows >= least)
    if not allowed.any():
        return None
    rest = np.maximum(total - rows, 1)
    # Σ (x − mean)² falls by as much as Σ n · mean² of the parts grows.
    gain = np.where(
        allowed, sums**2 / np.maximum(rows, 1) + (whole - sums) ** 2 / rest - whole**2 / total, -1.0
    )
    best = int(gain.argmax())
    return best if gain[best] > 1e-9 else None
