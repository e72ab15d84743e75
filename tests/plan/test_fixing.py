"""A fix makes a version that says what changed and leaves every other row where it was; versions can be compared."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.data.checks import Edits, Fix
from lib.data.reviews import Review, latest_reviews, subject_of, write_reviews
from lib.data.split import SplitPlan
from lib.data.store import StoredDataset, list_datasets, save
from lib.data.table import Table
from lib.errors import UserError
from lib.plan.fixing import save_fixed
from lib.plan.rows import split_rows
from lib.plan.versions import difference
from lib.tasks import find_task

COLUMNS = {"text": "text", "label": "label"}


def stored(rows: int = 200, **more: list[str]) -> StoredDataset:
    random = np.random.default_rng(2)
    cells = {
        "text": [f"text {n}" for n in range(rows)],
        "label": random.choice(["a", "b"], rows).tolist(),
        **more,
    }
    frame = pd.DataFrame(cells).astype("str")
    return save(
        Table(frame, "t.csv"), name="t", task="text-classification", columns=COLUMNS, split=SplitPlan()
    )


def parts_of(data: StoredDataset) -> "pd.Series[str]":
    return split_rows(data.read(), find_task("text-classification"), data.columns, data.split or SplitPlan())


def fixed(data: StoredDataset, **edits: object) -> StoredDataset:
    return save_fixed(data, Fix("f", "Put it right", "It is right then.", Edits(**edits)), author="Ana")  # type: ignore[arg-type]


def test_rows_left_out_are_said_and_no_other_row_moves(home: Path) -> None:
    data = stored()
    made = fixed(data, drop=np.array([3, 50]))
    before = pd.Series(parts_of(data).to_numpy(), index=data.read()["text"]).drop(["text 3", "text 50"])
    after = pd.Series(parts_of(made).to_numpy(), index=made.read()["text"])
    assert after.equals(before)
    changes = made.changes()
    assert changes is not None
    assert changes[["row", "change", "author"]].values.tolist() == [
        [3, "excluded", "Ana"],
        [50, "excluded", "Ana"],
    ]
    assert made.repairs == ("Put it right (made from version 1).",)


def test_a_changed_label_is_a_relabelling_and_another_cell_is_not(home: Path) -> None:
    data = stored()
    made = fixed(data, column="label", rows=np.array([7]), values=("c",))
    other = fixed(made, column="text", rows=np.array([8]), values=("better",))
    assert made.read()["label"][7] == "c" and other.read()["text"][8] == "better"
    kinds = [version.changes()["change"].tolist() for version in (made, other)]  # type: ignore[index]
    assert kinds == [["relabelled"], ["changed"]]


def test_moved_rows_are_in_the_other_part_and_nobody_else(home: Path) -> None:
    data = stored()
    tests = np.flatnonzero(parts_of(data) == "test")[:2]
    made = fixed(data, moves=tests, to="train")
    differ = np.flatnonzero((parts_of(made) != parts_of(data)).to_numpy())
    assert differ.tolist() == tests.tolist()
    assert difference(data, made).count("moved") == 2


def test_rows_of_a_group_come_into_one_part_and_what_moved_is_said(home: Path) -> None:
    data = stored()
    groups = np.arange(200)
    groups[:10] = 0
    made = fixed(data, group=groups)
    assert made.split is not None and made.split.group == "copies"
    assert parts_of(made)[:10].nunique() == 1
    changes = made.changes()
    assert changes is not None
    moved = np.flatnonzero((parts_of(made) != parts_of(data)).to_numpy())
    assert changes["row"].tolist() == moved.tolist()


def test_a_column_left_out_is_gone(home: Path) -> None:
    made = fixed(stored(extra=["x"] * 200), without="extra")
    assert "extra" not in made.column_names and made.rows == 200


def test_a_fix_that_changes_nothing_makes_no_version(home: Path) -> None:
    data = stored()
    with pytest.raises(UserError, match="No row would change"):
        fixed(data)
    assert len(list_datasets()) == 1


def test_decisions_about_labels_go_along_by_row(home: Path) -> None:
    data = stored()
    write_reviews(subject_of(data.fingerprint, "label"), [Review(9, "accepted", note="sure")])
    made = fixed(data, drop=np.array([3]))
    known = latest_reviews(subject_of(made.fingerprint, "label"))
    assert {row: review.note for row, review in known.items()} == {8: "sure"}


def test_two_versions_are_compared_by_what_is_read(home: Path) -> None:
    data = stored()
    frame = data.read()
    frame.loc[5, "label"] = "c"
    frame = pd.concat([frame.drop(index=[0]), frame.head(1).assign(text="new")], ignore_index=True)
    other = save(
        Table(frame, "t.csv"), name="t", task="text-classification", columns=COLUMNS, split=SplitPlan()
    )
    found = difference(data, other)
    counts = {kind: found.count(kind) for kind in ("added", "gone", "relabelled")}
    assert counts == {"added": 1, "gone": 1, "relabelled": 1}
    [relabelled] = found.table[found.table["change"] == "relabelled"].to_dict("records")
    assert (relabelled["row_before"], relabelled["row_after"], relabelled["answer_after"]) == (5, 4, "c")
    assert difference(data, data).table.empty and difference(data, data).same == 200


def test_a_version_without_the_column_that_is_read_cannot_be_compared(home: Path) -> None:
    data = stored()
    renamed = data.read().rename(columns={"text": "words"})
    other = save(Table(renamed, "t.csv"), name="t", task="text-classification",
                 columns={"text": "words", "label": "label"}, split=SplitPlan())  # fmt: skip
    with pytest.raises(UserError, match="has no column “words”"):
        difference(data, other)
