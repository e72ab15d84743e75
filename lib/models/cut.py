"""A student cut from its teacher: a few of its layers, evenly spaced, with everything around them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError
from lib.models.adapted import base_folder, is_adapter
from lib.models.sources import ModelInfo, tensor_sizes

# What configurations call the number of layers of a stack.
DEPTHS = (
    "num_hidden_layers", "num_layers", "num_decoder_layers", "encoder_layers", "decoder_layers", "n_layer", "n_layers",
)  # fmt: skip
PREFIX = "cut:"
# The outermost numbered part of a weight's name is its layer.
_LAYER = re.compile(r"^(.*?\.)?(\d+)\.")


def layers_kept(layers: int, of: int) -> list[int]:
    """Which `layers` of `of` layers are kept: evenly spaced, the first and the last among them.

    As DistilBERT was begun from every second layer of BERT (Sanh et al., 2019).
    """
    if layers == 1:
        return [0]
    return [int(place * (of - 1) / (layers - 1) + 0.5) for place in range(layers)]


def depth_of(config: Mapping[str, Any]) -> int | None:
    """How many layers a model has, the lower number where its stacks differ; None where it has no plain stack."""
    if config.get("model_type") in ("swin", "swinv2", "convnext", "convnextv2", "mobilenet_v2", "albert"):
        return None  # stages of other widths, or one layer used again and again
    found = [config[name] for name in DEPTHS if isinstance(config.get(name), int) and config[name] > 0]
    return min(found, default=None)


def layers_of(ref: str) -> int | None:
    """The N of a reference `cut:N`; None for any other reference. Raises UserError when N is no number of layers."""
    if not ref.startswith(PREFIX):
        return None
    text = ref.removeprefix(PREFIX)
    if not text.isdigit() or int(text) < 1:
        raise UserError(
            Problem(f"{ref!r} does not say how many layers.", "model", "Write for example cut:3.", code="cut")
        )
    return int(text)


def describe_cut(teacher: ModelInfo, layers: int) -> ModelInfo:
    """The student with so many of the teacher's layers, as it will be. Raises UserError when that cannot be made."""
    depth = depth_of(teacher.config)
    if depth is None or layers >= depth:
        what = (
            f"{teacher.title} is not a plain stack of layers, so none can be cut from it."
            if depth is None
            else f"{teacher.title} has {depth} layers; a student of {layers} would not be smaller."
        )
        fix = (
            "Choose a smaller model as the student."
            if depth is None
            else f"Choose between cut:1 and cut:{depth - 1}."
        )
        raise UserError(Problem(what, "model", fix, code="cut"))
    parameters = _parameters(teacher, layers)
    return replace(
        teacher,
        ref=f"{PREFIX}{layers}",
        title=f"{layers} layers of {teacher.title}",
        origin=f"cut from {teacher.origin}",
        parameters=parameters,
        size_mb=parameters * 4 / 1e6,
        config={
            **teacher.config,
            **{name: layers for name in DEPTHS if isinstance(teacher.config.get(name), int)},
        },
    )


def _parameters(teacher: ModelInfo, layers: int) -> int:
    total = 0
    depths = {teacher.config[name] for name in DEPTHS if isinstance(teacher.config.get(name), int)}
    kept = {depth: set(layers_kept(layers, depth)) for depth in depths if depth >= layers}
    sizes = tensor_sizes(_whole_folder(teacher))
    tops: dict[str, int] = {}
    for name in sizes:
        if found := _LAYER.match(name):
            stack = found.group(1) or ""
            tops[stack] = max(tops.get(stack, 0), int(found.group(2)) + 1)
    for name, size in sizes.items():
        found = _LAYER.match(name)
        chosen = kept.get(tops[found.group(1) or ""]) if found else None
        total += size if found is None or chosen is None or int(found.group(2)) in chosen else 0
    return total


def _whole_folder(teacher: ModelInfo) -> Path:
    """The folder with all of a model's weights: of an adapter, its base model's."""
    return base_folder(teacher.folder) if is_adapter(teacher.folder) else teacher.folder
