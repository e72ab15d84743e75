"""Adapters on the Hub: small where their base model is there, merged elsewhere; cards' snippets run as printed."""

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib.export.hub import Hub, HubOptions
from lib.export.source import open_source
from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from tests.conftest import write_rows
from tests.export.card_rules import complaints, head_of
from tests.export.conftest import Finished
from tests.export.push_hub import PushHub
from tests.export.test_hub_push import push, said_by_name
from tests.models.tiny import tiny_checkpoint

BASE, NAME = "ada/tiny-bert", "ada/moods-lora"


def python(code: str, cwd: Path) -> str:
    """What a process that cannot see Atelier prints."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.modules['lib'] = None\n{code}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=os.environ | {"HF_HUB_OFFLINE": "0"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def snippet_in(card: str) -> str:
    [code] = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    return str(code)


@pytest.fixture
def on_the_hub(finished: Finished, hub: PushHub, tmp_path: Path) -> RunFolder:
    """A LoRA run on a base model that the Hub has."""
    from lib.training.progress import Progress
    from lib.training.session import train_run

    folder = tiny_checkpoint("BERT", tmp_path / "base")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    hub.add(BASE, files | {"README.md": b"---\nlicense: mit\n---\n"})
    spec = Spec(
        task="text-classification",
        name="moods lora",
        data=DataSpec(file=str(write_rows(tmp_path / "moods.csv"))),
        model=f"hub:{BASE}",
        method={"name": "lora"},
        options={"epochs": 1, "patience": 0, "batch_size": 16, "learning_rate": 2e-3},
    )
    run = create_run(plan_run(spec).spec)
    train_run(run, Progress(run, device="cpu"))
    return run


def test_on_a_base_of_the_hub_it_goes_as_an_adapter_and_its_snippet_runs_as_printed(
    on_the_hub: RunFolder, hub: PushHub, tmp_path: Path
) -> None:
    push(on_the_hub, NAME)
    files = hub.repo(NAME).branches["main"]
    assert "adapter_model.safetensors" in files and "model.safetensors" not in files
    settings = json.loads(files["adapter_config.json"])
    sha = hub.repo(BASE).head("main")
    assert (settings["base_model_name_or_path"], settings["revision"]) == (BASE, sha)
    card = files["README.md"].decode()
    head = head_of(card)
    assert complaints(card, "model") == []
    assert (head["base_model"], head["base_model_relation"], head["library_name"]) == (
        BASE,
        "adapter",
        "peft",
    )
    assert head["license"] == "mit"

    first = pd.read_parquet(on_the_hub.predictions_path).iloc[0]
    code = snippet_in(card).replace('"A text"', repr(first["input: text"]))
    said = {one["label"]: one["score"] for one in eval_list(python(code, tmp_path))}
    labels = open_source(on_the_hub).brief.target["labels"]
    assert [said[label] for label in labels] == pytest.approx(list(first["scores"]), abs=1e-4)


def eval_list(printed: str) -> list[dict[str, Any]]:
    import ast

    value = ast.literal_eval(printed.strip().splitlines()[-1])
    return list(value[0] if isinstance(value[0], list) else value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "method"),
    [
        ("text-classification", "lora"), ("token-classification", "full"), ("summarization", "full"),
        ("image-classification", "full"), ("chat", "lora"),
    ],
)  # fmt: skip
def test_a_model_of_every_kind_loads_by_its_name_and_predicts_the_same(
    finished: Finished, hub: PushHub, task: str, method: str
) -> None:
    run = finished(task, method)
    made = Hub().write(open_source(run), Path("ada/any"), HubOptions(), lambda words, share: None)
    files = hub.repo("ada/any").branches["main"]
    assert "model.safetensors" in files and "adapter_config.json" not in files
    assert complaints(files["README.md"].decode(), "model") == []
    rows = pd.read_parquet(run.predictions_path).head(20)
    if task == "image-classification":
        rows = rows.head(0)  # their files have paths of the data set; the test of the demo asks for these
        assert made.bytes > 0
        return
    about = import_module(f"tests.tasks.test_{task.replace('-', '_')}")
    expected = rows[getattr(about, "PLAIN_COLUMN", "predicted")].tolist()
    assert said_by_name("ada/any", run) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "task",
    [
        "text-classification", "multi-label-classification", "text-regression", "token-classification",
        "question-answering", "fill-mask", "next-sentence-prediction", "summarization", "text-generation", "chat",
        "image-classification",
    ],
)  # fmt: skip
def test_the_snippet_of_every_card_runs_as_it_is_printed(
    finished: Finished, hub: PushHub, tmp_path: Path, task: str
) -> None:
    from PIL import Image

    push(finished(task), "ada/any")
    card = hub.repo("ada/any").branches["main"]["README.md"].decode()
    Image.new("RGB", (40, 40), "teal").save(tmp_path / "picture.jpg")
    printed = python(snippet_in(card), tmp_path)
    # A tiny untrained model may find no entity, and write nothing.
    assert printed or task in ("token-classification", "summarization", "text-generation", "chat")
