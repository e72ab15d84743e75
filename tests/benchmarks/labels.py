"""The label loop on tweets with planted errors: what a check finds, and what training again on corrected labels brings.

Errors are planted in training and validation rows; the test rows are clean, and the same for every model.
"""

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from lib.analysis.intervals import paired_bootstrap
from lib.analysis.label_issues import LabelIssues, find_issues
from lib.data.corrections import changes_of, save_corrected
from lib.data.reviews import Review
from lib.data.split import SplitPlan
from lib.data.store import open_dataset
from lib.plan.audit import audit_of
from lib.plan.planner import plan_run
from lib.plan.relaunch import relaunch_on
from lib.runs.folder import RunFolder, create_run
from lib.runs.queue import start_waiting_runs
from lib.runs.spec import DataSpec, Spec
from lib.settings import get_settings
from tests.benchmarks.training import TWEETS

FEW, MANY = 0.05, 0.2
LEAST_RECOVERED = 0.5
# Of few planted errors, what the thorough check must find where half of what it names was planted.
LEAST_FOUND = 0.6


def measure() -> bool:
    """True when a thorough check finds few errors, and a reviewed one of many recovers half of the macro-F1 they cost."""
    if not TWEETS.is_file():
        print(f"skipped: needs {TWEETS}")
        return True
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"ATELIER_HOME": home, "HF_HUB_OFFLINE": "1"}
        get_settings.cache_clear()
        met = _recovered(Path(home))
        few, _ = planted(Path(home), FEW)
        spoiled = create_run(plan_run(_wish(few)).spec)
        spoiled.request_stop()  # never trained: a check needs only to know which rows and which model
        _found(spoiled, "quick", few, FEW)
        met &= _found(spoiled, "thorough", few, FEW) >= LEAST_FOUND
    return met


def planted(folder: Path, rate: float, *, seed: int = 1) -> tuple[Path, pd.DataFrame]:
    """The tweets with that share of the training and validation labels replaced by another one, and the truth."""
    frame = pd.read_csv(TWEETS)
    random = np.random.default_rng(seed)
    labels = sorted(frame["label"].unique())
    free = np.flatnonzero((frame["split"] != "test").to_numpy())
    truth = frame["label"].copy()
    for row in random.choice(free, round(rate * len(free)), replace=False):
        frame.loc[row, "label"] = random.choice([label for label in labels if label != truth[row]])
    path = folder / f"planted-{round(100 * rate)}.csv"
    frame.to_csv(path, index=False)
    return path, frame.assign(truth=truth)


def _wish(path: Path) -> Spec:
    data = DataSpec(file=str(path), columns={"text": "text", "label": "label"}, split={"column": "split"})
    return Spec("text-classification", data, "starter:minilm-l6", name=path.stem, options={"seed": 1})


def _done(run: RunFolder) -> RunFolder:
    begun = time.monotonic()
    while run.state().is_active:
        start_waiting_runs()
        time.sleep(0.5)
    assert run.state().state == "succeeded", run.read_log()
    print(f"  ({run.name}: {time.monotonic() - begun:.0f} s)", flush=True)
    return run


def _trained(path: Path) -> RunFolder:
    return _done(create_run(plan_run(_wish(path)).spec))


def _issues(run: RunFolder, how: str) -> tuple[LabelIssues, pd.DataFrame]:
    check = _done(create_run(plan_run(audit_of(run, how=how)).spec))
    table = pd.read_parquet(check.path / "audit.parquet").reset_index(drop=True)
    labels = (check.target() or {})["labels"]
    return find_issues(table["gold"].tolist(), np.stack(table["scores"].to_list()), labels), table


def _ranked(issues: LabelIssues, table: pd.DataFrame) -> np.ndarray:
    """The flagged rows that are no test rows, in the order of the page."""
    order = issues.order("doubt")
    return order[(table["split"].to_numpy() != "test")[order]]


def _found(run: RunFolder, how: str, path: Path, rate: float) -> float:
    """The share of the planted errors in the longest list that begins with half of them right; printed with more."""
    _, frame = planted(path.parent, rate)
    wrong = (frame["truth"] != frame["label"]).to_numpy()
    issues, table = _issues(run, how)
    order = _ranked(issues, table)
    hits = np.cumsum(wrong[order])
    half = np.flatnonzero(hits >= 0.5 * np.arange(1, len(order) + 1))
    first = int(half.max()) + 1 if len(half) else 0
    agree = float(table["correct"].mean())
    print(
        f"{how}, {rate:.0%} planted ({wrong.sum()} of {(table['split'] != 'test').sum()} rows): agrees with {agree:.3f} "
        f"of the labels; {len(order)} flagged hold {hits[-1] / wrong.sum():.0%} of the planted at "
        f"{hits[-1] / len(order):.0%} precision; the first {first} hold {hits[first - 1] / wrong.sum():.0%} at half"
    )
    return float(hits[first - 1] / wrong.sum()) if first else 0.0


def _recovered(home: Path) -> bool:
    """Clean, planted, and after the loop, all with one seed; True when enough comes back."""
    path, frame = planted(home, MANY)
    clean = home / "clean.csv"
    frame.assign(label=frame["truth"]).drop(columns="truth").to_csv(clean, index=False)
    runs = {"clean": _trained(clean), "planted": _trained(path)}
    issues, table = _issues(runs["planted"], "quick")
    order, labels = _ranked(issues, table), np.asarray(issues.labels)
    # A person who reads every flagged row and gives it its true label; and nobody, who takes the first half unread.
    runs["reviewed"] = _again(
        runs["planted"], {int(row): Review(int(row), "relabel", str(frame["truth"][row])) for row in order}
    )
    runs["unread"] = _again(
        runs["planted"],
        {
            int(row): Review(int(row), "relabel", str(labels[issues.suggested[row]]))
            for row in order[: len(order) // 2]
        },
    )
    judged = {name: _test_rows(run) for name, run in runs.items()}
    scores = {name: (run.result() or {})["scores"]["test"]["macro_f1"] for name, run in runs.items()}
    lost = scores["clean"] - scores["planted"]
    for name, run in runs.items():
        low, high = (run.result() or {})["intervals"]["test"]["macro_f1"]
        gain = paired_bootstrap(
            judged[name]["gold"], judged[name]["predicted"], judged["planted"]["predicted"], "macro_f1"
        )
        print(
            f"{name:<9} test macro-F1 {scores[name]:.4f} (95 % {low:.3f} to {high:.3f}), against planted "
            f"{gain.value:+.4f} ({gain.low:+.3f} to {gain.high:+.3f}), recovered {(scores[name] - scores['planted']) / lost:.0%}"
        )
    return (scores["reviewed"] - scores["planted"]) >= LEAST_RECOVERED * lost


def _test_rows(run: RunFolder) -> pd.DataFrame:
    judged = pd.read_parquet(run.predictions_path)
    return judged[judged["split"] == "test"].sort_values("row").reset_index(drop=True)


def _again(run: RunFolder, reviews: Mapping[int, Review]) -> RunFolder:
    """The run again on a version of its data with the reviews made true."""
    spec = run.spec
    stored = open_dataset(str(spec.data.dataset))
    rows = stored.read()
    split = SplitPlan.from_json(spec.data.split or {})
    changes = changes_of(rows["label"], rows["split"], reviews, with_test=False)
    made = save_corrected(
        stored,
        changes,
        task=spec.task,
        columns=spec.data.columns,
        label="label",
        split=split,
        parts=rows["split"],
    )
    return _done(relaunch_on(run, made, corrected=len(changes.table)))
