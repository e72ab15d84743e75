"""Making a student out of a teacher: a few of its layers, with everything around them."""

import copy
import shutil
from pathlib import Path
from typing import Any

from torch import nn

from lib.errors import Problem, UserError
from lib.models.cut import DEPTHS, layers_kept


def cut_student(model: Any, processor: Any, layers: int, folder: Path) -> Path:
    """The folder with the student, made now unless an earlier session of the run has. Raises UserError.

    `model` is a whole transformers model; its stacks keep `layers` layers each, as `layers_kept` chooses them.
    """
    if not folder.is_dir():
        work = folder.with_name(f".{folder.name}")
        shutil.rmtree(work, ignore_errors=True)
        cut_model(model, layers).save_pretrained(work)
        processor.save_pretrained(work)
        work.rename(folder)
    return folder


def cut_model(model: Any, layers: int) -> Any:
    """A new model of the same class with so many layers a stack and the weights of those that were kept."""
    stacks = _stacks(model)
    if not stacks or any(layers >= depth for depth in stacks.values()):
        what = f"No student of {layers} layers can be cut from a {type(model).__name__}."
        raise UserError(Problem(what, "model", "Choose a smaller model as the student.", code="cut"))
    kept = {stack: layers_kept(layers, depth) for stack, depth in stacks.items()}
    student = type(model)(_config(model.config, layers, set(stacks.values())))
    wanted = {_renamed(name, kept): tensor for name, tensor in model.state_dict().items()}
    wanted.pop("", None)
    missing, surplus = student.load_state_dict(wanted, strict=False)
    if missing or surplus:
        raise ValueError(f"cutting a {type(model).__name__} leaves {missing} without weights, {surplus} over")
    if model.can_generate():
        student.generation_config = copy.deepcopy(model.generation_config)
    return student


def _config(config: Any, layers: int, depths: set[int]) -> Any:
    """The student's configuration: what is said of each layer is said of those that are left."""
    values = config.to_dict()
    for name, value in values.items():
        if name.endswith("layer_types") and isinstance(value, list) and len(value) in depths:
            values[name] = [value[place] for place in layers_kept(layers, len(value))]
        if name in DEPTHS and isinstance(value, int):
            values[name] = layers
    # Made anew from the number of layers; the teacher's would name some that are gone (DINOv2).
    for name in ("stage_names", "out_features", "out_indices"):
        values.pop(name, None)
    return type(config).from_dict(values)


def _stacks(model: Any) -> dict[str, int]:
    """The outermost lists of like layers, by name, with how many they hold."""
    depths = {value for name in DEPTHS if isinstance(value := getattr(model.config, name, None), int)}
    found: dict[str, int] = {}
    for name, module in model.named_modules():
        inside = any(name.startswith(f"{outer}.") for outer in found)
        if isinstance(module, nn.ModuleList) and len(module) in depths and not inside and _alike(module):
            found[name] = len(module)
    return found


def _alike(layers: nn.ModuleList) -> bool:
    """Whether the layers could stand in each other's place.

    The first, which is always kept, may have more parts than the others (T5) or fewer (ModernBERT).
    """
    shapes = [{name: weight.shape for name, weight in layer.named_parameters()} for layer in layers]
    same = all(shapes[0].get(name, shape) == shape for other in shapes[1:] for name, shape in other.items())
    return same and len({type(layer) for layer in layers}) == 1


def _renamed(name: str, kept: dict[str, list[int]]) -> str:
    """A weight's name in the student; empty for one of a layer that is left out."""
    for stack, places in kept.items():
        if name.startswith(f"{stack}."):
            number, _, rest = name.removeprefix(f"{stack}.").partition(".")
            return f"{stack}.{places.index(int(number))}.{rest}" if int(number) in places else ""
    return name
