"""The bootstrap of scores that are made of sums over rows: rows are drawn again, nothing is scored again.

A score whose resamples are all alike (every row right, every row wrong, a single row) would get a point for an
interval, as if it were certain. For a score in [0, 1] Wilson's interval for as many rows stands in: a mean of
numbers in [0, 1] varies at most as much as a share of right rows does. Other scores have no interval
when there are fewer than two rows.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from lib.analysis.intervals import Interval, wilson
from lib.errors import UserError

# From sums over the rows, float64[draws, columns], to one score a draw, float64[draws].
Statistic = Callable[[np.ndarray], np.ndarray]

DRAWS = 2000
# Numbers held at once while resampling; 4 million of 8 bytes are 32 MB.
CHUNK = 4_000_000
# Narrower than this is rounding.
_A_POINT = 1e-12


def bootstrap_means(
    values: Any,
    statistics: Mapping[str, Statistic],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    groups: Any = None,
) -> dict[str, Interval]:
    """The 95 % percentile interval of each statistic of the sums of `values`: float64[rows, columns].

    All statistics see the same draws; see `resampled_sums` for what is drawn. A draw in which a statistic is
    not a number, as nothing that it scores was drawn, is left out; if it never is one, neither is its interval.
    Raises UserError for no rows.
    """
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in statistics}
    for sums in resampled_sums(values, draws=draws, seed=seed, groups=groups):
        for name, statistic in statistics.items():
            drawn[name].append(statistic(sums))
    return {name: _middle(np.concatenate(parts)) for name, parts in drawn.items()}


def bootstrap_shares(
    values: Any,
    statistics: Mapping[str, Statistic],
    *,
    informative: Mapping[str, np.ndarray] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    groups: Any = None,
) -> dict[str, Interval]:
    """As `bootstrap_means` for statistics that lie in [0, 1], with Wilson's interval instead of a point.

    `informative` names for a statistic the rows that count for it at all, bool[rows]; by default all do.
    """
    found = bootstrap_means(values, statistics, draws=draws, seed=seed, groups=groups)
    return {
        name: never_a_point(interval, units((informative or {}).get(name, np.ones(len(values))), groups))
        for name, interval in found.items()
    }


def never_a_point(interval: Interval, n: int) -> Interval:
    """The interval of a score in [0, 1], or Wilson's for n rows where it is a point or not a number."""
    low, high = interval
    if high - low > _A_POINT:
        return interval
    ends = wilson(0.0 if np.isnan(low) else low * n, n)
    return float(ends[0]), float(ends[1])


def units(chosen: Any, groups: Any = None) -> int:
    """How many rows of bool[rows] are chosen, or in how many groups they lie."""
    chosen = np.asarray(chosen, dtype=bool)
    if groups is None:
        return int(chosen.sum())
    return int(pd.Series(np.asarray(groups, dtype=object)[chosen]).nunique(dropna=False))


def resampled_sums(
    values: Any, *, draws: int = DRAWS, seed: int = 0, groups: Any = None
) -> Iterator[np.ndarray]:
    """Sums over rows drawn with replacement, in chunks of draws: float64[chunk, columns].

    Each draw takes as many rows of `values`: float64[rows, columns] as there are, any of them any number of
    times. With `groups`, one name a row, whole groups are drawn instead: rows of one text or one person are
    alike, and drawing them one by one would make the interval too narrow (Field & Welsh 2007). As many
    groups are drawn as there are, so the number of rows varies; a mean needs a column of ones for it.
    Draw d depends on the seed only, not on the size of the chunks. Raises UserError for no rows.
    """
    table = _summed_by_group(values, groups)
    size = len(table)
    if not size:
        raise UserError("There are no rows to score.")
    random = np.random.default_rng(seed)
    chunk = max(1, CHUNK // size)
    for start in range(0, draws, chunk):
        times = np.empty((min(chunk, draws - start), size))
        for row in times:
            row[:] = np.bincount(random.integers(0, size, size), minlength=size)
        yield times @ table


def _summed_by_group(values: Any, groups: Any = None) -> np.ndarray:
    """The rows of each group added up: float64[groups, columns]; without groups the rows as they are."""
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError("values must be rows × columns")
    if groups is None:
        return table
    codes, names = pd.factorize(np.asarray(groups, dtype=object), use_na_sentinel=False)
    if len(codes) != len(table):
        raise ValueError(f"{len(table)} rows but {len(codes)} groups")
    return np.stack([np.bincount(codes, weights=column, minlength=len(names)) for column in table.T], axis=1)


def ratio(part: np.ndarray, whole: np.ndarray, *, nothing: float = 0.0) -> np.ndarray:
    """part / whole, and `nothing` where whole is 0: float64 of their shape."""
    return np.divide(part, whole, out=np.full(np.shape(whole), nothing), where=whole > 0)


def _middle(values: np.ndarray) -> Interval:
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, (0.025, 0.975))
    return float(low), float(high)
