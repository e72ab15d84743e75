"""Folds keep together what belongs together, and spread every label."""

import numpy as np
import pandas as pd
import pytest

from lib.data.folds import folds
from lib.data.split import SplitPlan


def table(rows: int = 200) -> pd.DataFrame:
    random = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "text": [f"text number {random.integers(0, rows // 2)}" for _ in range(rows)],
            "label": random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
            "writer": [f"writer {number % 40}" for number in range(rows)],
        }
    ).astype("str")


@pytest.mark.parametrize("count", [2, 4, 10])
def test_the_same_text_is_never_in_two_folds(count: int) -> None:
    frame = table()
    frame.loc[5, "text"] = frame.loc[0, "text"].upper() + "  "
    found = folds(frame, SplitPlan(), count=count, label="label", text=["text"])
    same = frame["text"].str.casefold().str.strip()
    assert found.groupby(same).nunique().max() == 1
    assert sorted(found.unique()) == list(range(count))


def test_rows_of_a_group_are_in_one_fold() -> None:
    frame = table().drop_duplicates("text")
    found = folds(frame, SplitPlan(group="writer"), count=4, label="label", text=["text"])
    assert found.groupby(frame["writer"]).nunique().max() == 1
    assert found.index.equals(frame.index)


def test_every_label_is_spread_evenly() -> None:
    frame = table(2_000).assign(text=[f"text {number}" for number in range(2_000)])
    found = folds(frame, SplitPlan(), count=4, label="label", text=["text"])
    counts = pd.crosstab(frame["label"], found)
    assert (counts.max(axis=1) - counts.min(axis=1)).max() <= 1
    assert found.value_counts().max() - found.value_counts().min() <= 3


def test_the_order_of_the_rows_does_not_matter() -> None:
    frame = table().drop_duplicates("text")
    found = folds(frame, SplitPlan(), count=4, label="label", text=["text"])
    turned = frame.iloc[::-1]
    assert folds(turned, SplitPlan(), count=4, label="label", text=["text"]).sort_index().equals(found)


def test_a_relabelled_row_stays_with_its_copies() -> None:
    """Two rows of one text and two labels are one unit, whatever their labels say."""
    frame = pd.DataFrame({"text": ["x", "x", *map(str, range(30))], "label": ["a", "b", *["a", "b"] * 15]})
    found = folds(frame, SplitPlan(), count=4, label="label", text=["text"])
    assert found[0] == found[1]
