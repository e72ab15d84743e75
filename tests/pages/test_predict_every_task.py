"""What the Predict page and command promise for every task, with a real host and real tiny models."""

import ast
import contextlib
import io
import json
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.__main__ import main
from lib.inference.ask import stop_host
from lib.inference.askable import askable_run
from lib.inference.inputs import one_row
from lib.inference.predict import Asking, predict
from lib.inference.snippet import snippet_of
from lib.runs.folder import RunFolder
from lib.settings import get_settings
from lib.tasks import TASKS, find_task
from lib.tasks.base import Task
from lib.tasks.outputs import Continuation, MaskedTokens, Number, Spans, Text, TokenLabels
from lib.ui.task_examples import task_examples
from tests.pages.taught_runs import rows_file, taught_run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "6_Predict.py"
each_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.slug)


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home, and so one model host, for all tasks."""
    folder = tmp_path_factory.mktemp("predict-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(folder))
        patch.setenv("HF_HOME", str(folder / "hf"))
        patch.setattr("lib.runs.queue.start_queue", lambda: None)
        get_settings.cache_clear()
        run_of.cache_clear()
        yield folder
        stop_host()
    get_settings.cache_clear()


@cache
def run_of(slug: str) -> RunFolder:
    """A run of the task, made once."""
    task = find_task(slug)
    return taught_run(task, get_settings().home / "bases" / task.model_kind)


def opened(**parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=120)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    no_fault(app)
    return app


def no_fault(app: AppTest) -> None:
    assert not app.exception
    assert not [error.value for error in app.error]


def said(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption))


@each_task
def test_an_example_is_predicted_by_a_click_and_kept(task: Task) -> None:
    run = run_of(task.slug)
    app = opened(run=run.id, way="one")
    next(button for button in app.button if str(button.key).startswith("example ")).click().run()
    no_fault(app)
    assert " ms" in said(app)
    assert app.query_params["try"]
    assert len((run.path / "tries.jsonl").read_text().splitlines()) == 1


@each_task
def test_a_file_is_predicted_row_by_row(task: Task, tmp_path: Path) -> None:
    app = opened(run=run_of(task.slug).id, way="many")
    path = rows_file(task, tmp_path)
    app.file_uploader[0].upload(path.name, path.read_bytes())
    app.run()
    no_fault(app)
    next(button for button in app.button if button.label == "Predict 3 rows").click()
    app.run()
    no_fault(app)
    shown = app.dataframe[0].value
    assert len(shown) == 3 and shown.filter(like="predicted").notna().all(axis=None)


@each_task
def test_the_command_predicts_a_file(task: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rows_file(task, tmp_path)
    assert main(["predict", run_of(task.slug).id, "--file", str(path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1], parse_constant=pytest.fail)
    assert answer["rows"] == 3 and answer["task"] == task.slug
    assert all(line["predicted"] is not None for line in answer["predictions"])


@pytest.mark.parametrize("way", ["paths", "folder", "table", "text"])
def test_the_command_takes_pictures_in_every_form(
    way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = find_task("image-classification")
    with zipfile.ZipFile(rows_file(task, tmp_path)) as archive:
        archive.extractall(tmp_path / "pictures")
    paths = [str(path) for path in sorted((tmp_path / "pictures").iterdir())]
    table = tmp_path / "pictures" / "list.csv"
    given = {
        "paths": ["--file", *paths],
        "folder": ["--file", str(tmp_path / "pictures")],
        "table": ["--file", str(table)],
        "text": ["--text", paths[0]],
    }[way]
    if way == "table":
        table.write_text("image\n" + "".join(f"{Path(path).name}\n" for path in paths))
    out = tmp_path / "out.csv"
    assert main(["predict", run_of(task.slug).id, *given, "--out", str(out)]) == 0
    kept = pd.read_csv(out)
    assert len(kept) == (1 if way == "text" else 3)
    assert kept["predicted"].notna().all()
    # Whoever reads the file knows which picture is meant.
    assert kept.iloc[:, 0].str.contains("holiday").all()


@each_task
def test_the_snippet_says_what_the_page_says(task: Task) -> None:
    asked = askable_run(run_of(task.slug))
    cells = task_examples(task)[0]
    cells = {role.name: cells[role.name][:120] for role in asked.inputs}
    rows, columns = one_row(asked.inputs, list(cells.values()))
    row = predict(asked.ref, rows, columns).frame.iloc[0]
    assert agrees(asked.output, row, printed(snippet_of(asked, cells, {})))


@pytest.mark.parametrize(
    ("slug", "options"),
    [
        ("summarization", {"num_beams": 3, "max_target_length": 9, "min_new_tokens": 7}),
        ("text-generation", {"max_new_tokens": 11, "repetition_penalty": 1.5}),
    ],
)
def test_settings_change_what_is_written_for_once_and_the_snippet_says_so(
    slug: str, options: dict[str, Any]
) -> None:
    asked = askable_run(run_of(slug))
    role = asked.inputs[0]
    rows, columns = one_row([role], ["the tea was wonderful on a bright morning"])
    cells = {role.name: rows[role.name][0]}
    stored = predict(asked.ref, rows, columns).frame.iloc[0]
    changed = predict(asked.ref, rows, columns, asking=Asking(options=options)).frame.iloc[0]
    assert changed["predicted"] != stored["predicted"]
    assert agrees(asked.output, changed, printed(snippet_of(asked, cells, options)))
    again = predict(asked.ref, rows, columns).frame.iloc[0]
    assert again["predicted"] == stored["predicted"]


@pytest.mark.parametrize("slug", ["fill-mask", "summarization"])
def test_the_model_before_training_answers_beside_it(slug: str) -> None:
    run = run_of(slug)
    app = opened(run=run.id, versus="before")
    next(button for button in app.button if str(button.key).startswith("example ")).click().run()
    no_fault(app)
    assert "Before training" in said(app)
    line = json.loads((run.path / "tries.jsonl").read_text().splitlines()[-1])
    assert [answer["title"] for answer in line["answers"]] == [run.name, "Before training"]


def test_a_text_that_was_cut_says_which_share_was_lost() -> None:
    asked = askable_run(run_of("text-classification"))
    rows, columns = one_row(asked.inputs, ["tea " * 200])
    row = predict(asked.ref, rows, columns).frame.iloc[0]
    assert bool(row["truncated"]) and row["tokens"] == 64
    # Counted without Atelier.
    from transformers import AutoTokenizer

    assert row["tokens_given"] == len(AutoTokenizer.from_pretrained(asked.folder)("tea " * 200)["input_ids"])


def printed(code: str) -> str:
    """What the code prints where Atelier cannot be imported."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "lib", None)
        exec(code, {"__name__": "snippet"})
    return out.getvalue().strip()


def agrees(output: Any, row: "pd.Series[Any]", text: str) -> bool:
    """Whether what a snippet printed is what Atelier said of the same input."""
    match output:
        case Text() | Continuation() | Spans():
            return text == str(row["predicted"]).strip()
        case Number():
            return float(text.split()[0]) == pytest.approx(float(row["predicted"]), rel=1e-4)
        case MaskedTokens():
            best = [ranked[0]["token"] for ranked in json.loads(row["candidates"])]
            return all(token in text for token in best) and len(best) >= 1
        case TokenLabels():
            return len(text.splitlines()) > 0 or json.loads(row["predicted"]) == []
        case _:
            found = ast.literal_eval(text)
            if isinstance(found, dict):
                return max(found, key=found.__getitem__) == row["predicted"]
            if found and isinstance(found[0], list):
                found = found[0]
            if found and isinstance(found[0], dict):
                return max(found, key=lambda item: item["score"])["label"] == row["predicted"]
            return found == json.loads(row["predicted"])
