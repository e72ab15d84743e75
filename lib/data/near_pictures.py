"""Finds pictures that are the same but for size, format, quality or brightness."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lib.data.near_text import joined

# Difference hash (Krawetz 2013) both ways: is a pixel brighter than its left, and than its upper neighbour?
SIDE = 8
BITS = 2 * SIDE * SIDE
# Of 600 copies (half and double size, JPEG at quality 40, PNG, 10 % brighter, 2 pixels cut off, grey) 99 % differ in
# at most 11 bits.
MOST_BITS = 12
# What a hash cannot see, a faint thing on an even ground, the grey values themselves decide: their correlation once
# an even slope of light is taken away.
GREY = 24
ALIKE = 0.92
# Pictures compared at once with all that follow: 100 MB of products for 20,000.
BLOCK = 1_000

Tell = Callable[[float], Any]


def picture_marks(
    paths: Sequence[Path | None], *, tell: Tell = lambda share: None
) -> tuple[np.ndarray, np.ndarray]:
    """The hash, bool[pictures, 128], and the levelled grey values, float32[pictures, 576], of every picture.

    Pictures that are missing or cannot be opened have grey values of nan. Memory: 2.4 kB a picture.
    """
    hashes = np.zeros((len(paths), BITS), dtype=bool)
    greys = np.full((len(paths), GREY * GREY), np.nan, dtype=np.float32)
    for at, path in enumerate(paths):
        if path is not None and (grey := _grey(path)) is not None:
            hashes[at], greys[at] = _hash(grey), _levelled(grey)
        if at % 100 == 0:
            tell(at / len(paths))
    tell(1.0)
    return hashes, greys


def near_pictures(hashes: np.ndarray, greys: np.ndarray, *, tell: Tell = lambda share: None) -> np.ndarray:
    """The group of every picture, int64[pictures]: pictures that show the same share a number."""
    good = np.flatnonzero(~np.isnan(greys[:, 0]))
    signs = np.where(hashes[good], np.float32(1), np.float32(-1))
    links = []
    for start in range(0, len(good), BLOCK):
        block = signs[start : start + BLOCK]
        # Equal bits less unequal ones: at most 12 unequal bits make at least 104.
        one, other = np.nonzero(block @ signs[start:].T >= BITS - 2 * MOST_BITS)
        later = other > one
        one, other = good[start + one[later]], good[start + other[later]]
        alike = np.einsum("ij,ij->i", greys[one], greys[other]) >= ALIKE
        links.append((one[alike], other[alike]))
        tell((start + len(block)) / len(good))
    return joined(len(hashes), links)


def _grey(path: Path) -> Image.Image | None:
    try:
        with Image.open(path) as picture:
            picture.draft("L", (4 * GREY, 4 * GREY))
            return picture.convert("L")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _hash(grey: Image.Image) -> np.ndarray:
    wide = np.asarray(grey.resize((SIDE + 1, SIDE), Image.Resampling.BOX), dtype=np.int16)
    high = np.asarray(grey.resize((SIDE, SIDE + 1), Image.Resampling.BOX), dtype=np.int16)
    return np.concatenate([(wide[:, 1:] > wide[:, :-1]).ravel(), (high[1:] > high[:-1]).ravel()])


def _levelled(grey: Image.Image) -> np.ndarray:
    """The grey values less the plane that fits them best, of length 1 (0 for an even picture)."""
    values = np.asarray(grey.resize((GREY, GREY), Image.Resampling.BOX), dtype=np.float32)
    slope = np.linspace(-1, 1, GREY, dtype=np.float32)
    down, across = np.meshgrid(slope, slope, indexing="ij")
    weight = float((slope**2).sum()) * GREY
    values = values - values.mean()
    values = values - down * ((values * down).sum() / weight) - across * ((values * across).sum() / weight)
    length = float(np.linalg.norm(values))
    # An even picture is like no other, so that blank pages are not taken for copies of each other.
    return (values / length if length > 1 else np.zeros_like(values)).ravel()
