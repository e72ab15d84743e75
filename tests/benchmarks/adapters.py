"""LoRA and QLoRA with 4 and 8 bits on the same rows: held-out perplexity, the memory of the base model, time a step.

`python -m tests.benchmarks adapters` runs both data sets; ATELIER_BENCH_ADAPTERS="descriptions" chooses one,
ATELIER_BENCH_ROWS (default 500) limits the conversations, ATELIER_BENCH_EPOCHS (default 1) says how often they are seen.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import yaml

from lib.data.examples import EXAMPLES
from tests.benchmarks.training import ROOT, run

MODEL = "starter:smollm2-135m-instruct"
ALPACA = ROOT.parent / "shared" / "data" / "chat" / "alpaca_en_demo.jsonl"
METHODS: dict[str, dict[str, Any]] = {
    "lora": {"name": "lora"},
    "qlora 4": {"name": "qlora", "bits": 4},
    "qlora 8": {"name": "qlora", "bits": 8},
}
# Of 16 bits NF4 keeps 4 and a scale for each 64 weights; what QLoRA may lose against LoRA.
MOST_MEMORY, MOST_LOST = 0.45, 0.05


def cases() -> dict[str, dict[str, Any]]:
    """The data sets by name, as parts of a spec."""
    rows = int(os.environ.get("ATELIER_BENCH_ROWS", "500"))
    descriptions = next(example for example in EXAMPLES if example.name == "product-descriptions")
    return {
        "alpaca": {"task": "chat", "data": {"file": str(ALPACA), "limit": rows}},
        "descriptions": {"task": "text-generation", "data": {"file": str(descriptions.path), "limit": rows}},
    }


def measure() -> bool:
    """Train every method on the chosen data sets; True when every target is met."""
    known = cases()
    chosen = os.environ.get("ATELIER_BENCH_ADAPTERS", "").split() or list(known)
    met = True
    print(
        "| data | method | untuned perplexity | tuned, on the test rows | against LoRA | matrices of the base, MB "
        "(share of bf16) | peak MB | seconds a step |\n|---|---|---|---|---|---|---|---|"
    )
    for name in chosen:
        if not Path(known[name]["data"]["file"]).is_file():
            print(f"| {name} | skipped: needs {known[name]['data']['file']} | | | | | | |")
            continue
        met &= _compare(name, known[name])
    return met


def _compare(name: str, case: dict[str, Any]) -> bool:
    found = {method: _train(case, how) for method, how in METHODS.items()}
    tuned = {method: result["scores"]["test"]["perplexity"] for method, result in found.items()}
    problems = []
    for method, result in found.items():
        untuned = result["baselines"]["untuned"]["perplexity"]
        low, high = result["intervals"]["test"]["perplexity"]
        against, memory = tuned[method] / tuned["lora"] - 1, result["matrices_mb"]
        # LoRA's base is held in fp32 on a CPU; 16 bits are what it would take at least.
        share = 1.0 if method == "lora" else memory["held"] / memory["bf16"]
        held = memory["bf16"] if method == "lora" else memory["held"]
        print(
            f"| {name} | {method} | {untuned:.2f} | {tuned[method]:.2f} ({low:.2f} to {high:.2f}) | {against:+.1%} "
            f"| {held:.0f} ({share:.2f}) | {result['peak_memory_mb']:,} "
            f"| {result['seconds']['training'] / result['steps']:.2f} |",
            flush=True,
        )
        if tuned[method] >= untuned:
            problems.append(f"{method} does not lower the perplexity")
        if method == "qlora 4" and share > MOST_MEMORY:
            problems.append(f"4 bits take {share:.2f} of bf16, and should take at most {MOST_MEMORY}")
        if method == "qlora 4" and abs(against) > MOST_LOST:
            problems.append(f"{method} ends {against:+.1%} from LoRA, and should within {MOST_LOST:.0%}")
    for problem in problems:
        print(f"missed: {name}: {problem}")
    return not problems


def _train(case: dict[str, Any], how: dict[str, Any]) -> dict[str, Any]:
    options = {"epochs": float(os.environ.get("ATELIER_BENCH_EPOCHS", "1")), "patience": 0}
    with tempfile.TemporaryDirectory() as home:
        spec = Path(home, "spec.yaml")
        spec.write_text(yaml.safe_dump(case | {"model": MODEL, "method": how, "options": options}))
        return run("lib", "train", str(spec), "--json", home=home)
