"""Where the time of a training goes, for every task: the share spent in the model's own forward and backward.

`python -m tests.benchmarks profile` makes one short real run a task; ATELIER_BENCH_TASKS="chat fill-mask" chooses some.
Real data are used where they are beside the checkout, else the examples that come with Atelier.
"""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lib.data.examples import EXAMPLES
from lib.tasks import TASKS, find_task
from lib.training.stopwatch import TRAINING_PARTS
from tests.benchmarks.tasks import DATA, MODELS
from tests.benchmarks.training import run

# At least this share of the time of training, validations and checkpoints left out, is arithmetic.
LEAST_SHARE = 0.9
HEADINGS = (
    "task, data, model", "steps", "examples/s", "training, s", "model", "batches", "bookkeeping", "validating",
    "saving", "share without validating and saving", "around it: starting, encoding, scoring, baselines, s",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A short run of a task: real data where there are some, how many rows, and what deviates from the preset."""

    model: str = "starter:minilm-l6"
    real: str = ""
    rows: int = 600
    options: dict[str, Any] = field(default_factory=dict)


TITLER, DINO = f"folder:{MODELS / 'flan-t5-small-titler'}", f"folder:{MODELS / 'dinov2-small'}"
SMOL = "starter:smollm2-135m-instruct"
SHORT: dict[str, Any] = {"preset": "quick", "epochs": 1.0}
CASES = {
    "text-classification": Case(real="text/tweets_emotion.csv", rows=1_500),
    "token-classification": Case(real="ner/wnut17_train.conll", rows=1_000),
    "question-answering": Case(real="questions/xquad_en.csv", rows=200),
    "summarization": Case(TITLER, "summaries/scitldr_train.csv", 120, {"batch_size": 8}),
    "translation": Case(TITLER, rows=160),
    "text2text-generation": Case(TITLER, rows=160),
    "text-generation": Case(SMOL, rows=40),
    "chat": Case(SMOL, "chat/alpaca_en_demo.jsonl", 60),
    "image-classification": Case(DINO, "images/trash_photos.zip", 200, {"epochs": 2.0}),
}


def measure() -> bool:
    """One run a task, as a table; True when the share of arithmetic is as large everywhere as it should be."""
    chosen = os.environ.get("ATELIER_BENCH_TASKS", "").split() or [task.slug for task in TASKS]
    print(f"| {' | '.join(HEADINGS)} |\n|{'---|' * len(HEADINGS)}")
    shares = [_profile(slug, CASES.get(slug, Case())) for slug in chosen]
    return min(shares) >= LEAST_SHARE


def _profile(slug: str, case: Case) -> float:
    """Run, print a line, and return the model's share of what is neither validation nor saving."""
    task = find_task(slug)
    example = next(item for item in EXAMPLES if item.name == task.example)
    file = DATA / case.real if case.real and (DATA / case.real).exists() else example.path
    model = case.model
    if model.startswith("folder:") and not Path(model.removeprefix("folder:")).is_dir():
        model = {"seq2seq": "scratch:t5-tiny", "image": "scratch:vit-tiny"}[task.model_kind]
    wish = {"task": slug, "data": {"file": str(file), "limit": case.rows}, "model": model}
    with tempfile.TemporaryDirectory() as home:
        spec = Path(home, "spec.yaml")
        spec.write_text(yaml.safe_dump(wish | {"options": SHORT | case.options}))
        found = run("lib", "train", str(spec), "--json", home=home)
    seconds = found["seconds"]
    training = seconds["training"]
    parts = {name: seconds.get(name, 0.0) for name in TRAINING_PARTS}
    left = max(0.0, training - sum(parts.values()))
    share = parts["model"] / (parts["model"] + parts["batches"] + left)
    shares = [parts["model"], parts["batches"], left, parts["validating"], parts["saving"]]
    around = [f"{seconds.get(name, 0.0):.1f}" for name in ("starting", "encoding", "scoring", "baselines")]
    told = [
        f"{slug}, {file.name}, {model.rpartition('/')[2]}", found["steps"], found["examples_per_second"],
        f"{training:.1f}", *(f"{part / training:.1%}" for part in shares), f"**{share:.1%}**", " · ".join(around),
    ]  # fmt: skip
    print(f"| {' | '.join(map(str, told))} |", flush=True)
    return share
