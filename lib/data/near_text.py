"""Finds texts that are nearly the same: alike but for case, marks, a word, or a few words of many."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.data.profile import as_arrow

# Texts of fewer words say too little once a word is taken away: "i love it" and "i hate it" are no copies.
FEWEST_WORDS = 6
# Texts with fewer letters may differ in a mark or an emoji alone and still say something else.
FEWEST_LETTERS = 12
# Words beyond this are not taken out one by one; such long texts are compared by their characters alone.
MOST_WORDS = 64
# A shingle is so many bytes in a row: six letters of English, two or three characters of Chinese.
SHINGLE = 6
FEWEST_SHINGLES = 30
# The share of shingles that two texts must have in common (Jaccard).
ALIKE = 0.6
# 64 minima in 16 bands of 4: of pairs with 0.6 in common 89 % meet in a band, of those with 0.3 an eighth.
MINIMA, BAND = 64, 4
CHUNK = 50_000
_BASE = np.uint64(0x9E3779B97F4A7C15)
_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 2**64))
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_EMPTY = np.uint64(2**64 - 1)
_STEP = np.uint64(0x632BE59BD9B4E1)

Tell = Callable[[float], Any]


def near_groups(texts: pd.Series, *, tell: Tell = lambda share: None) -> np.ndarray:
    """The group of every text, int64[rows]: nearly equal texts share a number; missing and empty ones are alone.

    Texts are compared without case and marks. Alike are those that are equal then, that differ in one word of at least
    `FEWEST_WORDS`, or that share `ALIKE` of their runs of six bytes (found by MinHash, Broder 1997, in one permutation,
    Shrivastava and Li 2014, and counted exactly). A group is what is linked, so its ends may differ more.
    `tell(share)` is told how much is done, and may raise to end the work. Memory grows with the rows: about 500 bytes
    each for texts of 20 words.
    """
    bare = bare_texts(texts)
    keys = pd.Series(pd.array(_letters(bare), dtype="str"))
    codes = pd.factorize(keys, use_na_sentinel=True)[0].astype(np.int64)
    # Of texts with the same letters the first stands for all.
    words = bare.take(pa.array(np.flatnonzero(~keys.duplicated().to_numpy() & (codes >= 0))))
    tell(0.15)
    links = [*_by_one_word(words, lambda share: tell(0.15 + 0.35 * share))]
    links += _by_shingles(words, lambda share: tell(0.5 + 0.5 * share))
    roots = joined(len(words), links)
    # A text without letters is no copy of another one.
    alone = codes < 0
    found = np.where(alone, 0, roots[np.maximum(codes, 0)]) if len(roots) else np.zeros(len(codes), np.int64)
    found[alone] = len(words) + np.arange(int(alone.sum()))
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def _letters(bare: pa.Array) -> pa.Array:
    """Only the letters and digits of bare texts; short ones stay as they are, with their emoji."""
    alone = pc.replace_substring_regex(bare, r"[^\pL\pN\pM]+", "")
    return pc.if_else(pc.less(pc.utf8_length(alone), FEWEST_LETTERS), bare, alone)


def bare_texts(texts: pd.Series) -> pa.Array:
    """The texts in lower case, their letters, digits and symbols (emoji) with single spaces between; null if none."""
    # Without apostrophes "I'm" and "Im" are one word.
    cells = pc.replace_substring_regex(pc.utf8_lower(as_arrow(texts)), "['’]", "")
    cells = pc.utf8_trim_whitespace(pc.replace_substring_regex(cells, r"[^\pL\pN\pM\p{So}]+", " "))
    return pc.if_else(pc.equal(pc.binary_length(cells), 0), pa.scalar(None, cells.type), cells)


def _by_one_word(texts: pa.Array, tell: Tell) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Links of texts that are equal once a word is taken out of either or both."""
    hashes, rows = [], []
    for start in range(0, len(texts), CHUNK):
        found, of = _without_a_word(texts.slice(start, CHUNK))
        hashes.append(found)
        rows.append((of + start).astype(np.int32))
        tell(0.7 * min(1.0, (start + CHUNK) / len(texts)))
    if hashes:
        yield _neighbours(np.concatenate(hashes), np.concatenate(rows))
    tell(1.0)


