"""A picture with every patch in the colour of its relevance, laid over what the model saw."""

import base64
import io

import numpy as np
from PIL import Image

from lib.inference.relevance import Relevance
from lib.ui.relevance_words import WAY

SHOWN = 448
# The blue and orange of the signed scale; both are seen on dark and on bright pictures.
RAISES, LOWERS = (0, 114, 178), (230, 159, 0)


def seen(found: Relevance) -> Image.Image:
    """The picture as the model saw it, in the size it is shown in."""
    picture = Image.open(io.BytesIO(base64.b64decode(found.picture))).convert("RGB")
    scale = SHOWN / max(picture.size)
    return picture.resize(
        (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BICUBIC
    )


def overlay(found: Relevance, *, strength: float, raw: bool, scale: float) -> Image.Image:
    """The picture under its relevance: `strength` in [0, 1] is the opacity at a |score| of `scale`.

    Between patches it is interpolated, which is smoother than what is known; `raw` shows the patches as they are.
    """
    ground = seen(found)
    if found.grid is None or not scale:
        return ground
    scores = np.asarray(found.patches, dtype=np.float32).reshape(found.grid) / scale
    grid = Image.fromarray(scores, mode=None)
    how = Image.Resampling.NEAREST if raw else Image.Resampling.BILINEAR
    values = np.clip(np.asarray(grid.resize(ground.size, how), dtype=np.float32), -1, 1)
    if not WAY[found.method].signed:
        values = np.maximum(values, 0)
    colour = np.where(values[..., None] >= 0, np.array(RAISES), np.array(LOWERS))
    share = strength * np.abs(values)[..., None]
    mixed = np.asarray(ground, dtype=np.float32) * (1 - share) + colour * share
    return Image.fromarray(np.round(mixed).astype(np.uint8))


def png_bytes(picture: Image.Image) -> bytes:
    """The picture as a PNG file."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
