"""Parquet files: nested values, names of labels, pictures inside, and files that are damaged or too large."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from lib.data.formats import parquet
from lib.data.read import read_table
from lib.errors import UserError
from lib.settings import get_settings


@pytest.fixture(autouse=True)
def own_home(home: Path) -> Path:
    return home


def written(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def test_plain_columns_become_text() -> None:
    table = pa.table(
        {"text": ["a b", None, " "], "n": [1, None, 3], "x": [0.5, None, 2.0], "ok": [True, None, False]}
    )
    frame = read_table(written(table), "rows.parquet").frame
    assert frame.fillna("").to_numpy().tolist() == [["a b", "1", "0.5", "true"], ["", "3", "2.0", "false"]]


def test_nested_values_become_json() -> None:
    table = pa.table(
        {
            "tokens": [["a", "b"]],
            "answers": pa.array([{"text": ["b"], "answer_start": [2]}]),
            "messages": pa.array([[{"role": "user", "content": "hi"}]]),
        }
    )
    frame = read_table(written(table), "rows.parquet").frame
    assert [json.loads(cell) for cell in frame.iloc[0]] == [
        ["a", "b"],
        {"text": ["b"], "answer_start": [2]},
        [{"role": "user", "content": "hi"}],
    ]


def test_numbers_of_labels_become_the_names_that_the_file_gives() -> None:
    features = {
        "label": {"_type": "ClassLabel", "names": ["bad", "good"]},
        "ner_tags": {"_type": "List", "feature": {"_type": "ClassLabel", "names": ["O", "B-PER"]}},
    }
    table = pa.table({"label": [1, 0, -1], "ner_tags": [[0, 1], [0], [1]]}).replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )
    found = read_table(written(table), "rows.parquet")
    assert found.frame["label"].fillna("").tolist() == ["good", "bad", ""]
    assert json.loads(found.frame["ner_tags"][0]) == ["O", "B-PER"]
    assert any("names that the file gives" in sentence for sentence in found.repairs)


def picture(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_pictures_become_files_and_damaged_ones_are_set_aside() -> None:
    cells = [{"bytes": picture("red"), "path": "a.png"}, {"bytes": b"no picture", "path": "b.png"}]
    table = pa.table({"image": pa.array(cells), "label": ["red", "none"]})
    found = read_table(written(table), "rows.parquet")
    assert found.files is not None and len(list(found.files.iterdir())) == 1
    assert found.frame["label"].tolist() == ["red"]
    assert [(line.line, line.text) for line in found.rejected] == [(2, "b.png")]


def test_columns_of_bytes_are_left_out_and_said() -> None:
    found = read_table(written(pa.table({"text": ["a"], "raw": [b"\x00\x01"]})), "rows.parquet")
    assert list(found.frame.columns) == ["text"]
    assert "1 column of bytes was left out (raw)." in found.repairs


def test_a_damaged_file_is_refused_in_words() -> None:
    raw = written(pa.table({"text": ["a b"] * 500}))
    for broken in (raw[:-30], raw[: len(raw) // 2], raw[:4] + b"\xff" * 60 + raw[64:]):
        with pytest.raises(UserError) as refusal:
            read_table(broken, "rows.parquet")
        assert refusal.value.problems[0].code == "broken-parquet"


@pytest.mark.parametrize(
    ("limits", "code"),
    [({"max_rows": 10}, "too-many-rows"), ({"max_unpacked_mb": 1}, "archive-too-large"),
     ({"max_columns": 1}, "too-many-columns")],
)  # fmt: skip
def test_more_than_is_accepted_is_refused(
    limits: dict[str, int], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One long text, repeated: a file of some kilobytes that holds two megabytes.
    raw = written(pa.table({"text": ["long " * 20_000] * 20, "n": range(20)}))
    assert len(raw) < 50_000
    monkeypatch.setattr(parquet, "get_settings", lambda: replace(get_settings(), **limits))
    with pytest.raises(UserError) as refusal:
        read_table(raw, "rows.parquet")
    assert refusal.value.problems[0].code == code


def test_a_cell_over_the_limit_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "get_settings", lambda: replace(get_settings(), max_cell_characters=100))
    found = read_table(written(pa.table({"text": ["short", "x" * 500, "also short"]})), "rows.parquet")
    assert (found.frame["text"].tolist(), [line.line for line in found.rejected]) == (
        ["short", "also short"],
        [2],
    )
