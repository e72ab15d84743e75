"""Small changes of a picture, to see whether a model's answer hangs on how it was taken."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

# Of the shorter side, as a photo out of focus; degrees; of the brightness; of 255; of the JPEG scale.
_BLUR, _TILT, _DARK, _BRIGHT, _NOISE, _QUALITY, _CROP = 0.015, 15.0, 0.5, 1.6, 25.0, 8, 0.7


@dataclass(frozen=True)
class PictureChange:
    """One way to change a picture (RGB, upright), which leaves what it shows as it is."""

    name: str
    title: str
    explanation: str
    apply: Callable[[Image.Image, np.random.Generator], Image.Image]


def _blurred(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(_BLUR * min(picture.size)))


def _tilted(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    ground = tuple(int(value) for value in np.asarray(picture.resize((1, 1))).reshape(3))
    return picture.rotate(_TILT, Image.Resampling.BILINEAR, fillcolor=ground)


def _noisy(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    values = np.asarray(picture, dtype=np.float32)
    grains = random.normal(0.0, _NOISE, size=values.shape)
    return Image.fromarray(np.clip(values + grains, 0, 255).astype(np.uint8))


def _squeezed(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return Image.open(file).convert("RGB")


def _middle(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    width, height = picture.size
    left, top = (1 - _CROP) / 2 * width, (1 - _CROP) / 2 * height
    return picture.crop((round(left), round(top), round(width - left), round(height - top)))


PICTURE_CHANGES: tuple[PictureChange, ...] = (
    PictureChange("blur", "Out of focus", "Blurred by 1.5 % of the shorter side.", _blurred),
    PictureChange("tilt", "Tilted", "Turned by 15 degrees.", _tilted),
    PictureChange("mirror", "Mirrored", "Left and right are swapped.", lambda p, _: ImageOps.mirror(p)),
    PictureChange(
        "dark", "Dark", "Half as bright.", lambda picture, _: ImageEnhance.Brightness(picture).enhance(_DARK)
    ),
    PictureChange(
        "bright", "Bright", "Brighter by 60 %.", lambda picture, _: ImageEnhance.Brightness(picture).enhance(_BRIGHT)
    ),
    PictureChange("grey", "Without colour", "Shades of grey.", lambda picture, _: picture.convert("L").convert("RGB")),
    PictureChange("noise", "Grainy", "Noise with a standard deviation of 25 of 255.", _noisy),
    PictureChange("jpeg", "Squeezed", "Saved as a JPEG of quality 8.", _squeezed),
    PictureChange("crop", "Closer", "The middle 70 % of each side.", _middle),
)  # fmt: skip
