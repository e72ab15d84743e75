"""Adapters as models: saved small, read back with their base, gone on from, and missed in a sentence without it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib.errors import UserError
from lib.inference.taught import load_taught
from lib.methods import find_method
from lib.methods.parts import learns_whole
from lib.models.adapted import base_problems, is_adapter
from lib.models.sources import find_model
from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.settings import get_settings
from lib.tasks import find_task
from tests.conftest import write_rows
from tests.models.tiny import tiny_checkpoint

TASK = find_task("text-classification")


def trained(csv: Path, model: str, method: dict[str, Any]) -> RunFolder:
    from lib.training.progress import Progress
    from lib.training.session import train_run

    options = {"epochs": 1, "patience": 0, "learning_rate": 2e-3, "batch_size": 16}
    spec = Spec(task=TASK.slug, data=DataSpec(file=str(csv)), model=model, method=method, options=options)
    run = create_run(plan_run(spec).spec)
    train_run(run, Progress(run, device="cpu"))
    return run


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint("BERT", tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rows(tmp_path_factory.mktemp("rows") / "moods.csv", 60)


@pytest.fixture(scope="module")
def run(base: Path, csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunFolder]:
    """A run that learned an adapter over the tiny base model; its home stays for the tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(tmp_path_factory.mktemp("home")))
        get_settings.cache_clear()
        yield trained(csv, f"folder:{base}", {"name": "lora", "rank": 4})
    get_settings.cache_clear()


def test_what_is_saved_is_small_and_says_on_which_base_it_lies(run: RunFolder, base: Path) -> None:
    settings = json.loads((run.model_path / "adapter_config.json").read_text())
    about = json.loads((run.model_path / "atelier.json").read_text())
    whole, saved = base / "model.safetensors", run.model_path / "adapter_model.safetensors"
    assert saved.stat().st_size < whole.stat().st_size
    assert not list(run.model_path.glob("model*.safetensors"))
    assert settings["base_model_name_or_path"] == str(base)
    assert (about["base"]["model"], about["base"]["revision"]) == (run.spec.model, run.spec.revision)


def test_its_size_is_that_of_the_model_it_makes_with_its_base(run: RunFolder, base: Path) -> None:
    assert find_model(f"run:{run.id}").parameters == find_model(f"folder:{base}").parameters


def test_a_result_says_how_much_memory_the_weights_take(run: RunFolder) -> None:
    result = run.result() or {}
    assert 0 < result["matrices_mb"]["held"] <= result["weights_mb"]
    assert 0 < result["parameters"]["trainable"] < result["parameters"]["total"]


def test_read_back_it_predicts_what_the_run_reported(run: RunFolder) -> None:
    taught = load_taught(run.model_path, name="r", device="cpu")
    judged = pd.read_parquet(run.predictions_path)
    inputs = judged.rename(columns=lambda name: str(name).removeprefix("input: "))
    said = TASK.evaluate(
        taught.model, taught.processor, inputs[["text"]].assign(label=judged["gold"]), taught.brief
    )
    assert said["confidence"].tolist() == pytest.approx(judged["confidence"].tolist(), abs=1e-4)


def test_the_card_s_snippet_runs_as_it_is_printed(run: RunFolder) -> None:
    card = (run.model_path / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", card, flags=re.DOTALL)
    assert found
    code = "import sys; sys.modules['lib'] = None\n" + found.group(1)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=run.model_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "happy" in done.stdout and "cross" in done.stdout


@pytest.mark.parametrize("method", ["lora", pytest.param("full", marks=pytest.mark.slow)])
def test_another_run_goes_on_from_it_with_any_method(run: RunFolder, csv: Path, method: str) -> None:
    after = trained(csv, f"run:{run.id}", {"name": method})
    assert (after.result() or {})["state"] == "succeeded"
    assert is_adapter(after.model_path) == (method == "lora")
    load_taught(after.model_path, name="r", device="cpu")


def test_a_head_that_the_base_has_already_goes_on_learning(run: RunFolder, tmp_path: Path) -> None:
    from lib.training.base_model import merged_base

    folder = merged_base(run.model_path, tmp_path / "whole")
    model = TASK.load_model(folder, run.target())
    assert model.fresh_modules == ()
    assert learns_whole(model) == ["classifier"]
    wrapped = find_method("lora").prepare(model, {})
    learns = {name for name, weight in wrapped.named_parameters() if weight.requires_grad}
    assert any("classifier.modules_to_save" in name for name in learns)
    assert not any("classifier" in name and "lora_" in name for name in learns)


@pytest.mark.parametrize(("damage", "code"), [("gone", "base-gone"), ("changed", "base-changed")])
def test_a_base_that_is_gone_or_changed_is_said_before_anything_starts(
    run: RunFolder, base: Path, csv: Path, damage: str, code: str
) -> None:
    weights = base / "model.safetensors"
    kept = weights.read_bytes()
    try:
        weights.unlink() if damage == "gone" else weights.write_bytes(kept[:-4] + b"\0\0\x80\x3f")
        problems = base_problems(find_model(f"run:{run.id}"))
        assert [problem.code for problem in problems] == [code]
        for attempt in (
            lambda: load_taught(run.model_path, name="r", device="cpu"),
            lambda: plan_run(
                Spec(
                    task=TASK.slug,
                    data=DataSpec(file=str(csv)),
                    model=f"run:{run.id}",
                    method={"name": "lora"},
                )
            ),
        ):
            with pytest.raises(UserError) as refused:
                attempt()
            assert code in [problem.code for problem in refused.value.problems]
    finally:
        weights.write_bytes(kept)


def test_layers_are_named_by_their_last_or_whole_names_and_unknown_ones_refused(base: Path) -> None:
    from lib.methods.lora import targets

    model = TASK.load_model(base, {"labels": ["a", "b"], "counts": {}})
    assert [name.rpartition(".")[2] for name in targets(model, "query, value", leave_out=[])] == [
        "query", "value", "query", "value",
    ]  # fmt: skip
    with pytest.raises(UserError, match="q_proj") as refused:
        targets(model, "query q_proj", leave_out=[])
    assert "query" in refused.value.problems[0].fix


@pytest.mark.parametrize(
    ("name", "model_type", "is_scratch"),
    [
        ("lora", "mobilenet_v2", False),
        ("qlora", "resnet", False),
        ("lora", "bert", True),
        ("head", "bert", True),
    ],
)
def test_what_makes_no_sense_is_said_with_the_reason(name: str, model_type: str, is_scratch: bool) -> None:
    problem = find_method(name).unfit(kind=None, is_scratch=is_scratch, config={"model_type": model_type})
    assert problem is not None and problem.code == "method-unfit" and problem.fix
