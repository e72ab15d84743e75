"""Training on the emotion tweets: Atelier's default preset against the textbook recipe, in one sitting."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TWEETS = ROOT.parent / "shared" / "data" / "text" / "tweets_emotion.csv"
LEAST_RATIO, MOST_LOST, LEAST_SCORE = 4.0, 0.01, 0.761


def run(*arguments: str, home: str) -> dict[str, Any]:
    """The JSON object that a module prints last."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=os.environ | {"ATELIER_HOME": home, "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    value = json.loads(done.stdout.strip().splitlines()[-1])
    assert isinstance(value, dict)
    return value


def measure() -> bool:
    """Both recipes with the same epochs, batch size, learning rate and seed; True when the targets are met."""
    if not TWEETS.is_file():
        print(f"skipped: needs {TWEETS}")
        return True
    with tempfile.TemporaryDirectory() as home:
        spec = Path(home, "spec.yaml")
        wish = {"task": "text-classification", "data": {"file": str(TWEETS)}, "model": "starter:minilm-l6"}
        spec.write_text(yaml.safe_dump(wish))
        ours = run("lib", "train", str(spec), "--json", home=home)
        options = json.loads(Path(ours["folder"], "spec.json").read_text())["options"]
        chosen = [str(options[name]) for name in ("epochs", "batch_size", "learning_rate", "seed")]
        theirs = run("tests.benchmarks.textbook", str(TWEETS), *chosen, home=home)
    ratio = ours["examples_per_second"] / theirs["examples_per_second"]
    score = ours["scores"]["test"]["macro_f1"]
    print(
        f"textbook: {theirs['examples_per_second']:6.1f} examples/s, test macro-F1 {theirs['macro_f1']:.4f}"
    )
    print(
        f"atelier:  {ours['examples_per_second']:6.1f} examples/s, test macro-F1 {score:.4f} ({ours['precision']})"
    )
    print(f"ratio:    {ratio:.2f} × (target: {LEAST_RATIO} ×), {ours['peak_memory_mb']:,} MB at most")
    return ratio >= LEAST_RATIO and score >= theirs["macro_f1"] - MOST_LOST and score >= LEAST_SCORE
