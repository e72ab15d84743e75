"""One feature of a row as a batch of one, exactly as the model is given it when it predicts."""

from collections.abc import Mapping
from typing import Any

from lib.inference.models import HeldModel
from lib.tasks.brief import Brief
from lib.tasks.predict import model_features, quiet


def batch_of(held: HeldModel, features: Mapping[str, list[Any]], number: int, brief: Brief) -> dict[str, Any]:
    """One feature as the model is given it when it predicts: tensors of one row on its device."""
    collate = held.task.collator(held.processor, brief, training=False)
    with quiet(held.processor):
        batch = collate([model_features(dict(features), number)])
    device = next(held.model.parameters()).device
    return {name: values.to(device) for name, values in batch.items()}
