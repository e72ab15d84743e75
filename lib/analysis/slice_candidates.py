"""Parts of the rows that may be worth a look: by label, length, word, column of the data or picture."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

Kind = Literal["label", "length", "word", "column", "picture"]
# With fewer rows no difference could be told from chance.
FEWEST = 20
QUANTILES = 4
# Each slice that is looked at makes the others harder to tell from chance.
MOST_VALUES, MOST_WORDS, MOST_LABELS = 12, 60, 60
_WORD = re.compile(r"[^\W\d_]{2,}")
_READ = 2_000  # characters of a text that words are looked for in


@dataclass(frozen=True, eq=False)
class Slice:
    """`mask` is bool[rows]; `id` names it in an address, `title` on the page. The text in both is raw."""

    id: str
    title: str
    kind: Kind
    mask: np.ndarray


def value_slices(
    kind: Kind, name: str, values: "pd.Series[Any]", *, said: str, most: int = MOST_VALUES
) -> list[Slice]:
    """A slice for each of the `most` commonest values with enough rows; `said` goes before the value in the title."""
    codes, distinct = pd.factorize(values.to_numpy(dtype=object))
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    places = [
        int(place)
        for place in np.argsort(-counts, kind="stable")[:most]
        if _enough(int(counts[place]), len(values))
    ]
    found = [
        Slice(f"{name}={distinct[place]}", f"{said} {distinct[place]}", kind, codes == place)
        for place in places
    ]
    missing = codes < 0
    if _enough(int(missing.sum()), len(values)):
        found.append(Slice(f"{name}!", f"{said} (empty)", kind, missing))
    return found


def number_slices(kind: Kind, name: str, values: np.ndarray, *, said: str, unit: str = "") -> list[Slice]:
    """Four slices of about as many rows each, by the size of `values`, float[rows]; NaN belongs to none."""
    known = values[np.isfinite(values)]
    if len(known) < 2 * FEWEST:
        return []
    edges = np.unique(np.quantile(known, np.arange(QUANTILES + 1) / QUANTILES))
    found = []
    for number, (low, high) in enumerate(pairwise(edges), start=1):
        last = number == len(edges) - 1
        mask = (values >= low) & ((values <= high) if last else (values < high))
        if _enough(int(mask.sum()), len(values)):
            inside = values[mask]
            ends = f"{inside.min():,.4g} to {inside.max():,.4g}{' ' + unit if unit else ''}"
            found.append(Slice(f"{name}#{number}", f"{said} {ends}", kind, mask))
    return found


def column_slices(name: str, cells: "pd.Series[Any]") -> list[Slice]:
    """The slices of one more column of the data: by value where there are few, by size where they are numbers."""
    filled = cells.where(cells.astype("str").str.strip() != "")
    distinct = filled.nunique()
    if distinct < 2:
        return []
    if distinct <= MOST_VALUES:
        return value_slices("column", f"column:{name}", filled, said=f"{name}:")
    numbers = pd.to_numeric(filled, errors="coerce")
    if numbers.notna().sum() < 0.9 * filled.notna().sum():
        return []
    return number_slices("column", f"column:{name}", numbers.to_numpy(dtype=np.float64), said=f"{name}:")


def word_slices(texts: Iterable[str]) -> list[Slice]:
    """A slice for each of the 60 words that most rows contain, but none that more than half of them do.

    A word is two letters or more, in any script, whatever its case.
    """
    words = [set(_WORD.findall(text[:_READ].lower())) for text in texts]
    rows = len(words)
    counts = Counter(word for row in words for word in row)
    common = sorted(
        (word for word, count in counts.items() if _enough(count, rows) and count <= rows / 2),
        key=lambda word: (-counts[word], word),
    )[:MOST_WORDS]
    masks = {word: np.zeros(rows, dtype=bool) for word in common}
    for place, row in enumerate(words):
        for word in row & masks.keys():
            masks[word][place] = True
    return [Slice(f"word={word}", f"with the word “{word}”", "word", mask) for word, mask in masks.items()]


def set_slices(sets: Sequence[Iterable[str]], *, most: int = MOST_LABELS) -> list[Slice]:
    """A slice for each label of rows that may have several, and for those without any."""
    rows = [set(row) for row in sets]
    counts = Counter(label for row in rows for label in row)
    found = [
        Slice(
            f"label={label}", f"truly {label}", "label", np.array([label in row for row in rows], dtype=bool)
        )
        for label, count in counts.most_common(most)
        if _enough(count, len(rows))
    ]
    empty = np.array([not row for row in rows], dtype=bool)
    if _enough(int(empty.sum()), len(rows)):
        found.append(Slice("label!", "truly no label", "label", empty))
    return found


def _enough(rows: int, of: int) -> bool:
    """Whether slice and rest both have rows enough to be compared."""
    return FEWEST <= rows <= of - FEWEST
