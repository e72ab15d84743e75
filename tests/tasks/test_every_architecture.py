"""Every task with every architecture that serves it: a tiny untrained model learns, is saved and predicts again."""

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib.data.examples import load_example
from lib.models.sources import find_model
from lib.option import values_as
from lib.plan.columns import choose_columns, whole_paths
from lib.plan.fit import check_kind
from lib.tasks import TASKS, find_task
from lib.tasks.base import Brief, Task
from lib.tasks.predict import model_features
from tests.models.tiny import ARCHITECTURES, tiny_checkpoint

ROWS, STEPS = 24, 8
PAIRS = [
    (task.slug, name) for task in TASKS for name, kind in ARCHITECTURES.items() if kind == task.model_kind
]


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tiny")


def checkpoint(name: str, root: Path) -> Path:
    folder = root / name.replace(" ", "-")
    return folder if folder.is_dir() else tiny_checkpoint(name, folder)


@cache
def examples(slug: str) -> tuple[pd.DataFrame, Brief]:
    """Some rows of the task's example, and the brief of a run on them."""
    task = find_task(slug)
    table = load_example(task.example)
    columns, _ = choose_columns(task, table.frame)
    frame = whole_paths(table.frame, task, columns, table.files)
    frame, columns = task.as_examples(frame.sample(ROWS, random_state=0), columns, seed=0)
    frame = frame.head(ROWS)
    target = task.describe_target(frame, columns)
    return frame, Brief(columns, target, 64, vars(values_as(task.option_class, {})))


def batch(task: Task, features: dict[str, list[Any]], processor: Any, brief: Brief) -> dict[str, Any]:
    rows = [model_features(features, number) for number in range(min(8, len(features["length"])))]
    rows = [row | ({"draw": number} if task.draws else {}) for number, row in enumerate(rows)]
    return task.collator(processor, brief, training=True)(rows)


@pytest.mark.parametrize(("slug", "name"), PAIRS)
def test_it_learns_is_saved_and_predicts_the_same_when_read_back(
    slug: str, name: str, checkpoints: Path, tmp_path: Path
) -> None:
    import torch

    task, folder = find_task(slug), checkpoint(name, checkpoints)
    assert check_kind(task, find_model(f"folder:{folder}")) == []
    frame, brief = examples(slug)
    torch.manual_seed(0)
    processor, model = task.load_processor(folder), task.load_model(folder, brief.target)
    brief = task.settled(model, processor, brief)
    plain = {str(column): frame[column].tolist() for column in frame}
    features = task.encode_training(processor, plain, brief)
    learned = batch(task, features, processor, brief)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    losses = []
    model.eval()  # without dropout the loss of the same batch must fall
    for _ in range(STEPS):
        own = task.loss(model, learned, brief)
        loss = model(**learned).loss if own is None else own[0]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert min(losses[1:]) < losses[0]

    task.finish(model, brief)
    model.save_pretrained(tmp_path / "saved")
    processor.save_pretrained(tmp_path / "saved")
    judged = task.evaluate(model, processor, frame.head(6), brief)
    again = task.evaluate(
        task.load_model(tmp_path / "saved", None),
        task.load_processor(tmp_path / "saved"),
        frame.head(6),
        brief,
    )
    pd.testing.assert_frame_equal(judged, again, rtol=1e-4, atol=1e-5)
    assert task.main_score.name in task.score(judged, brief)
