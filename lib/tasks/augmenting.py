"""Random changes of a picture while a model learns, so that it learns what is shown and not how it was taken."""

import math

import numpy as np
from PIL import Image, ImageEnhance

STRENGTHS = ("none", "light", "strong")
# By strength: the least share of the area that is kept, how far brightness, contrast and colour move, degrees of tilt.
_CROP = {"light": 0.5, "strong": 0.25}
_JITTER = {"light": 0.15, "strong": 0.4}
_TILT = {"light": 0.0, "strong": 15.0}
# A frame may become so much wider or higher than it was.
_STRETCH = 4 / 3


def augmented(
    picture: Image.Image, side: int, *, strength: str, mirror: bool, draw: int, resample: int = 2
) -> Image.Image:
    """A part of the picture, perhaps mirrored, in slightly other colours: `side` by `side` pixels.

    The same `draw` makes the same picture. `strength` is "light" or "strong"; `resample` Pillow's filter.
    """
    random = np.random.Generator(np.random.Philox(key=draw))
    # All are drawn always, so that turning one change off leaves the others as they were.
    frame = _frame(picture.size, random.random(4), least=_CROP[strength])
    mirrored, tilt, *moves = random.random(5)
    if _TILT[strength]:
        ground = tuple(int(value) for value in np.asarray(picture.resize((1, 1))).reshape(3))
        angle = (2 * tilt - 1) * _TILT[strength]
        picture = picture.rotate(angle, Image.Resampling.BILINEAR, fillcolor=ground)
    part = picture.resize((side, side), Image.Resampling(resample), box=frame)
    if mirror and mirrored < 0.5:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    enhancers = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
    for enhance, move in zip(enhancers, moves, strict=True):
        part = enhance(part).enhance(1 + (2 * move - 1) * _JITTER[strength])
    return part


def _frame(size: tuple[int, int], drawn: np.ndarray, *, least: float) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a part of random size and shape, which lies inside the picture."""
    width, height = size
    share = least + (1 - least) * drawn[0]
    stretch = math.exp((2 * drawn[1] - 1) * math.log(_STRETCH))
    wide = min(width, math.sqrt(share * width * height * stretch))
    high = min(height, math.sqrt(share * width * height / stretch))
    left, top = drawn[2] * (width - wide), drawn[3] * (height - high)
    return left, top, left + wide, top + high
