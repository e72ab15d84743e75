"""Computing layers again for the gradient: the same learning in less memory, with every method."""

from pathlib import Path
from typing import Any

import pytest
import torch

from lib.errors import UserError
from lib.methods import find_method
from lib.runs.options import TrainingOptions
from lib.tasks import find_task
from lib.tasks.base import Brief
from lib.tasks.likelihood import plain_rows
from lib.training.rows import Dataset
from lib.training.trainer import BucketTrainer, make_trainer, training_arguments
from tests.conftest import example_rows

TASK = find_task("text-classification")
TARGET = {"labels": ["cross", "happy"], "counts": [24, 24]}


def trained(folder: Path, work: Path, method: str, *, again: bool) -> BucketTrainer:
    import pandas as pd

    rows = pd.DataFrame(example_rows(48), columns=["text", "label"])
    brief = Brief({"text": "text", "label": "label"}, TARGET, 64, {})
    torch.manual_seed(0)
    processor = TASK.load_processor(folder)
    model = find_method(method).prepare(TASK.load_model(folder, TARGET), {})
    encoded = TASK.encode_training(processor, plain_rows(rows), brief)
    options = TrainingOptions(epochs=1, batch_size=8, precision="fp32", gradient_checkpointing=again)
    arguments = training_arguments(
        work, options, device="cpu", rows=48, main_score="macro_f1", higher_is_better=True
    )
    trainer = make_trainer(
        model,
        arguments,
        task=TASK,
        processor=processor,
        brief=brief,
        train=Dataset.from_dict(encoded),
        validate=lambda model: {"macro_f1": _score(model, processor, rows, brief)},
        callbacks=[],
    )
    trainer.train()
    return trainer


def _score(model: Any, processor: Any, rows: Any, brief: Brief) -> float:
    """Scoring in between, as a run does it, must not spoil what is learned after it."""
    return TASK.score(TASK.evaluate(model, processor, rows, brief), brief)["macro_f1"]


@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_weights_learned_are_the_same(method: str, tiny_encoder: Path, tmp_path: Path) -> None:
    plain = trained(tiny_encoder, tmp_path / "plain", method, again=False).model
    again = trained(tiny_encoder, tmp_path / "again", method, again=True).model
    learned = {name: weight for name, weight in plain.named_parameters() if weight.requires_grad}
    assert learned
    for name, weight in again.named_parameters():
        if name in learned:
            torch.testing.assert_close(weight, learned[name])


def test_layers_keep_nothing_but_their_inputs(tiny_encoder: Path, tmp_path: Path) -> None:
    kept = {}
    for again in (False, True):
        model = TASK.load_model(tiny_encoder, TARGET).train()
        if again:
            model.activation_checkpointing_enable()
        total = 0

        def count(tensor: torch.Tensor) -> torch.Tensor:
            nonlocal total
            total += tensor.numel() * tensor.element_size()
            return tensor

        ids = torch.randint(5, 500, (8, 64))
        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            model(input_ids=ids, labels=torch.zeros(8, dtype=torch.long))
        kept[again] = total
    assert kept[True] < 0.5 * kept[False]


def test_an_architecture_that_cannot_says_so(tiny_encoder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    from transformers import BertForSequenceClassification

    monkeypatch.setattr(BertForSequenceClassification, "supports_gradient_checkpointing", False)
    with pytest.raises(UserError) as caught:
        trained(tiny_encoder, tmp_path, "full", again=True)
    (problem,) = caught.value.problems
    assert problem.changes == {"options": {"gradient_checkpointing": False}}
