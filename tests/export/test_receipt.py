"""The receipt of a converted model: measured in fresh processes, told in a sentence."""

from pathlib import Path
from typing import Any

import pytest

from lib.errors import UserError
from lib.export.base import Stopped
from lib.export.measured_rows import MOST_ROWS, MOST_WRITTEN, most_rows
from lib.export.onnx import Onnx, OnnxOptions
from lib.export.receipt import measure_export
from lib.export.receipt_words import sentence as receipt_sentence
from lib.export.source import open_source
from lib.export.subjects import Subject
from tests.export.conftest import Finished


def measured(*, pace: float, size: int, same: int = 1418, of: int = 1421) -> dict[str, Any]:
    def side(bytes_: int, p50: float) -> dict[str, Any]:
        times = {"p50_ms": p50, "p95_ms": 2 * p50, "rows_per_second": 1000 / p50}
        return {"bytes": bytes_, "batch_1": {"batch": 1, **times}, "batch_32": {"batch": 32, **times}}

    return {
        "same": {"rows": same, "of": of, "what": "label"},
        "original": side(1000, 10.0),
        "made": side(size, 10.0 / pace),
    }


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"pace": 2.1, "size": 260},
            "The same label on 1,418 of 1,421 test rows; 2.1× as fast, one row at a time; 0.26 of the size.",
        ),
        (
            {"pace": 0.5, "size": 2000, "same": 3, "of": 3},
            "The same label on 3 of 3 test rows; 2.0× as slow, one row at a time; 2.00 times the size.",
        ),
        (
            {"pace": 1.01, "size": 1000, "same": 0, "of": 0},
            "The same label on no row; as fast, one row at a time; 1.00 of the size.",
        ),
    ],
)
def test_the_sentence_says_answers_speed_and_size(facts: dict[str, Any], sentence: str) -> None:
    assert receipt_sentence(measured(**facts)) == sentence


def test_a_graph_is_measured_beside_the_original(finished: Finished, tmp_path: Path) -> None:
    source = open_source(finished("text-classification"))
    steps: list[float] = []
    made = Onnx().write(source, tmp_path / "made", OnnxOptions(), lambda words, share: None)
    found = Onnx().measure(made, source, lambda words, share: steps.append(share))
    assert steps == sorted(steps) and steps[0] >= 0 and steps[-1] <= 1
    rows = source.result["rows"]["test"]
    assert found["rows"] == {"judged": rows, "test": rows}
    assert found["same"] == {"rows": rows, "of": rows, "what": "label"}
    assert found["original"]["scores"]["macro_f1"] == pytest.approx(
        source.result["scores"]["test"]["macro_f1"]
    )
    assert found["score"]["original"] == found["score"]["made"]
    assert found["numbers"]["greatest"] <= found["numbers"]["tolerance"]
    assert found["made"]["bytes"] == made.bytes
    for side in ("original", "made"):
        for batch, size in (("batch_1", 1), ("batch_32", 32)):
            times = found[side][batch]
            assert times["batch"] == size and 0 < times["p50_ms"] <= times["p95_ms"]
            assert times["rows_per_second"] == pytest.approx(size / times["p50_ms"] * 1000)
    assert {line["label"] for line in found["labels"]} <= set(source.brief.target["labels"])
    assert not list(source.run.path.glob(".measuring*"))
    table, labels = found["tables"]
    said = " ".join(found["sentences"])
    assert [line[0] for line in table["rows"]][0::4] == ["Size on disk", "Macro-F1"]
    assert len(labels["rows"]) == len(found["labels"])
    assert f"all {rows:,} test rows" in said and "within this format's tolerance" in said


def test_a_measurement_that_is_stopped_ends_its_process_and_leaves_nothing(finished: Finished) -> None:
    source = open_source(finished("text-classification"))

    def stop(words: str, share: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        measure_export(source, Subject("original", source.model), stop, made_bytes=1, tolerance=1.0)
    assert not list(source.run.path.glob(".measuring*"))


@pytest.mark.slow
def test_a_folder_that_cannot_be_read_is_named_in_a_sentence(finished: Finished, tmp_path: Path) -> None:
    source = open_source(finished("text-classification"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError) as said:
        measure_export(
            source, Subject("folder", tmp_path / "empty"), lambda *_: None, made_bytes=1, tolerance=1.0
        )
    assert said.value.problems[0].code == "no-tokenizer"


def test_models_that_write_are_measured_on_fewer_rows(finished: Finished) -> None:
    assert most_rows(open_source(finished("text-classification"))) == MOST_ROWS
    assert most_rows(open_source(finished("chat", "lora"))) == MOST_WRITTEN < MOST_ROWS
