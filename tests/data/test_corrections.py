"""A new version says what changed, leaves the old one alone, and keeps every row in its split."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.data.corrections import Changes, changes_of, save_corrected
from lib.data.dataset import StoredDataset
from lib.data.reviews import Review, latest_reviews, subject_of, write_reviews
from lib.data.split import SplitPlan, assign
from lib.data.store import list_datasets, open_dataset, save
from lib.data.table import Table
from lib.errors import UserError

COLUMNS = {"text": "text", "label": "label"}


def stored(rows: int = 300) -> StoredDataset:
    random = np.random.default_rng(1)
    labels = random.choice(["joy", "anger", "fear"], rows).tolist()
    cells = {"text": [f"text {number}" for number in range(rows)], "label": labels}
    frame = pd.DataFrame(cells).astype("str")
    return save(Table(frame, "moods.csv"), name="moods", task="text-classification", columns=COLUMNS,
                split=SplitPlan())  # fmt: skip


def parts_of(data: StoredDataset) -> "pd.Series[str]":
    return assign(data.read(), data.split or SplitPlan(), label="label", text=["text"])


def corrected(
    data: StoredDataset, reviews: Mapping[int, Review], *, with_test: bool = False
) -> tuple[StoredDataset, Changes]:
    write_reviews(subject_of(data.fingerprint, "label"), reviews.values(), now=5.0)
    known = latest_reviews(subject_of(data.fingerprint, "label"))
    changes = changes_of(data.read()["label"], parts_of(data), known, with_test=with_test)
    made = save_corrected(
        data,
        changes,
        task="text-classification",
        columns=COLUMNS,
        label="label",
        split=data.split or SplitPlan(),
        parts=parts_of(data),
    )
    return made, changes


def rows_in(data: StoredDataset, part: str) -> list[int]:
    return parts_of(data).pipe(lambda parts: parts[parts == part]).index.tolist()


def test_the_new_version_has_the_new_labels_and_the_old_one_stays(home: Path) -> None:
    data = stored()
    before = data.read()
    one, two = rows_in(data, "train")[:2]
    new = "joy" if before["label"][one] != "joy" else "fear"
    made, changes = corrected(
        data, {one: Review(one, "relabel", new, author="Ana"), two: Review(two, "exclude")}
    )
    assert (made.ref, made.parent, made.rows) == ("moods@2", "moods@1", 299)
    assert open_dataset("moods@1").read().equals(before)
    assert made.read()["label"][one if one < two else one - 1] == new
    assert f"text {two}" not in set(made.read()["text"])
    told = open_dataset("moods@2").changes()
    assert told is not None and told.equals(changes.table)
    assert told["from"].tolist() == [before["label"][one], before["label"][two]]
    assert told["change"].tolist() == ["relabelled", "excluded"] and told["author"].tolist() == ["Ana", ""]


def test_every_row_keeps_its_split_though_splits_are_balanced_by_label(home: Path) -> None:
    data = stored()
    before = pd.Series(parts_of(data).to_numpy(), index=data.read()["text"])
    chosen = rows_in(data, "train")[:120]
    made, _ = corrected(data, {row: Review(row, "relabel", "joy") for row in chosen})
    after = pd.Series(parts_of(made).to_numpy(), index=made.read()["text"])
    assert after.equals(before)
    assert made.counts == {part: int((before == part).sum()) for part in ("train", "validation", "test")}
    # What it is for: divided anew by their new labels, rows would have moved between the splits.
    moved = assign(made.read(), SplitPlan(), label="label", text=["text"]).to_numpy() != before.to_numpy()
    assert moved.any()


def test_a_split_column_that_says_all_stays_the_only_one(home: Path) -> None:
    said = ["train"] * 200 + ["valid"] * 50 + ["test"] * 50
    data = _with_split(said)
    made, _ = corrected(data, {0: Review(0, "exclude")})
    assert made.column_names == ("text", "label", "split")
    assert made.split == SplitPlan(column="split")


def _with_split(said: list[str]) -> StoredDataset:
    frame = stored(len(said)).read().assign(split=said)
    return save(Table(frame, "moods.csv"), name="moods", task="text-classification", columns=COLUMNS,
                split=SplitPlan(column="split"))  # fmt: skip


@pytest.mark.parametrize("with_test, changed", [(False, 0), (True, 1)])
def test_test_rows_change_only_where_somebody_says_so(home: Path, with_test: bool, changed: int) -> None:
    data = stored()
    row, other = rows_in(data, "test")[0], rows_in(data, "train")[0]
    made, changes = corrected(
        data, {row: Review(row, "exclude"), other: Review(other, "exclude")}, with_test=with_test
    )
    assert made.rows == 299 - changed
    assert changes.held == 1 - changed


def test_decisions_go_along_to_the_new_version(home: Path) -> None:
    data = stored()
    first, second, third = rows_in(data, "train")[:3]
    old = data.read()["label"][second]
    new = "joy" if old != "joy" else "fear"
    made, _ = corrected(
        data,
        {
            first: Review(first, "exclude"),
            second: Review(second, "relabel", new, author="Ana"),
            third: Review(third, "accepted", author="Bo"),
        },
    )
    found = latest_reviews(subject_of(made.fingerprint, "label"))
    assert [(review.row, review.status, review.author) for review in found.values()] == [
        (second - 1, "accepted", "Ana"),
        (third - 1, "accepted", "Bo"),
    ]
    assert f"Was “{old}”" in found[second - 1].note


def test_a_label_that_is_there_already_changes_nothing(home: Path) -> None:
    data = stored()
    row = rows_in(data, "train")[0]
    with pytest.raises(UserError, match="No row would change"):
        corrected(data, {row: Review(row, "relabel", str(data.read()["label"][row]))})
    assert [version.ref for version in list_datasets()] == ["moods@1"]
