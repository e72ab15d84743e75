"""Models as ONNX: the folder alone, without torch and without Atelier, says what the run's model says."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib.errors import UserError
from lib.export.base import Made
from lib.export.measured_rows import measured_rows as rows_of
from lib.export.onnx import TOLERANCE, Onnx, OnnxOptions
from lib.export.source import Source, open_source
from lib.export.subjects import load_original
from lib.tasks import TASKS, find_task
from lib.tasks.conversations import asked_of, conversation
from lib.tasks.outputs import ManyLabels, MaskedTokens, Number, Spans, TokenLabels
from lib.tasks.predict import predict_rows
from tests.export.conftest import Finished

# One that reads and one that writes; each of the others takes as long again, so they are slow.
QUICK = {"text-classification": "full", "chat": "lora"}
ROWS = 12


def quiet(words: str, share: float) -> None:
    assert words and 0 <= share <= 1


def exported(source: Source, to: Path, **options: str) -> Made:
    return Onnx().write(source, to, OnnxOptions(**options), quiet)


def given(source: Source, rows: pd.DataFrame) -> list[Any]:
    """What predict.py gets for each row."""
    columns = source.brief.columns
    if source.task.slug == "chat":
        return [asked_of(conversation(cell)) for cell in rows[columns["messages"]]]
    parts = [[str(cell) for cell in rows[name]] for name in source.task.inputs(columns)]
    output = source.task.output(source.brief.target)
    if isinstance(output, Spans):
        return [{"question": one, "context": two} for one, two in zip(*parts, strict=True)]
    if isinstance(output, TokenLabels) and columns.get("tokens"):
        return [json.loads(cell) if cell.startswith("[") else cell.split() for cell in parts[0]]
    return parts[0] if len(parts) == 1 else [list(pair) for pair in zip(*parts, strict=True)]


def expected(source: Source, predictions: pd.DataFrame) -> list[Any]:
    """The predictions as predict.py tells them."""
    match source.task.output(source.brief.target):
        case Number():
            return [pytest.approx(value, rel=1e-4, abs=1e-4) for value in predictions["predicted"]]
        case ManyLabels():
            return [json.loads(cell) for cell in predictions["predicted"]]
        case TokenLabels():
            return [
                [(span["start"], span["end"], span["label"]) for span in json.loads(cell)]
                for cell in predictions["predicted"]
            ]
        case Spans():
            return list(zip(predictions["predicted"], predictions["start"], predictions["end"], strict=True))
        case MaskedTokens():
            return [
                [[one["token"] for one in mask] for mask in json.loads(cell)]
                for cell in predictions["candidates"]
            ]
    return predictions["predicted"].tolist()


def told(source: Source, line: dict[str, Any]) -> Any:
    """One line of predict.py in the same form."""
    match source.task.output(source.brief.target):
        case TokenLabels():
            return [(span["start"], span["end"], span["label"]) for span in line["spans"]]
        case Spans():
            return line["answer"], line["start"], line["end"]
        case MaskedTokens():
            return [[one["token"] for one in mask] for mask in line["masks"]]
    return next(iter(line.values()))


def alone(folder: Path, inputs: list[Any], work: Path) -> list[dict[str, Any]]:
    """What predict.py of the folder says, in a process that can import neither torch nor Atelier."""
    asked = work / "inputs.jsonl"
    asked.write_text("".join(json.dumps(one) + "\n" for one in inputs))
    code = (
        "import runpy, sys\n"
        "sys.modules['lib'] = sys.modules['torch'] = None\n"
        f"sys.argv = ['predict.py', '--file', {str(asked)!r}]\n"
        "sys.path.insert(0, '.')\n"
        "runpy.run_path('predict.py', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert not done.stderr or "Traceback" not in done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def agrees(source: Source, folder: Path, work: Path) -> None:
    rows = rows_of(source).frame.head(ROWS)
    if isinstance(source.task.output(source.brief.target), MaskedTokens):
        column = source.brief.columns["text"]
        rows = rows.assign(**{column: [f"the [MASK] {' '.join(text.split()[:8])}" for text in rows[column]]})
    taught = load_original(source)
    predictions = predict_rows(source.task, taught.model, taught.processor, rows, taught.brief)
    said = alone(folder, given(source, rows), work)
    assert [told(source, line) for line in said] == expected(source, predictions)


def marks(slug: str) -> list[pytest.MarkDecorator]:
    return [] if slug in QUICK else [pytest.mark.slow]


@pytest.mark.parametrize(
    "slug",
    [pytest.param(task.slug, marks=marks(task.slug)) for task in TASKS if task.slug != "summarization"],
)
def test_the_folder_alone_says_what_the_model_says(slug: str, finished: Finished, tmp_path: Path) -> None:
    source = open_source(finished(slug, QUICK.get(slug, "full")))
    made = exported(source, tmp_path / "made")
    checked = made.facts["checked"]
    assert checked["difference"] <= TOLERANCE * max(1.0, checked["largest"]) and checked["rows"] > 0
    if find_task(slug).model_kind != "image":
        assert checked["lengths"][0] < checked["lengths"][1]
    agrees(source, tmp_path / "made", tmp_path)
    for name in ("README.md", "requirements.txt", "predict.json", "config.json"):
        assert (tmp_path / "made" / name).is_file()


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["text-classification", "token-classification", "question-answering"])
def test_a_graph_of_fixed_shape_says_the_same(slug: str, finished: Finished, tmp_path: Path) -> None:
    source = open_source(finished(slug))
    exported(source, tmp_path / "made", shapes="static")
    agrees(source, tmp_path / "made", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["text-classification", "translation", "image-classification"])
def test_eight_bits_are_smaller_and_still_answer(slug: str, finished: Finished, tmp_path: Path) -> None:
    source = open_source(finished(slug))
    whole = exported(source, tmp_path / "whole")
    small = exported(source, tmp_path / "small", precision="int8")
    graphs = [
        sum(path.stat().st_size for path in one.path.glob("*.onnx*")) for one in (whole, small) if one.path
    ]
    graphs = [size + sum(path.stat().st_size for path in one.path.glob("weights.data"))
              for size, one in zip(graphs, (whole, small), strict=True) if one.path]  # fmt: skip
    assert graphs[1] < graphs[0]
    assert len(alone(tmp_path / "small", given(source, rows_of(source).frame.head(3)), tmp_path)) == 3


def test_a_model_that_writes_has_no_fixed_shape(finished: Finished, tmp_path: Path) -> None:
    source = open_source(finished("chat", "lora"))
    with pytest.raises(UserError) as said:
        exported(source, tmp_path / "made", shapes="static")
    assert [problem.code for problem in said.value.problems] == ["onnx-static-writer"]
    assert list(tmp_path.iterdir()) == []