def _without_a_word(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The hash of every text and of what is left of it without each of its words, and whose it is."""
    lists = pc.utf8_split_whitespace(texts)
    offsets = np.asarray(lists.offsets, dtype=np.int64)
    flat = pc.dictionary_encode(lists.flatten())
    known = pd.util.hash_array(np.asarray(flat.dictionary.to_pylist(), dtype=object), categorize=False)
    values = known[np.asarray(flat.indices)] if len(flat) else np.zeros(0, np.uint64)
    offsets = offsets - offsets[0]
    counts = np.diff(offsets)
    row = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(values)) - offsets[:-1][row]
    powers = np.cumprod(np.r_[np.uint64(1), np.full(int(counts.max(initial=1)), _BASE)], dtype=np.uint64)
    terms = values * powers[place]
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)])
    whole = sums[offsets[1:]] - sums[offsets[:-1]]
    usable = (counts >= FEWEST_WORDS) & (counts <= MOST_WORDS)
    kept = usable[row]
    before = sums[:-1][kept] - sums[offsets[:-1]][row[kept]]
    after = sums[offsets[1:]][row[kept]] - sums[1:][kept]
    # What follows moves one place to the front.
    parts = before + after * _INVERSE
    # A whole text meets those with one word more; it may itself have one less than the others must have.
    fits = (counts >= FEWEST_WORDS - 1) & (counts <= MOST_WORDS)
    return np.concatenate([whole[fits], parts]), np.concatenate([np.flatnonzero(fits), row[kept]])


def _by_shingles(texts: pa.Array, tell: Tell) -> list[tuple[np.ndarray, np.ndarray]]:
    """Links of texts that share most of their shingles."""
    long = np.flatnonzero(np.asarray(pc.binary_length(texts)) >= FEWEST_SHINGLES + SHINGLE - 1)
    minima = np.empty((len(long), MINIMA), dtype=np.uint32)
    for start in range(0, len(long), CHUNK):
        part = texts.take(pa.array(long[start : start + CHUNK]))
        minima[start : start + CHUNK] = _minima(*_shingles(part), len(part))
        tell(0.5 * (start + len(part)) / len(long))
    pairs: list[np.ndarray] = []
    for band in range(0, MINIMA, BAND):
        values = minima[:, band : band + BAND].astype(np.uint64)
        key = values[:, 0]
        for column in range(1, BAND):
            key = (key * _BASE) ^ values[:, column]
        one, other = _neighbours(key, np.arange(len(long)))
        pairs.append(np.stack([one, other], axis=1))
        tell(0.5 + 0.3 * (band + BAND) / MINIMA)
    found = np.unique(np.concatenate(pairs), axis=0)
    # Minima agree about as often as shingles are shared; what is far off need not be counted.
    near = np.concatenate(
        [
            (minima[part[:, 0]] == minima[part[:, 1]]).mean(axis=1) > ALIKE - 0.25
            for part in np.array_split(found, max(1, len(found) // 100_000))
        ]
    )
    found = long[found[near]]
    true = np.zeros(len(found), dtype=bool)
    for at, (one, other) in enumerate(found.tolist()):
        true[at] = shared_shingles(texts[one].as_py(), texts[other].as_py()) >= ALIKE
        if at % 1_000 == 0:  # may be told to stop
            tell(0.8 + 0.2 * at / len(found))
    tell(1.0)
    return [(found[true, 0], found[true, 1])]


def shared_shingles(one: str, other: str) -> float:
    """The share of six-byte runs that two texts have in common, of those in either."""
    first, second = (
        {raw[at : at + SHINGLE] for at in range(len(raw) - SHINGLE + 1)}
        for raw in (one.encode(), other.encode())
    )
    return len(first & second) / max(1, len(first | second))


def _shingles(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The hash of every run of six bytes, uint64, and the text it is in."""
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    raw = np.frombuffer(texts.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]]
    sizes = np.diff(offsets)
    ends = offsets[1:] - offsets[0]
    if len(raw) < SHINGLE:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    value = np.zeros(len(raw) - SHINGLE + 1, dtype=np.uint64)
    for place in range(SHINGLE):
        value |= raw[place : len(value) + place].astype(np.uint64) << np.uint64(8 * place)
    row = np.repeat(np.arange(len(sizes)), sizes)[: len(value)]
    inside = np.arange(len(value)) + SHINGLE <= ends[row]
    value, row = value[inside], row[inside]
    value = (value ^ (value >> np.uint64(30))) * _MIX
    value = (value ^ (value >> np.uint64(27))) * _BASE
    return value ^ (value >> np.uint64(31)), row


def _minima(shingles: np.ndarray, row: np.ndarray, size: int) -> np.ndarray:
    """For every text the least hash in each of 64 bins, uint32[size, 64]; an empty bin takes that of the next full one.

    Every text must have a shingle.
    """
    bins = np.full(size * MINIMA, _EMPTY, dtype=np.uint64)
    place = row * MINIMA + (shingles >> np.uint64(58)).astype(np.int64)
    np.minimum.at(bins, place, shingles & np.uint64(2**58 - 1))
    table = bins.reshape(size, MINIMA)
    while (empty := table == _EMPTY).any():
        following = np.roll(table, -1, axis=1)
        # A constant for each step says how far it came from, so that full and borrowed bins differ.
        table = np.where(empty & (following != _EMPTY), following + _STEP, table)
    return (table ^ (table >> np.uint64(32))).astype(np.uint32)


def _neighbours(keys: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows with equal keys: each with the one before it."""
    order = np.argsort(keys, kind="stable")
    same = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
    one, other = rows[order[same]].astype(np.int64), rows[order[same + 1]].astype(np.int64)
    differ = one != other
    return np.minimum(one, other)[differ], np.maximum(one, other)[differ]


def joined(size: int, links: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The smallest member of everything linked, int64[size]: labels run along links until nothing changes."""
    parent = np.arange(size, dtype=np.int64)
    one = np.concatenate([pair[0] for pair in links]) if links else np.zeros(0, np.int64)
    other = np.concatenate([pair[1] for pair in links]) if links else np.zeros(0, np.int64)
    while True:
        least = np.minimum(parent[one], parent[other])
        before = parent.copy()
        np.minimum.at(parent, parent[one], least)
        np.minimum.at(parent, parent[other], least)
        parent = parent[parent]
        if (parent == before).all():
            return parent
