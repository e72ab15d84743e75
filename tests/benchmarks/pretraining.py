"""Whether pretraining on your texts helps a classifier: same rows, same options, same seeds, with it and without.

`python -m tests.benchmarks pretraining` takes the emotion tweets. For data of your own:
`python -m tests.benchmarks.pretraining TEXTS LABELLED [--task fill-mask] [--model M] [--seeds 3] [--limit ROWS]`.
Keep the test rows of LABELLED out of TEXTS if you want to be strict: pretraining reads texts, never labels.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from scipy import stats

from lib.analysis.intervals import paired_bootstrap
from tests.benchmarks.training import TWEETS, run

SCORE = "macro_f1"


def trained(
    home: str, *, task: str, file: Path, model: str, options: dict[str, Any], limit: int | None
) -> Any:
    """The result of one run made on the command line."""
    spec = Path(home, "spec.yaml")
    data: dict[str, Any] = {"file": str(file)} | ({"limit": limit} if limit else {})
    spec.write_text(yaml.safe_dump({"task": task, "data": data, "model": model, "options": options}))
    return run("lib", "train", str(spec), "--json", home=home)


def test_rows(result: Any) -> pd.DataFrame:
    """The judged test rows of a run in the order of the data set."""
    frame = pd.read_parquet(Path(result["folder"], "predictions.parquet"))
    return frame[frame["split"] == "test"].sort_values("row")


def across(values: Sequence[float]) -> str:
    """The mean of a value per seed with its 95 % interval (Student's t), as far as there is one."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return f"{mean:+.4f} (one seed: no interval)"
    half = float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return f"{mean:+.4f} [{mean - half:+.4f}, {mean + half:+.4f}]"


def compare(
    texts: Path,
    labelled: Path,
    *,
    task: str = "fill-mask",
    model: str = "starter:minilm-l6",
    seeds: int = 3,
    limit: int | None = None,
    pretraining: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
) -> list[float]:
    """Pretrain once, classify from both models with every seed, print; returns the differences by seed."""
    with tempfile.TemporaryDirectory() as home:
        first = trained(home, task=task, file=texts, model=model, options=pretraining or {}, limit=None)
        name = next(iter(first["scores"]["test"].keys() & {"perplexity", SCORE}))
        untuned = first["baselines"].get("untuned", {}).get(name)
        before = f"{untuned:.4g} → " if untuned is not None else ""
        print(
            f"{task} on {first['rows']['train']:,} texts or pairs: {name} {before}{first['scores']['test'][name]:.4g}, "
            f"{first['seconds']['total']:.0f} s",
            flush=True,
        )
        differences = []
        for seed in range(seeds):
            results = {
                start: trained(
                    home,
                    task="text-classification",
                    file=labelled,
                    model=start,
                    options=(options or {}) | {"seed": seed},
                    limit=limit,
                )
                for start in (model, f"run:{first['run']}")
            }
            base, tuned = (test_rows(result) for result in results.values())
            assert base["row"].tolist() == tuned["row"].tolist()
            within = paired_bootstrap(
                base["gold"].tolist(), tuned["predicted"].tolist(), base["predicted"].tolist(), SCORE
            )
            for word, result in zip(("without", "with"), results.values(), strict=True):
                low, high = result["intervals"]["test"][SCORE]
                value = result["scores"]["test"][SCORE]
                print(f"seed {seed} {word:<8} {SCORE} {value:.4f} [{low:.4f}, {high:.4f}]")
            scores = [result["scores"]["test"][SCORE] for result in results.values()]
            differences.append(scores[1] - scores[0])
            noise = "within noise" if within.within_noise else "beyond noise"
            print(
                f"seed {seed} difference on the same {len(base):,} rows: {differences[-1]:+.4f}, {noise}",
                flush=True,
            )
        print(f"with − without over {seeds} seeds: {across(differences)}")
    return differences


def measure() -> bool:
    """The emotion tweets: pretrained on the texts of the training rows, then taught 400 of their labels.

    Nothing fails here: pretraining may help or not, and the figures say which.
    """
    if not TWEETS.is_file():
        print(f"skipped: needs {TWEETS}")
        return True
    tweets = pd.read_csv(TWEETS, dtype="str")
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder, "texts.csv")
        tweets.loc[tweets["split"] == "train", ["text"]].drop_duplicates().to_csv(texts, index=False)
        compare(texts, TWEETS, limit=600, pretraining={"preset": "quick"}, options={"preset": "balanced"})
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare on files of your own."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pretraining", description=__doc__)
    parser.add_argument("texts", type=Path)
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--task", choices=("fill-mask", "next-sentence-prediction"), default="fill-mask")
    parser.add_argument("--model", default="starter:minilm-l6")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=int)
    given = parser.parse_args(arguments)
    compare(
        given.texts.resolve(),
        given.labelled.resolve(),
        task=given.task,
        model=given.model,
        seeds=given.seeds,
        limit=given.limit,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
