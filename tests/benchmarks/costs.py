"""What `estimate` says by formula and measured, against the run itself: memory and time for several tasks and methods.

`python -m tests.benchmarks costs` runs all; ATELIER_BENCH_COSTS="tweets-full alpaca-qlora" chooses some.
"""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.benchmarks.tasks import DATA, MODELS, ner
from tests.benchmarks.training import TWEETS, run

# How far from the run each may be, as a share of it.
BOUNDS = {"formula": {"memory": 0.30, "time": 0.30}, "measured": {"memory": 0.15, "time": 0.25}}


@dataclass(frozen=True)
class Pair:
    """A task with a method on real data, small enough for a minute or two."""

    name: str
    task: str
    method: str
    data: dict[str, Any]
    model: str
    options: dict[str, Any] = field(default_factory=dict)
    needs: tuple[Path, ...] = ()


TITLER, DINO = MODELS / "flan-t5-small-titler", MODELS / "dinov2-small"
TWEETS_OF = {"file": str(TWEETS)}
CHATS = DATA / "chat" / "alpaca_en_demo.jsonl"
PHOTOS = DATA / "images" / "trash_photos.zip"
PAPERS = DATA / "summaries" / "scitldr_dev.csv"
REVIEWS = DATA / "nasty" / "drugsComTrain.tsv"
MINILM, SMOLLM = "starter:minilm-l6", "starter:smollm2-135m-instruct"

PAIRS = (
    Pair("tweets-full", "text-classification", "full", TWEETS_OF | {"limit": 3_000}, MINILM),
    Pair("tweets-lora", "text-classification", "lora", TWEETS_OF | {"limit": 3_000}, MINILM),
    Pair("wnut17-full", "token-classification", "full", {"file": ner("train"), "limit": 2_000}, MINILM),
    Pair(
        "trash-full",
        "image-classification",
        "full",
        {"file": str(PHOTOS), "limit": 500},
        f"folder:{DINO}",
        needs=(PHOTOS, DINO),
    ),
    Pair(
        "scitldr-lora",
        "summarization",
        "lora",
        {"file": str(PAPERS), "limit": 200},
        f"folder:{TITLER}",
        needs=(PAPERS, TITLER),
    ),
    Pair(
        "alpaca-qlora",
        "chat",
        "qlora",
        {"file": str(CHATS), "limit": 80},
        SMOLLM,
        {"max_new_tokens": 32},
        needs=(CHATS,),
    ),
    Pair(
        "drugs-head",
        "text-classification",
        "head",
        {"file": str(REVIEWS), "columns": {"text": "review", "label": "rating"}, "limit": 2_000},
        MINILM,
        needs=(REVIEWS,),
    ),
    Pair("masked-full", "fill-mask", "full", TWEETS_OF | {"limit": 1_000}, MINILM),
    Pair(
        "xquad-full",
        "question-answering",
        "full",
        {"file": str(DATA / "questions" / "xquad_en.csv"), "limit": 500},
        MINILM,
    ),
)


def measure() -> bool:
    """Formula, measurement and run of every pair, one after the other; True when all are within the bounds."""
    wanted = os.environ.get("ATELIER_BENCH_COSTS", "").split()
    print("| Task, method | Memory, run | by formula | measured | Time, run | by formula | measured |")
    print("|---|---|---|---|---|---|---|")
    missed = []
    for pair in PAIRS:
        if wanted and pair.name not in wanted:
            continue
        absent = [path for path in (TWEETS, *pair.needs) if not path.exists()]
        if absent:
            print(f"skipped: {pair.name} needs {', '.join(map(str, absent))}")
            continue
        missed += _one(pair)
    for line in missed:
        print(f"out of bounds: {line}")
    return not missed


def _one(pair: Pair) -> list[str]:
    """One line of the table; what is out of bounds, in words."""
    with tempfile.TemporaryDirectory() as home:
        spec = Path(home, "spec.yaml")
        wish = {
            "task": pair.task,
            "data": pair.data,
            "model": pair.model,
            "method": {"name": pair.method},
            # Early stopping would end a run at a moment that nobody can foresee.
            "options": {"preset": "quick", "patience": 0, **pair.options},
        }
        spec.write_text(yaml.safe_dump(wish))
        said = {
            "formula": run("lib", "estimate", str(spec), "--json", home=home),
            "measured": run("lib", "estimate", str(spec), "--measure", "--json", home=home),
        }
        real = run("lib", "train", str(spec), "--json", home=home)
    truth = {"memory": float(real["peak_memory_mb"]), "time": float(real["seconds"]["total"])}
    cells, missed = [], []
    for what, key, unit in (("memory", "memory_mb", "MB"), ("time", "seconds", "s")):
        cells.append(f"{truth[what]:,.0f} {unit}")
        for how, found in said.items():
            error = found[key] / truth[what] - 1
            cells.append(f"{found[key]:,.0f} {unit} ({error:+.0%})")
            if abs(error) > BOUNDS[how][what]:
                missed.append(f"{pair.name}, {what} by {how}: {error:+.0%}, allowed {BOUNDS[how][what]:.0%}")
    print(f"| {pair.task}, {pair.method} ({pair.name}) | {' | '.join(cells)} |", flush=True)
    return missed
