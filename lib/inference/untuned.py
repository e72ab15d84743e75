"""The model as it was before a run taught it, beside the taught one."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lib.errors import UserError
from lib.inference.models import HeldModel
from lib.models.adapted import is_adapter
from lib.models.sources import find_model
from lib.runs.folder import RunFolder, open_run

# One at a time, by the model it belongs to: loading takes seconds, and two may not fit.
_LOADED: dict[str, Any] = {}


@contextlib.contextmanager
def untuned(held: HeldModel, ref: str) -> Iterator[Any]:
    """The model before training; None where it is no longer there to be compared with.

    An adapter is turned off (`disable_adapter`, so the weights are the very same), else the base model is loaded
    again from where the run found it.
    """
    if is_wrapped(held.model):
        with held.model.disable_adapter():
            yield held.model
        return
    key = f"{ref} {held.stamp}"
    if key not in _LOADED:
        _LOADED.clear()
        _LOADED[key] = _base(held, ref)
    yield _LOADED[key]


def is_wrapped(model: Any) -> bool:
    """Whether a loaded model is an adapter on a base model (peft)."""
    return hasattr(model, "peft_config") and hasattr(model, "disable_adapter")


def untuned_folder(run: RunFolder) -> Path | None:
    """The folder of the model that a run started from, if it is still there as it was.

    Made for the run (cut from a teacher, built from scratch) it lies in the run's folder.
    """
    for name in ("cut", "scratch"):
        if (run.path / name / "config.json").is_file():
            return run.path / name
    try:
        spec = run.spec
        info = find_model(spec.model)
    except UserError:
        return None
    usable = info.is_downloaded and not info.is_scratch and not is_adapter(info.folder)
    return info.folder if usable and spec.revision in (None, info.revision) else None


def _base(held: HeldModel, ref: str) -> Any:
    source, _, name = ref.partition(":")
    try:
        run = open_run(name) if source == "run" else None
    except UserError:
        run = None
    folder = untuned_folder(run) if run is not None else None
    if run is None or folder is None:
        return None
    import torch

    device = next(held.model.parameters()).device
    # The run's own seed, as rows for new tokens begin at random.
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(int(run.spec.options.get("seed", 0)))
        model = held.task.load_model(folder, held.brief.target)
    held.task.settled(model, held.processor, held.brief)
    return model.to(device).eval()
