"""The model as it was before its run taught it, to be looked at beside the taught one. Only the host runs this."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from lib.inference.models import HeldModel
from lib.models.sources import find_model


@contextlib.contextmanager
def before_training(held: HeldModel, base: str) -> Iterator[HeldModel]:
    """The held model without its adapter, or the model behind the reference `base`, read anew and let go afterwards.

    A head that the run made is random in it; attention lies below the head. Raises UserError when `base` is gone.
    """
    if hasattr(held.model, "peft_config"):
        with held.model.disable_adapter():
            yield held
        return
    device = next(held.model.parameters()).device
    model = held.task.load_model(find_model(base).folder, held.brief.target).to(device).eval()
    yield replace(held, model=model)
