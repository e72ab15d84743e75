"""Pictures as a model gets them: decoded the same way everywhere, and the size and frame that a model expects."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from lib.errors import Problem, UserError

# Decoded pictures kept in memory between epochs; decoding a photo of a phone takes longer than learning from it.
MOST_KEPT_BYTES = 500_000_000
# Kept pictures are a little larger than the model reads, so that a part of one need not be blown up.
SPARE = 1.25
# Position embeddings of one side, saved in the weights: they are made anew for another side, once.
_REWRITABLE = frozenset({"deit", "vit", "vit_msn"})
# These work out positions for any side themselves.
_INTERPOLATING = frozenset({"dinov2", "dinov2_with_registers"})
# Convolutions slide over any side.
_SLIDING = frozenset(
    {"convnext", "convnextv2", "efficientnet", "mobilenet_v1", "mobilenet_v2", "poolformer", "regnet", "resnet"}
)  # fmt: skip
# Windows of a fixed number of patches must fit into the smallest map.
_WINDOWED = frozenset({"swin", "swinv2"})


def load_picture(path: str | Path, *, at_least: int | None = None) -> Image.Image:
    """The picture upright and in RGB: first frame, transparency on white, 16 bits brought down to 8.

    With `at_least`, a JPEG may come smaller, with a shorter side of no less than so many pixels. Raises UserError.
    """
    try:
        with Image.open(path) as picture:
            if at_least is not None:
                scale = at_least / max(1, min(picture.size))
                picture.draft(None, (int(picture.width * scale), int(picture.height * scale)))
            return _as_rgb(ImageOps.exif_transpose(picture))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        name = Path(path).name
        raise UserError(
            Problem(
                f"The picture “{name}” cannot be read.",
                where=name,
                fix="Look whether it is there and whole.",
                code="picture-unreadable",
            )
        ) from error


def _as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode[0] in "IF":
        values = np.asarray(picture, dtype=np.float32)
        brightest = float(values.max(initial=0.0))
        # Integers beyond 8 bits are taken for 16; fractions up to 1 for shares.
        factor = 255 / 65_535 if brightest > 255 else 255.0 if picture.mode == "F" and brightest <= 1 else 1.0
        return Image.fromarray(np.clip(values * factor, 0, 255).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        whole = picture.convert("RGBA")
        ground = Image.new("RGBA", whole.size, "white")
        return Image.alpha_composite(ground, whole).convert("RGB")
    return picture.convert("RGB")


@dataclass(frozen=True)
class Recipe:
    """How pictures are brought to the size that a model reads.

    The shorter edge (with `squeezed`, each edge) is resized to `resized` pixels, and the middle `side` by `side` pixels
    are cut out. `resample` is Pillow's number of the filter.
    """

    side: int
    resized: int
    squeezed: bool = True
    resample: int = 2

    @staticmethod
    def of(settings: Mapping[str, Any], *, usual: int = 224) -> "Recipe":
        """The recipe that an image processor's settings (preprocessor_config.json) describe."""
        size, resample = settings.get("size"), settings.get("resample")
        resample = int(resample) if isinstance(resample, int) else 2
        resized, squeezed = _edge(size) or usual, not _keeps_shape(size)
        if settings.get("do_center_crop") and (side := _edge(settings.get("crop_size"))):
            return Recipe(side, resized, squeezed, resample)
        if squeezed or resized >= 384:
            return Recipe(resized, resized, True, resample)
        # ConvNeXt's processor cuts the margins away, but only below 384 pixels.
        share = settings.get("crop_pct") or 1.0
        return Recipe(resized, int(resized / share), False, resample)

    def shown(self, picture: Image.Image) -> Image.Image:
        """The part of the picture that the model reads, in its size."""
        size = (self.resized, self.resized)
        if not self.squeezed:
            scale = self.resized / min(picture.size)
            size = (int(picture.width * scale), int(picture.height * scale))
        picture = picture.resize(size, Image.Resampling(self.resample))
        left, top = ((edge - self.side) // 2 for edge in picture.size)
        return picture.crop((left, top, left + self.side, top + self.side))


def _edge(size: Any) -> int | None:
    """Pixels a side, however they are written: 224, [224, 224], {"height": 224 …}, {"shortest_edge": 224}."""
    if isinstance(size, Mapping):
        size = size.get("height") or size.get("shortest_edge")
    elif isinstance(size, list | tuple) and size:
        size = size[0]
    return size if isinstance(size, int) and size > 0 else None


def _keeps_shape(size: Any) -> bool:
    return isinstance(size, int) or (isinstance(size, Mapping) and bool(size.get("shortest_edge")))


def fitting_side(config: Mapping[str, Any], wanted: int, *, own: int) -> int:
    """The side in pixels that a model of this configuration reads when `wanted` is asked for (0: its own).

    Whole patches, at least four of them; a model that cannot read another side keeps its own.
    """
    kind = str(config.get("model_type", ""))
    if wanted <= 0:
        return own
    if kind in _SLIDING:
        return max(32, wanted)
    patch = _edge(config.get("patch_size")) or 16
    if kind in _REWRITABLE | _INTERPOLATING:
        return max(4 * patch, wanted // patch * patch)
    return max(own, wanted // patch * patch) if kind in _WINDOWED else own


def picture_tokens(config: Mapping[str, Any], own: int, wanted: int) -> int:
    """Tokens of a picture of `wanted` pixels a side (0: the model's own size), which has `own` at its own size.

    For convolutions, which know no tokens, it is what the same work would be.
    """
    patch = (
        _edge(config.get("patch_size"))
        if str(config.get("model_type")) in _REWRITABLE | _INTERPOLATING
        else None
    )
    side = round((own - 1) ** 0.5) * (patch or 16)
    chosen = fitting_side(config, wanted, own=side)
    return (chosen // patch) ** 2 + 1 if patch else max(1, round(own * (chosen / side) ** 2))


def set_side(model: Any, processor: Any, wanted: int) -> int:
    """Make a model and its processor read pictures of about `wanted` pixels a side; returns the side.

    Written into their own configurations, so that the saved folder does the same anywhere.
    """
    recipe = Recipe.of(processor.to_dict())
    side = fitting_side(model.config.to_dict(), wanted, own=recipe.side)
    if side == recipe.side:
        return side
    from transformers.image_utils import SizeDict

    if getattr(processor, "do_center_crop", False):
        processor.crop_size = SizeDict(height=side, width=side)
        resized = round(recipe.resized * side / recipe.side)
        edges = {"height": resized, "width": resized} if recipe.squeezed else {"shortest_edge": resized}
        processor.size = SizeDict(**edges)
    elif _keeps_shape(processor.to_dict().get("size")):
        processor.size = SizeDict(shortest_edge=side)
    else:
        processor.size = SizeDict(height=side, width=side)
    if str(model.config.model_type) in _REWRITABLE:
        _rewrite_positions(model, side)
    return side


def _rewrite_positions(model: Any, side: int) -> None:
    """Position embeddings for pictures of another side, by bicubic interpolation of those that were learned."""
    import torch

    patch = _edge(model.config.patch_size) or 16
    embeddings = model.base_model.embeddings
    learned = embeddings.position_embeddings
    patches = embeddings.patch_embeddings
    old = (_edge(model.config.image_size) or side) // patch
    first = learned.shape[1] - old * old
    grid = learned[:, first:].detach().reshape(1, old, old, -1).permute(0, 3, 1, 2)
    new = side // patch
    grid = torch.nn.functional.interpolate(grid, size=(new, new), mode="bicubic", align_corners=False)
    rows = grid.permute(0, 2, 3, 1).reshape(1, new * new, -1)
    embeddings.position_embeddings = torch.nn.Parameter(torch.cat([learned[:, :first].detach(), rows], dim=1))
    # An adapter lies on the model as it came, so it takes these along.
    model.rewritten_weights = (f"{model.base_model_prefix}.embeddings.position_embeddings",)
    model.config.image_size = side
    patches.image_size = (side, side)
    patches.num_patches = new * new
    embeddings.image_size = (side, side)


class Shelf:
    """Decoded pictures kept in memory, the least recently used going first; what it returns is never changed."""

    def __init__(self, shorter: int, *, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self._shorter, self._most, self._held = shorter, most_bytes, 0
        self._pictures: OrderedDict[str, Image.Image] = OrderedDict()

    def get(self, path: str) -> Image.Image:
        """The picture, with a shorter side of at most what the shelf was made for; the same kept or not."""
        known = self._pictures.get(path)
        if known is not None:
            self._pictures.move_to_end(path)
            return known
        picture = smaller(load_picture(path, at_least=self._shorter), self._shorter)
        self._pictures[path] = picture
        self._held += _bytes(picture)
        while self._held > self._most and len(self._pictures) > 1:
            self._held -= _bytes(self._pictures.popitem(last=False)[1])
        return picture


def smaller(picture: Image.Image, shorter: int) -> Image.Image:
    """The picture with a shorter side of at most `shorter` pixels."""
    scale = shorter / min(picture.size)
    if scale >= 1:
        return picture
    return picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))


def _bytes(picture: Image.Image) -> int:
    return 3 * picture.width * picture.height
