"""A picture as a model reads it: its patches, and the same picture with patches hidden."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

GREY, MEAN = "grey", "mean colour"
# A patch smaller than this share of the side is too small to look at, and there would be thousands.
MOST_PATCHES = 37
USUAL_PATCHES = 14
# Occluding takes one reading a patch, so it hides larger ones.
MOST_OCCLUDED = 10


class PictureInput:
    """One picture for the model: `inputs["pixel_values"]` is float[1, colours, height, width], normalised.

    It is divided into `grid` (rows, columns) of equal patches: the model's own, or several of them together when
    `coarse`.
    """

    signs = "picture"
    fields = ()
    specials: Sequence[tuple[str, int]] = ()
    width = 1

    def __init__(self, model: Any, processor: Any, inputs: dict[str, Any], *, coarse: bool) -> None:
        self.model, self.inputs = model, inputs
        self._mean, self._std = (_colours(processor, name) for name in ("image_mean", "image_std"))
        height, width = inputs["pixel_values"].shape[-2:]
        patch = getattr(model.config, "patch_size", None)
        patch = patch[0] if isinstance(patch, list | tuple) else patch
        self.own_grid = (height // patch, width // patch) if isinstance(patch, int) and patch else None
        self.grid = tuple(
            _fewer(size // patch if patch else size, size, coarse=coarse, whole=self.own_grid is not None)
            for size in (height, width)
        )

    @property
    def count(self) -> int:
        """How many patches can be hidden."""
        return self.grid[0] * self.grid[1]

    @property
    def hidden_by(self) -> str:
        """What stands where a patch is hidden."""
        return GREY

    def baselines(self) -> list[str]:
        """The named pictures without content that integrated gradients may begin at."""
        return [GREY, MEAN]

    def hidden(self, sets: Sequence[Sequence[int]]) -> dict[str, Any]:
        """Inputs of one picture for each set of patch numbers (row by row), with these patches grey."""
        import torch

        pixels = self.inputs["pixel_values"]
        marks = torch.zeros((len(sets), self.count), device=pixels.device)
        for row, numbers in enumerate(sets):
            marks[row, list(numbers)] = 1
        marks = marks.reshape(len(sets), 1, *self.grid)
        whole = torch.nn.functional.interpolate(marks, size=pixels.shape[-2:], mode="nearest").bool()
        return {**self.inputs, "pixel_values": torch.where(whole, self.start_at(GREY), pixels)}

    def start(self) -> Any:
        """The normalised pixels."""
        return self.inputs["pixel_values"].detach()

    def start_at(self, baseline: str) -> Any:
        """A picture of one colour: mid-grey, or the mean colour of this one."""
        import torch

        pixels = self.inputs["pixel_values"]
        if baseline == MEAN:
            return pixels.mean(dim=(2, 3), keepdim=True).expand_as(pixels)
        colour = (0.5 - self._mean) / self._std
        return (
            torch.tensor(colour, dtype=pixels.dtype, device=pixels.device).view(1, -1, 1, 1).expand_as(pixels)
        )

    def said_from(self, pixels: Any, say: Any) -> Any:
        """`say(inputs)` with these pixels, float[rows, colours, height, width]."""
        return say({**self.inputs, "pixel_values": pixels})

    def summed(self, values: Any) -> tuple[np.ndarray, np.ndarray]:
        """Values at each pixel, float[1, colours, height, width], added up by patch."""
        pixels = values[0].sum(dim=0).double().cpu().numpy()
        rows, columns = self.grid
        height, width = pixels.shape
        # A side that is no whole number of patches leaves a rest that belongs to the last one.
        down = np.minimum(np.arange(height) * rows // height, rows - 1)
        across = np.minimum(np.arange(width) * columns // width, columns - 1)
        patches = np.zeros(self.grid)
        np.add.at(patches, (down[:, None], across[None, :]), pixels)
        return patches.ravel(), np.zeros(0)

    def of_last(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values at each token of an attention matrix: patches stand last, [CLS] and registers before them."""
        first = len(values) - self.count
        return values[first:], values[:first]

    def told(self, patches: np.ndarray, specials: np.ndarray) -> dict[str, Any]:
        """The scores with what they belong to, as plain JSON data; the picture is what the model saw."""
        return {
            "grid": list(self.grid),
            "patches": [float(score) for score in patches],
            "picture": self._seen(),
            "specials": [
                {"token": "[CLS]" if number == 0 else f"[register {number}]", "score": float(score)}
                for number, score in enumerate(specials)
            ],
            "hidden_by": self.hidden_by,
        }

    def _seen(self) -> str:
        """The picture as it came to the model, as a PNG in base64."""
        from PIL import Image

        pixels = self.inputs["pixel_values"][0].float().cpu().numpy().transpose(1, 2, 0)
        values = np.clip(pixels * self._std + self._mean, 0, 1)
        file = io.BytesIO()
        Image.fromarray(np.round(255 * values).astype(np.uint8)).save(file, "PNG")
        return base64.b64encode(file.getvalue()).decode()


def _colours(processor: Any, name: str) -> np.ndarray:
    """Mean or spread of each colour by which pixels are normalised; of processors that do not, 0 and 1."""
    usual = 0.0 if name == "image_mean" else 1.0
    found = getattr(processor, name, None) if getattr(processor, "do_normalize", True) else None
    return np.asarray(found if found is not None else [usual] * 3, dtype=np.float32)


def _fewer(patches: int, pixels: int, *, coarse: bool, whole: bool) -> int:
    """How many patches a side is divided into, of equal size where that can be."""
    most = MOST_OCCLUDED if coarse else MOST_PATCHES if whole else USUAL_PATCHES
    divisor = max(number for number in range(1, most + 1) if patches % number == 0)
    return divisor if 2 * divisor > min(most, patches) else min(most, patches)
