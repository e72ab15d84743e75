"""Adapters on every architecture for every task: they learn, are read back the same, and merge to the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.methods import find_method
from lib.methods.adapters import merged, save_adapter, with_adapter
from lib.models.sources import find_model
from lib.plan.fit import check_method
from lib.tasks import TASKS, find_task
from tests.models.tiny import ARCHITECTURES, tiny_checkpoint
from tests.tasks.test_every_architecture import batch, examples

HOW: dict[str, dict[str, Any]] = {
    "lora": {"name": "lora"},
    "dora": {"name": "lora", "dora": True},
    "qlora-4": {"name": "qlora", "bits": 4},
    "qlora-8": {"name": "qlora", "bits": 8},
}
# The tasks that differ in their heads; the others load models as one of these does.
HEADS = (
    "text-classification", "token-classification", "question-answering", "fill-mask", "next-sentence-prediction",
    "summarization", "text-generation", "chat", "image-classification",
)  # fmt: skip
# Seconds together: Conv1D with new tokens and an output layer without weights of its own, a head that guesses words.
QUICK = {("chat", "GPT-2", "qlora-4"), ("fill-mask", "BERT", "qlora-8"), ("chat", "Gemma", "lora")}
CASES = [
    pytest.param(
        task.slug,
        name,
        how,
        id=f"{task.slug}-{name}-{how}",
        marks=[] if (task.slug, name, how) in QUICK else [pytest.mark.slow],
    )
    for task in TASKS
    if task.slug in HEADS
    for name, kind in ARCHITECTURES.items()
    if kind == task.model_kind
    for how in HOW
]


@pytest.mark.parametrize(("slug", "name", "how"), CASES)
def test_adapters_learn_and_are_read_back_and_merged_the_same(
    slug: str, name: str, how: str, tmp_path: Path
) -> None:
    import torch

    options = {key: value for key, value in HOW[how].items() if key != "name"}
    task, method = find_task(slug), find_method(HOW[how]["name"])
    folder = tiny_checkpoint(name, tmp_path / "base")
    if refused := check_method(method, task, find_model(f"folder:{folder}")):
        assert [problem.code for problem in refused] == ["method-unfit"]
        return
    frame, brief = examples(slug)
    processor = task.load_processor(folder)

    def loaded(*, as_trained: bool = True) -> Any:
        settings = method.load_settings(options, device="cpu") if as_trained else {}
        model = task.load_model(folder, brief.target, **settings)
        if as_trained:
            method.loaded(model)
        task.settled(model, processor, brief)
        return model

    torch.manual_seed(0)
    model = task.load_model(folder, brief.target, **method.load_settings(options, device="cpu"))
    brief = task.settled(model, processor, brief)
    model = method.prepare(model, options)
    plain = {str(column): frame[column].tolist() for column in frame}
    learned = batch(task, task.encode_training(processor, plain, brief), processor, brief)
    optimizer = torch.optim.AdamW([w for w in model.parameters() if w.requires_grad], lr=2e-3)
    losses = []
    model.eval()  # without dropout the loss of the same batch must fall
    for _ in range(8):
        own = task.loss(model, learned, brief)
        loss = model(**learned).loss if own is None else own[0]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert min(losses[1:]) < losses[0]

    def losses_of(model: Any) -> np.ndarray:
        return task.evaluate(model, processor, frame.head(6), brief)["loss"].to_numpy(dtype=float)

    save_adapter(model, tmp_path / "adapter", base=str(folder), revision=None)
    again = with_adapter(loaded(), tmp_path / "adapter")
    np.testing.assert_allclose(losses_of(model), losses_of(again), rtol=1e-4, atol=1e-5)

    over_whole = with_adapter(loaded(as_trained=False), tmp_path / "adapter")
    before = losses_of(over_whole)
    merged(over_whole).save_pretrained(tmp_path / "whole")
    processor.save_pretrained(tmp_path / "whole")
    np.testing.assert_allclose(
        before, losses_of(task.load_model(tmp_path / "whole", None)), rtol=1e-3, atol=1e-4
    )
