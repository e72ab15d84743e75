"""Rows are found by the words in them, in whatever row group they lie, as they stand and not as a pattern."""

from pathlib import Path

import pandas as pd
import pytest

from lib.data import dataset, store
from lib.data.search import matching_in, matching_rows
from lib.data.store import StoredDataset, save
from lib.data.table import Table


@pytest.fixture
def stored(home: Path, monkeypatch: pytest.MonkeyPatch) -> StoredDataset:
    for module in (dataset, store):
        monkeypatch.setattr(module, "ROW_GROUP", 10)
    cells = [f"row {number} of (many)" for number in range(95)]
    cells[3], cells[41], cells[94] = "Größe: XL", "größe m", "50 % off. Really?"
    other: list[str | None] = [None] * 95
    other[60] = "GRÖSSE"
    return save(Table(pd.DataFrame({"text": cells, "other": other}).astype("str"), "t.csv"), name="t")


SEARCHES = [
    ("größe", None, [3, 41]),
    ("GRÖSSE", ["other"], [60]),
    ("50 % off.", None, [94]),
    ("row 7 of (many)", None, [7]),
    ("(m", ["other"], []),
    (".*", None, []),
    ("  ", None, list(range(95))),
]


@pytest.mark.parametrize(("words", "columns", "rows"), SEARCHES, ids=[repr(case[0]) for case in SEARCHES])
def test_words_are_found_where_they_stand(
    stored: StoredDataset, words: str, columns: list[str] | None, rows: list[int]
) -> None:
    assert matching_rows(stored, words, columns).tolist() == rows
    if columns is None:
        assert matching_in(stored.read(), words).tolist() == rows


def test_single_rows_are_taken_in_the_order_asked_for(stored: StoredDataset) -> None:
    found = stored.take([94, 3, 41], ["text"])
    assert found.index.tolist() == [94, 3, 41]
    assert found["text"].tolist() == stored.read(["text"]).loc[[94, 3, 41], "text"].tolist()
    assert stored.take([]).empty
