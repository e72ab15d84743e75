"""Whether the model is worse on a part of the rows than on the rest, and whether that is more than chance."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.analysis.badness import Badness
from lib.analysis.intervals import wilson
from lib.analysis.slice_candidates import FEWEST, Slice

# Of the slices called different, this share is expected to be so by chance (Benjamini & Hochberg 1995).
FALSE_DISCOVERIES = 0.05


def slice_table(slices: Sequence[Slice], bad: Badness) -> pd.DataFrame:
    """One row a slice, those first that are worse than the rest beyond chance, then by how much worse they are.

    Columns `place` (in `slices`), `id`, `title`, `kind`, `rows`, `score` (the mean of the values), `low`, `high` (its
    95 % interval: Wilson for shares, else normal), `difference` (score minus that of the rest), `p` (two-sided:
    Fisher's exact test for shares, else a permutation test of the mean), `q` (Benjamini–Hochberg over these slices)
    and `within_noise` (q above 0.05). Rows without a value count nowhere; slices with less than 20 others are left out.
    """
    known = bad.known
    values = bad.values[known]
    total, whole = len(values), float(values.sum())
    logs = log_factorials(total) if bad.is_share else None
    records = []
    for place, one in enumerate(slices):
        inside = values[one.mask[known]]
        rows = len(inside)
        if not FEWEST <= rows <= total - FEWEST:
            continue
        score, rest = float(inside.mean()), (whole - float(inside.sum())) / (total - rows)
        if logs is not None:
            errors = round(float(inside.sum()))
            low, high = (float(end) for end in wilson(errors, rows))
            p = fisher(errors, rows, round(whole), total, logs=logs)
        else:
            half = 1.96 * float(inside.std(ddof=1)) / np.sqrt(rows)
            low, high = score - half, score + half
            p = permutation_p(float(inside.sum()), rows, values)
        records.append((place, one.id, one.title, one.kind, rows, score, low, high, score - rest, p))
    names = ["place", "id", "title", "kind", "rows", "score", "low", "high", "difference", "p"]
    table = pd.DataFrame(records, columns=names)
    table["q"] = benjamini_hochberg(table["p"].to_numpy(dtype=np.float64))
    table["within_noise"] = table["q"] > FALSE_DISCOVERIES
    worse = ~table["within_noise"] & (table["difference"] > 0)
    order = np.lexsort((-table["difference"].to_numpy(dtype=np.float64), ~worse.to_numpy(dtype=bool)))
    return table.iloc[order].reset_index(drop=True)


def log_factorials(most: int) -> np.ndarray:
    """ln k! for k from 0 to `most`: float64[most + 1]."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


def fisher(
    errors: int, rows: int, all_errors: int, all_rows: int, *, logs: np.ndarray | None = None
) -> float:
    """Fisher's exact test, two-sided: how often `rows` of `all_rows` drawn by chance hold an equally unlikely number of
    the `all_errors`. `logs` are the `log_factorials` up to `all_rows`, if they are at hand."""
    lf = log_factorials(all_rows) if logs is None else logs
    right = all_rows - all_errors
    possible = np.arange(max(0, rows - right), min(rows, all_errors) + 1)
    chance = (
        lf[all_errors] - lf[possible] - lf[all_errors - possible]
        + lf[right] - lf[rows - possible] - lf[right - rows + possible]
        - (lf[all_rows] - lf[rows] - lf[all_rows - rows])
    )  # fmt: skip
    here = chance[errors - possible[0]]
    # As in scipy: what is equally likely but for rounding counts as well.
    return float(min(1.0, np.exp(chance[chance <= here + 1e-7]).sum()))


def permutation_p(total: float, rows: int, values: np.ndarray) -> float:
    """How often `rows` of the values, drawn by chance, have a sum as far from the expected one as `total`; two-sided.

    The distribution over all draws is not sampled, which could show no p below 1 / draws, but taken as a Pearson type
    III curve with its exact mean, variance and skewness (Mielke & Berry 2007, chapter 2). Skewness matters: losses have
    long tails.
    """
    count = len(values)
    mean = float(values.mean())
    second, third = (float(((values - mean) ** power).mean()) for power in (2, 3))
    variance = rows * (count - rows) / (count - 1) * second
    if variance <= 1e-12 * max(mean**2, 1e-300):
        return 1.0
    skew = rows * (count - rows) * (count - 2 * rows) / ((count - 1) * (count - 2)) * third / variance**1.5
    from scipy.special import gammainc, gammaincc, ndtr  # scipy.stats takes 0.5 s to import, and 10 ms a call

    standard = (total - rows * mean) / float(np.sqrt(variance))
    if abs(skew) < 1e-3:
        return float(2 * ndtr(-abs(standard)))
    # A gamma curve of shape 4 / skew², standardised; for negative skewness its mirror image.
    shape, mirrored = 4 / skew**2, standard if skew > 0 else -standard
    place = max(shape + mirrored * float(np.sqrt(shape)), 0.0)
    return float(min(1.0, 2 * min(gammainc(shape, place), gammaincc(shape, place))))


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """The least false-discovery rate at which each test would be called significant: float64[tests]."""
    tests = len(p)
    if not tests:
        return np.zeros(0)
    order = np.argsort(p)
    scaled = p[order] * tests / np.arange(1, tests + 1)
    found = np.empty(tests)
    found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return found
