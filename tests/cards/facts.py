"""Facts of made-up runs of every task, for cards: the bundled example's target, scores out of the air, no torch."""

from dataclasses import replace
from typing import Any

from lib.cards.facts import CardFacts
from lib.data.examples import load_example
from lib.plan.columns import choose_columns, whole_paths
from lib.runs.spec import DataSpec, Spec
from lib.tasks.base import Brief, Task


def facts_of(
    task: Task, *, method: str = "full", model: str = "starter:minilm-l6", **parts: Any
) -> CardFacts:
    """A run of the task on its example; `parts` replace what else the facts say."""
    table = load_example(task.example)
    columns, _ = choose_columns(task, table.frame)
    frame = whole_paths(table.frame, task, columns, table.files)
    examples, of_examples = task.as_examples(frame, columns, seed=0)
    brief = Brief(of_examples, task.describe_target(examples, of_examples), 128, {})
    test = {score.name: 0.75 for score in task.scores}
    result = {
        "rows": {"train": 800, "validation": 100, "test": 150},
        "scores": {"validation": test, "test": test},
        "intervals": {"test": {task.main_score.name: [0.7, 0.8]}},
        "baselines": {"majority": {task.main_score.name: 0.25}},
        "seconds": {"total": 1800.0},
        "parameters": {"total": 22_700_000, "trainable": 300_000},
    }
    spec = Spec(
        task=task.slug, name="A first try", data=DataSpec(dataset="moods@3", columns=columns), model=model,
        method={"name": method}, options={"epochs": 2, "max_length": 128}, versions={"torch": "2.13.0"},
    )  # fmt: skip
    usage = f"print({task.slug!r})\n"
    facts = CardFacts.of(spec, task, brief, result, usage=usage, is_adapter=method == "lora", device="cpu")
    return replace(facts, **parts)
