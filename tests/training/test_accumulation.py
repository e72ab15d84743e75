"""Batches that are added up before a step weigh as one large batch would."""

from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset

from lib.option import values_as
from lib.runs.options import TrainingOptions
from lib.tasks import find_task
from lib.tasks.base import Brief, Task
from lib.training.trainer import make_trainer, training_arguments
from tests.conftest import example_rows

PARTS = 4


def ready(task: Task, folder: Path, work: Path, *, size: int, parts: int) -> tuple[Any, Dataset]:
    """A trainer that has not begun, whose steps take `parts` batches of `size` rows; and its features."""
    rows = {"text": [text for text, _ in example_rows(32)], "label": [label for _, label in example_rows(32)]}
    target = {"labels": ["cross", "happy"], "counts": {"cross": 16, "happy": 16}}
    brief = Brief({"text": "text", "label": "label"}, target, 32, vars(values_as(task.option_class, {})))
    processor = task.load_processor(folder)
    torch.manual_seed(0)
    model = task.load_model(folder, target)
    for module in model.modules():  # so that the same rows give the same loss
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    features = Dataset.from_dict(
        {
            name: values
            for name, values in task.encode_training(processor, rows, brief).items()
            if name != "row" and name[0] != "_"
        }
    )
    options = TrainingOptions(
        batch_size=size,
        gradient_accumulation=parts,
        learning_rate=1e-3,
        max_gradient_norm=100,
        precision="fp32",
    )
    arguments = training_arguments(
        work, options, device="cpu", rows=len(features), main_score="macro_f1", higher_is_better=True
    )
    trainer = make_trainer(
        model,
        arguments,
        task=task,
        processor=processor,
        brief=brief,
        train=features,
        validate=lambda _: {},
        callbacks=[],
    )
    return trainer, features


@pytest.mark.parametrize("slug", ["text-classification", "fill-mask"])
def test_parts_of_a_batch_have_the_gradient_of_the_whole(
    slug: str, tiny_encoder: Path, tmp_path: Path
) -> None:
    task = find_task(slug)
    whole, features = ready(task, tiny_encoder, tmp_path / "whole", size=16, parts=1)
    split, _ = ready(task, tiny_encoder, tmp_path / "parts", size=4, parts=PARTS)
    batches = list(split.get_train_dataloader())[:PARTS]
    joined = {name: pad_together([batch[name] for batch in batches]) for name in batches[0]}
    items = sum(int((batch["labels"] != -100).sum()) for batch in batches)
    for trainer, steps in ((whole, [joined]), (split, batches)):
        trainer.current_gradient_accumulation_steps = len(steps)
        trainer.model.zero_grad()
        for batch in steps:
            trainer.training_step(trainer.model, dict(batch), num_items_in_batch=torch.tensor(items))
    assert len(features) == 32
    for (name, one), other in zip(whole.model.named_parameters(), split.model.parameters(), strict=True):
        if one.grad is not None:
            torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-6, msg=name)


def pad_together(parts: list[torch.Tensor]) -> torch.Tensor:
    """Batches one below the other, the shorter ones filled up: nothing is learned there."""
    if parts[0].dim() == 1:
        return torch.cat(parts)
    longest = max(part.shape[1] for part in parts)
    fill = -100 if parts[0].min() == -100 else 0
    return torch.cat(
        [torch.nn.functional.pad(part, (0, longest - part.shape[1]), value=fill) for part in parts]
    )
