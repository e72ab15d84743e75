"""What an adapter's card prints: every task's snippet with its base model loaded first."""

import json
from pathlib import Path
from typing import Any

import pytest

from lib.methods import repair
from lib.models.adapter_usage import REPAIR, usage_of
from lib.tasks import TASKS
from lib.tasks.base import Brief, Task

TARGET: dict[str, Any] = {
    "labels": ["a", "b"], "counts": {"a": 1, "b": 1}, "thresholds": [0.5, 0.5], "prompted": True, "mask": "[MASK]",
    "mean": 0.0, "std": 1.0, "decimal": ".", "unit": "", "unanswerable": False,
}  # fmt: skip


def adapter(folder: Path, **about: Any) -> Path:
    base = {"class": "SomeModel", "writes": False, "tokens": None, "quantisation": None} | about
    (folder / "atelier.json").write_text(json.dumps({"base": base}))
    settings = {"base_model_name_or_path": "org/base", "revision": "abc"}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    return folder


def snippet(task: Task, place: str) -> str:
    return task.usage(place, Brief({role.name: role.name for role in task.roles}, TARGET, 64, {}))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.slug)
@pytest.mark.parametrize("place", [".", "/some (odd)/place"])
def test_each_task_s_snippet_loads_the_base_and_puts_the_adapter_on_it(
    task: Task, place: str, tmp_path: Path
) -> None:
    code = usage_of(adapter(tmp_path), snippet(task, place), place=place)
    compile(code, "snippet", "exec")
    assert code.count("PeftModel.from_pretrained(base,") == 1
    assert "SomeModel.from_pretrained(\n    'org/base',\n    revision='abc'," in code
    assert "AutoModelFor" not in code


def test_a_model_that_writes_gets_its_settings_and_rows_for_its_new_tokens(tmp_path: Path) -> None:
    task = next(task for task in TASKS if task.slug == "chat")
    code = usage_of(adapter(tmp_path, writes=True, tokens=402), snippet(task, "."))
    assert "base.resize_token_embeddings(402)" in code
    assert "base.generation_config = GenerationConfig.from_pretrained('.')" in code


def test_a_base_in_few_bits_is_loaded_in_few_bits(tmp_path: Path) -> None:
    held = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}
    code = usage_of(adapter(tmp_path, quantisation=held), snippet(TASKS[0], "."))
    assert "quantization_config=BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type='nf4')" in code


def test_a_whole_model_s_snippet_stays_as_it_is(tmp_path: Path) -> None:
    assert usage_of(tmp_path, snippet(TASKS[0], ".")) == snippet(TASKS[0], ".")


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.slug)
@pytest.mark.parametrize("place", [".", "/some (odd)/place"])
def test_what_rounding_took_is_put_beside_the_base_before_the_adapter(
    task: Task, place: str, tmp_path: Path
) -> None:
    (tmp_path / REPAIR).touch()
    code = usage_of(adapter(tmp_path), snippet(task, place), place=place)
    compile(code, "snippet", "exec")
    assert code.count("register_forward_hook") == 1
    assert code.index("register_forward_hook") < code.index("PeftModel.from_pretrained(base,")


def test_the_file_of_what_rounding_took_has_one_name() -> None:
    assert repair.FILE == REPAIR
