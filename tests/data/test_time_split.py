"""Divided by time, the latest rows are tested; equal texts stay together, and what has no time is not used."""

import numpy as np
import pandas as pd
import pytest

from lib.data.split import SplitPlan, assign
from lib.data.times import moments
from lib.errors import UserError


def frame_of(when: list[str | None], text: list[str] | None = None) -> pd.DataFrame:
    texts = text or [f"text {number}" for number in range(len(when))]
    return pd.DataFrame({"text": texts, "label": ["a", "b"] * (len(when) // 2), "when": when}).astype("str")


def parts_of(frame: pd.DataFrame, **more: object) -> list[str]:
    plan = SplitPlan(train=0.7, validation=0.1, test=0.2, time="when", **more)  # type: ignore[arg-type]
    return assign(frame, plan, label="label", text=["text"]).tolist()


def test_the_latest_are_for_test_and_those_before_for_validation() -> None:
    days = [f"2024-01-{day:02d}" for day in range(1, 21)]
    shuffled = np.random.default_rng(0).permutation(20)
    found = parts_of(frame_of([days[day] for day in shuffled]))
    by_day = {int(day): part for day, part in zip(shuffled, found, strict=True)}
    assert [by_day[day] for day in range(20)] == ["train"] * 14 + ["validation"] * 2 + ["test"] * 4


def test_rows_of_one_moment_are_never_divided() -> None:
    found = parts_of(frame_of(["2020"] * 6 + ["2021"] * 4))
    assert found[:6] == ["train"] * 6 and len(set(found[6:])) == 1


def test_a_text_that_was_there_before_is_not_tested() -> None:
    frame = frame_of([f"2024-01-{day:02d}" for day in range(1, 21)])
    frame.loc[19, "text"] = frame.loc[0, "text"].upper()
    assert parts_of(frame)[19] == "train"


def test_rows_without_a_time_are_not_used() -> None:
    found = parts_of(frame_of([*(f"2024-01-{day:02d}" for day in range(1, 19)), "soon", None]))
    assert pd.isna(found[18]) and pd.isna(found[19])


ORDERS = [
    ("years", ["1999", "2003", "2021"]),
    ("Unix times", ["1600000000", "1600000001.5", "1700000000"]),
    ("days first", ["13/02/2017", "01/03/2017", "02/03/2017"]),
    ("months first", ["02/13/2017", "02/14/2017", "03/01/2017"]),
    ("zones", ["2024-01-01T00:00:00+02:00", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00-05:00"]),
    ("written", ["October 3, 2017", "November 1, 2017", "January 2, 2018"]),
]


@pytest.mark.parametrize("cells", [case[1] for case in ORDERS], ids=[case[0] for case in ORDERS])
def test_times_are_read_as_people_write_them(cells: list[str]) -> None:
    found = moments(pd.Series(cells, dtype="str"))
    assert found.tolist() == sorted(found.tolist()) and not np.isnan(found).any()


def test_a_plan_with_a_time_survives_being_written_and_one_without_is_as_before() -> None:
    plan = SplitPlan(time="when")
    assert SplitPlan.from_json(plan.to_json()) == plan
    assert "time" not in SplitPlan().to_json()


def test_a_time_and_a_split_column_exclude_each_other() -> None:
    with pytest.raises(UserError, match="not both"):
        SplitPlan.from_json({"column": "split", "time": "when"})
