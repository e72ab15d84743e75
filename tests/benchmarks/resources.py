"""How near `estimate` comes to a real run, by formula and measured, in memory and time."""

import tempfile
from pathlib import Path

import yaml

from tests.benchmarks.training import TWEETS, run


def measure() -> bool:
    """Estimate a quick run, make it, and print both. Nothing fails here: the next benchmark is the promise."""
    if not TWEETS.is_file():
        print(f"skipped: needs {TWEETS}")
        return True
    with tempfile.TemporaryDirectory() as home:
        spec = Path(home, "spec.yaml")
        wish = {
            "task": "text-classification",
            "data": {"file": str(TWEETS)},
            "model": "starter:minilm-l6",
            "options": {"preset": "quick"},
        }
        spec.write_text(yaml.safe_dump(wish))
        formula = run("lib", "estimate", str(spec), "--json", home=home)
        measured = run("lib", "estimate", str(spec), "--measure", "--json", home=home)
        real = run("lib", "train", str(spec), "--json", home=home)
    seconds, memory = real["seconds"]["total"], real["peak_memory_mb"]
    for name, found in (("formula", formula), ("measured", measured)):
        print(
            f"{name:<9} {found['seconds']:6.0f} s ({found['seconds'] / seconds - 1:+.0%}), "
            f"{found['memory_mb']:6.0f} MB ({found['memory_mb'] / memory - 1:+.0%})"
        )
    print(f"real      {seconds:6.0f} s, {memory:6.0f} MB")
    return True
