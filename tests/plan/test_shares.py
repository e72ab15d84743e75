"""Shares of the training rows: nested, with the same rows for judging, and the same run in all else."""

import itertools
from pathlib import Path

import pandas as pd
import pytest

from lib.analysis.differing import differing
from lib.errors import UserError
from lib.plan.planner import plan_run
from lib.plan.shares import SHARES, nested, shared
from lib.runs.spec import DataSpec, Spec, spec_from_mapping
from lib.tasks import find_task


@pytest.mark.parametrize("rows", [1, 7, 100])
def test_a_smaller_share_lies_in_every_larger_one_and_keeps_the_order(rows: int) -> None:
    frame = pd.DataFrame({"n": range(rows)})
    parts = [set(nested(frame, share)["n"]) for share in SHARES]
    for larger, smaller in itertools.pairwise(parts):
        assert smaller <= larger
    assert len(parts[0]) == rows and min(map(len, parts)) >= 1
    assert nested(frame, 0.5)["n"].is_monotonic_increasing


def test_the_runs_differ_in_their_share_alone_and_judge_the_same_rows(
    home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    from lib.plan.run_rows import load_rows

    wish = Spec("text-classification", DataSpec(file=str(csv_file)), f"folder:{tiny_encoder}", name="moods")
    specs = shared(plan_run(wish).spec)
    assert list(differing([spec.to_json() for spec in specs])) == ["data.train_share"]
    assert [spec.name for spec in specs][2] == "moods, 25 % of the training rows"
    loaded = [load_rows(spec, find_task(spec.task)) for spec in specs]
    train = [set(rows.frames["train"].index) for rows in loaded]
    assert [len(part) for part in train] == [96, 48, 24, 12]
    assert train[3] < train[2] < train[1] < train[0]
    for part in ("validation", "test"):
        assert len({tuple(rows.frames[part].index) for rows in loaded}) == 1
    assert plan_run(specs[2]).rows["train"] == 24


@pytest.mark.parametrize("share", [0, -1, 1.5, "half", True])
def test_a_share_that_is_none_is_refused(share: object) -> None:
    value = {"task": "x", "model": "y", "data": {"file": "z.csv", "train_share": share}}
    with pytest.raises(UserError, match="train_share"):
        spec_from_mapping(value)
