"""Making a run fit: the smallest change that does, in an order that costs the least."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.errors import Problem
from lib.models.sources import find_model
from lib.plan.fitting import Run, _changes, memory_problems, smallest_change
from lib.plan.planner import plan_run
from lib.plan.relief import with_relief
from lib.runs import memory
from lib.runs.folder import create_run
from lib.runs.memory import Memory
from lib.runs.options import TrainingOptions
from lib.runs.spec import DataSpec, Spec
from lib.tasks import find_task


def run(task: str = "text-classification", *, method: str = "full", **options: Any) -> Run:
    """A BERT of 500 million parameters, which weighs 8 GB with gradients and moments, on texts of 512 tokens."""
    tiny = find_model("scratch:bert-tiny")
    sizes = {
        "hidden_size": 1024,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "intermediate_size": 4096,
    }
    large = replace(tiny, ref="folder:/large", parameters=500_000_000, config={**tiny.config, **sizes})
    values = TrainingOptions(batch_size=32, max_length=512, precision="fp32", **options).to_json()
    return Run(large, find_task(task), values, {"name": method}, 512)


SINGLE = {"batch_size": 1, "gradient_accumulation": 32}
AGAIN = {**SINGLE, "gradient_checkpointing": True}
SHORT = {**AGAIN, "max_length": 128}


def kinds(changes: dict[str, Any]) -> set[str]:
    """What is changed, the learning rate that a method brings left out."""
    options = set(changes.get("options", {})) - {"learning_rate"}
    return options | ({"method"} if "method" in changes else set())


BATCH = {"batch_size", "gradient_accumulation"}


@pytest.mark.parametrize(
    ("too_much", "needed", "not_needed"),
    [
        pytest.param({}, BATCH, {"gradient_checkpointing", "max_length", "method"}, id="the batch in parts"),
        pytest.param(SINGLE, {"gradient_checkpointing"}, {"max_length", "method"}, id="then computed again"),
        pytest.param(AGAIN, {"max_length"}, {"method"}, id="then shorter texts"),
        pytest.param(SHORT, {"method"}, set(), id="then another method"),
    ],
)
def test_a_larger_change_comes_only_when_all_smaller_ones_are_too_much(
    too_much: dict[str, Any], needed: set[str], not_needed: set[str]
) -> None:
    asked = run()
    room = asked.changed({"options": too_much}).memory_mb - 50
    relief = smallest_change(asked, most_mb=room)
    assert relief is not None
    assert needed <= kinds(relief.changes)
    assert not not_needed & kinds(relief.changes)
    assert relief.memory_mb == asked.changed(relief.changes).memory_mb <= room


def test_half_the_batch_is_tried_first() -> None:
    asked = run()
    relief = smallest_change(asked, most_mb=asked.memory_mb - 1)
    assert relief is not None
    assert relief.changes == {"options": {"batch_size": 16, "gradient_accumulation": 2}}
    assert relief.words == "take 16 rows at a time and add up 2 batches for each step"


@pytest.mark.parametrize(
    ("too_much", "method"),
    [
        ({"name": "full"}, {"name": "lora"}),
        ({"name": "lora"}, {"name": "qlora", "bits": 8}),
        ({"name": "qlora", "bits": 8}, {"name": "qlora", "bits": 4}),
    ],
)
def test_weights_that_are_too_much_are_held_in_less(too_much: dict[str, Any], method: dict[str, Any]) -> None:
    tried = [changes for changes, _ in _changes(run()) if changes.get("method", {"name": "full"}) == too_much]
    least = min(run().changed(changes).memory_mb for changes in tried)
    relief = smallest_change(run(), most_mb=least - 1)
    assert relief is not None
    assert relief.changes["method"] == method
    # Adapters take larger steps than whole models do: the presets' factor.
    assert relief.changes["options"]["learning_rate"] == pytest.approx(5 * 5e-5)


def test_nothing_helps_below_what_the_smallest_needs() -> None:
    assert smallest_change(run(), most_mb=700) is None


def test_an_architecture_that_cannot_compute_again_is_not_told_to() -> None:
    asked = run()
    stubborn = replace(
        asked, model=replace(asked.model, config={**asked.model.config, "model_type": "mpnet"})
    )
    relief = smallest_change(stubborn, most_mb=stubborn.changed({"options": SINGLE}).memory_mb - 50)
    assert relief is not None
    assert "gradient_checkpointing" not in relief.changes["options"]


def test_the_effective_batch_stays() -> None:
    for most in (12_000, 20_000, 40_000):
        relief = smallest_change(run(gradient_accumulation=3), most_mb=most)
        assert relief is not None
        options = relief.changes["options"]
        assert options["batch_size"] * options["gradient_accumulation"] == 96


@pytest.mark.parametrize(
    ("here", "severity", "words"),
    [
        (Memory(256_000, 200_000), None, ""),
        (Memory(256_000, 20_000), "warning", "20.0 GB are free now"),
        (Memory(20_000, 19_500), "error", "this machine allows 20.0 GB"),
    ],
)
def test_more_than_is_free_is_a_warning_and_more_than_there_is_an_error(
    here: Memory, severity: str | None, words: str
) -> None:
    asked = run()
    assert 20_000 < asked.memory_mb < 200_000
    problems = memory_problems(asked, asked.memory_mb, here)
    assert [problem.severity for problem in problems] == ([severity] if severity else [])
    for problem in problems:
        assert words in problem.what
        assert asked.changed(problem.changes).memory_mb <= 0.9 * here.free_mb
        assert "at a time and add up" in problem.fix


def test_a_measured_need_scales_what_the_formula_says() -> None:
    asked = run()
    (problem,) = memory_problems(asked, 2 * asked.memory_mb, Memory(200_000, asked.memory_mb), measured=True)
    assert "measured here" in problem.what
    assert 2 * asked.changed(problem.changes).memory_mb <= 0.9 * asked.memory_mb


def test_a_run_that_cannot_fit_is_refused_before_it_starts(
    home: Path, csv_file: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wish = Spec("text-classification", DataSpec(file=str(csv_file)), f"folder:{tiny_encoder}")
    assert plan_run(wish).spec.estimate["memory_mb"] > 500
    group = tmp_path / "group"
    group.mkdir()
    (group / "memory.max").write_text("600000000")
    (group / "memory.current").write_text("0")
    monkeypatch.setattr(memory, "memory_groups", lambda process="self": [group])
    with pytest.raises(Exception, match=r"this machine allows 0\.6 GB"):
        plan_run(wish)


def test_a_run_that_memory_ran_out_for_says_what_to_change(
    home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    options = {"batch_size": 1024, "max_length": 128}
    wish = Spec(
        "text-classification", DataSpec(file=str(csv_file)), f"folder:{tiny_encoder}", options=options
    )
    made = create_run(plan_run(wish).spec)
    ended = Problem("Memory ran out.", code="out-of-memory")
    other = Problem("The disk is full.", code="disk-full")
    first, second = with_relief(made, [ended, other])
    assert first.changes["options"]["batch_size"] < 1024
    assert first.fix.startswith("Take ") and first.fix.endswith("and start again.")
    assert second == other
