"""Checking in a process of its own: it ends with findings, can be cancelled, and is done once for the same rows."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from lib.data.split import SplitPlan
from lib.data.store import StoredDataset, save
from lib.data.table import Table
from lib.plan.checking import Checking, checking_of

COLUMNS = {"text": "text", "label": "label"}


def stored(rows: int) -> StoredDataset:
    random = np.random.default_rng(0)
    texts = [f"{random.integers(1e9)} message about {random.integers(1e9)}" for _ in range(rows)]
    frame = pd.DataFrame({"text": texts, "label": random.choice(["a", "b"], rows)}).astype("str")
    frame.loc[1, "text"] = frame.loc[0, "text"]
    frame.loc[[0, 1], "label"] = ["a", "b"]
    return save(
        Table(frame, "t.csv"), name="t", task="text-classification", columns=COLUMNS, split=SplitPlan()
    )


def checking(rows: int) -> Checking:
    found = checking_of(stored(rows))
    assert found is not None
    return found


def test_a_process_finds_what_is_found_on_the_spot(home: Path) -> None:
    check = checking(300)
    assert check.standing().name == "none"
    check.start()
    deadline = time.monotonic() + 60
    seen = set()
    while check.standing().name == "running" and time.monotonic() < deadline:
        seen.add(check.standing().looks_for)
        time.sleep(0.1)
    assert check.standing().name == "done", (check.folder / "log.txt").read_text()
    there = [finding.to_json() for finding in check.findings() or ()]
    assert there[0]["check"] == "conflicting-labels"
    assert there == [finding.to_json() for finding in check.run_here()]
    assert seen


def test_a_cancelled_one_is_gone_and_leaves_nothing_half_done(home: Path) -> None:
    check = checking(2_000)
    process = psutil.Process(check.start())
    assert check.standing().name == "running"
    assert check.start() == process.pid  # nobody starts it twice
    check.cancel()
    process.wait(20)
    assert check.standing().name == "none"
    assert check.findings() is None


def test_one_that_died_says_so(home: Path) -> None:
    check = checking(50)
    process = psutil.Process(check.start())
    process.kill()
    process.wait(20)
    standing = check.standing()
    assert standing.name == "failed"
    assert standing.problems[0].code == "check-failed"


def test_other_choices_are_another_check(home: Path) -> None:
    data = stored(50)
    one = Checking(data, "text-classification", COLUMNS, SplitPlan())
    other = Checking(data, "text-classification", COLUMNS, SplitPlan(seed=14))
    assert one.key != other.key
    assert Checking(data, "text-classification", COLUMNS, SplitPlan()).key == one.key
