"""Words counted on bytes are the words that a regular expression finds."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lib.data import word_counts as module
from lib.data.word_counts import word_counts

TEXTS = [
    "",
    " ",
    "one",
    " one  two\n",
    "\tα β γ\r\n",
    "a b",
    "end ",
    None,
    "😂 😂",
    "x\x0by z\x0cw",
    "这家 餐厅",
]


@pytest.mark.parametrize("rows", [3, 20_000])
def test_they_are_those_of_a_regular_expression(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS", rows)
    random = np.random.default_rng(0)
    texts = TEXTS + ["".join(random.choice(list("ab \n\té"), 30)) for _ in range(200)]
    cells = pa.array(texts, pa.large_string())
    expected = pc.fill_null(pc.count_substring_regex(cells, r"\S+"), 0)
    assert word_counts(cells).tolist() == expected.to_pylist()
    assert word_counts(cells.slice(5, 40)).tolist() == expected.to_pylist()[5:45]


def test_no_text_and_only_missing_ones_have_no_words() -> None:
    assert word_counts(pa.array([], pa.large_string())).tolist() == []
    assert word_counts(pa.array([None, None], pa.large_string())).tolist() == [0, 0]
