"""A finished run of any task with a real tiny model in it that was never trained, for the Predict page and the host."""

import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from lib.data.examples import load_example
from lib.option import values_as
from lib.plan.columns import choose_columns, whole_paths
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.tasks.base import Brief, Task
from lib.tasks.predict import predict_rows
from tests.models.tiny import tiny_checkpoint

ARCHITECTURE = {"encoder": "BERT", "seq2seq": "T5", "causal": "Llama", "image": "ViT"}
SHORT = {"max_target_length": 6, "max_new_tokens": 6}
ROWS = 24


def examples_of(task: Task) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str], dict[str, str]]:
    """Rows of the task's example as they lie in its file, as examples to learn, and the columns of both."""
    table = load_example(task.example)
    columns, _ = choose_columns(task, table.frame)
    frame = whole_paths(table.frame, task, columns, table.files).sample(ROWS, random_state=0)
    learned, of_learned = task.as_examples(frame, columns, seed=0)
    return frame, learned.head(ROWS), columns, dict(of_learned)


def taught_run(task: Task, base: Path, *, name: str = "", seed: int = 0, **options: Any) -> RunFolder:
    """A run that "succeeded" on a model in `base`, which is made where it is not there; the head is random."""
    import torch

    folder = base if base.is_dir() else tiny_checkpoint(ARCHITECTURE[task.model_kind], base)
    _, learned, columns, of_learned = examples_of(task)
    target = task.describe_target(learned, of_learned)
    chosen = values_as(task.option_class, SHORT | options)
    torch.manual_seed(seed)
    processor, model = task.load_processor(folder), task.load_model(folder, target)
    brief = task.settled(model, processor, Brief(of_learned, target, 64, vars(chosen)))
    if seed:  # another model of the same shape
        for weights in model.parameters():
            torch.nn.init.normal_(weights, std=0.3)
    task.finish(model, brief)
    if task.writing(brief):  # scoring a run writes into the model how it writes
        predict_rows(task, model, processor, learned.head(1), brief)
    data = DataSpec(dataset="made-up@1", columns=columns)
    run = create_run(Spec(task=task.slug, data=data, model=f"folder:{folder}", name=name or task.slug))
    model.save_pretrained(run.model_path)
    processor.save_pretrained(run.model_path)
    write_json(
        run.model_path / "atelier.json", {"task": task.slug, "method": {"name": "full"}} | brief.to_json()
    )
    write_json(run.path / "brief.json", brief.to_json())
    write_json(run.path / "target.json", target)
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    return run


def rows_file(task: Task, folder: Path, rows: int = 3) -> Path:
    """A file with a few rows to predict: a zip of pictures, a table of pairs, or rows of the task's own example."""
    frame, learned, _, of_learned = examples_of(task)
    if any(role.kind == "image" for role in task.asked(of_learned)):
        path = folder / "pictures.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for number, picture in enumerate(frame[of_learned["image"]].head(rows)):
                archive.write(picture, f"holiday {number}.png")
        return path
    # Pairs are made of documents; the file to predict holds pairs.
    shown = learned if set(task.asked(of_learned)) <= {task.role(name) for name in of_learned} else frame
    path = folder / f"{task.slug}.csv"
    shown.head(rows).to_csv(path, index=False)
    return path
