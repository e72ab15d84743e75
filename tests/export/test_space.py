"""A demo says what the run says, with plain transformers; Gradio itself is stood in for."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib.data.store import open_dataset
from lib.export.hub import Hub, HubOptions
from lib.export.source import open_source
from lib.export.space import HubSpace, HubSpaceOptions, Space, SpaceOptions
from lib.export.space_app import app_code
from lib.plan.columns import whole_paths
from lib.runs.folder import RunFolder
from lib.tasks import TASKS
from lib.tasks.base import Task
from tests.cards.facts import facts_of
from tests.export.card_rules import complaints, head_of
from tests.export.conftest import Finished
from tests.export.push_hub import PushHub

# What app.py needs of Gradio, and then its own `predict` asked of each row.
STAND_IN = """
import json, sys, types
sys.modules['lib'] = None
class Widget:
    def __init__(self, *given, **named): self.given, self.named = given, named
    def launch(self): raise AssertionError('launched while imported')
names = ('Interface', 'ChatInterface', 'Textbox', 'Label', 'Number', 'HighlightedText', 'Image')
sys.modules['gradio'] = types.SimpleNamespace(**{name: Widget for name in names})
import runpy
app = runpy.run_path('app.py', run_name='app')
if isinstance(app['demo'].given[0], type(app['predict'])) is False: raise AssertionError('no demo')
rows = json.load(sys.stdin)
if app['MODEL'] and rows and 'picture' in rows[0]:
    from PIL import Image
    rows = [[Image.open(row['picture'])] for row in rows]
print(json.dumps([app['predict'](*row) for row in rows]))
"""


def asked(folder: Path, rows: list[Any]) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-c", STAND_IN],
        cwd=folder,
        input=json.dumps(rows),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


def judged(run: RunFolder, count: int = 8) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The first judged rows, and what was read for them under the names of the roles."""
    rows = pd.read_parquet(run.predictions_path).head(count)
    inputs = {name: str(name).removeprefix("input: ") for name in rows if str(name).startswith("input: ")}
    data, task = run.spec.data, open_source(run).task
    files = open_dataset(data.dataset or "").files
    return rows, whole_paths(rows[list(inputs)].rename(columns=inputs), task, data.columns, files)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "demo"


def write(run: RunFolder, folder: Path, **options: Any) -> None:
    Space().write(open_source(run), folder, SpaceOptions(**options), lambda words, share: None)


def test_a_classifier_gives_the_run_s_chances(finished: Finished, folder: Path) -> None:
    run = finished("text-classification")
    write(run, folder)
    rows, read = judged(run)
    said = asked(folder, [[text] for text in read["text"]])
    labels = open_source(run).brief.target["labels"]
    for given, chances in zip(said, rows["scores"], strict=True):
        assert [given[label] for label in labels] == pytest.approx(list(chances), abs=1e-4)


@pytest.mark.parametrize(
    ("task", "method"),
    [
        ("image-classification", "full"),
        pytest.param("text-classification", "lora", marks=pytest.mark.slow),
        pytest.param("next-sentence-prediction", "full", marks=pytest.mark.slow),
        pytest.param("multi-label-classification", "full", marks=pytest.mark.slow),
        pytest.param("text-regression", "full", marks=pytest.mark.slow),
        pytest.param("question-answering", "full", marks=pytest.mark.slow),
        pytest.param("summarization", "full", marks=pytest.mark.slow),
        pytest.param("text-generation", "full", marks=pytest.mark.slow),
        pytest.param("chat", "lora", marks=pytest.mark.slow),
    ],
)
def test_every_shape_says_what_the_run_said(finished: Finished, folder: Path, task: str, method: str) -> None:
    run = finished(task, method)
    write(run, folder)
    rows, read = judged(run, 4)
    source = open_source(run)
    columns = source.task.inputs(source.brief.columns)
    given: list[Any] = read[columns].to_numpy().tolist()
    if task == "image-classification":
        given = [{"picture": str(row[0])} for row in given]
    if task == "chat":
        talks = [json.loads(row[0]) for row in given]
        for talk in talks:
            while talk[-1]["role"] == "assistant":
                talk.pop()
        given = [[talk[-1]["content"], talk[:-1]] for talk in talks]
    said = asked(folder, given)
    expected = rows["predicted"].tolist()
    if task == "text-regression":
        assert said == pytest.approx(expected, rel=1e-4)
    elif task == "multi-label-classification":
        assert [one[1] for one in said] == [", ".join(json.loads(labels)) or "none" for labels in expected]
    elif task == "question-answering":
        assert said == [answer or "The passage does not say." for answer in expected]
    elif isinstance(said[0], dict):
        assert [max(one, key=one.get) for one in said] == expected
    else:
        assert said == expected


@pytest.mark.slow
@pytest.mark.parametrize("task", ["token-classification", "fill-mask"])
def test_spans_and_guesses_have_the_form_that_gradio_shows(
    finished: Finished, folder: Path, task: str
) -> None:
    run = finished(task)
    write(run, folder)
    if task == "fill-mask":
        [said] = asked(folder, [["The weather is [MASK] today."]])
        assert len(said) > 1 and all(0 <= chance <= 1 for chance in said.values())
        return
    text = "Ada Lovelace met Charles Babbage in London."
    empty, said = asked(folder, [[""], [text]])
    assert empty == {"text": "", "entities": []} and said["text"] == text
    assert all(text[one["start"] : one["end"]].strip() and one["entity"] for one in said["entities"])


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.slug)
def test_the_program_of_every_task_is_python_whatever_its_title(task: Task) -> None:
    title = 'x"""\n\'{}\\ {0} <script>'
    code = app_code(task, facts_of(task).brief, model="ada/moods", title=title)
    compile(code, "app.py", "exec")
    assert f"TITLE = {title!r}" in code and "'ada/moods'" in code


def test_the_folder_runs_on_the_hub_as_it_is(finished: Finished, hub: PushHub) -> None:
    run = finished("text-classification")
    made = HubSpace().write(open_source(run), Path("ada/demo"), HubSpaceOptions(), lambda words, share: None)
    files = hub.repo("ada/demo", "space").branches["main"]
    assert made.url == f"{hub.url}/spaces/ada/demo" and hub.repo("ada/demo", "space").private
    card = files["README.md"].decode()
    assert complaints(card, "space") == []
    assert head_of(card)["app_file"] in files and "model/model.safetensors" in files
    assert (
        b"gradio==" in files["requirements.txt"]
        and head_of(card)["sdk_version"].encode() in files["requirements.txt"]
    )
    place = str(run.path.parents[2]).encode()
    assert [name for name, raw in files.items() if place in raw] == []


def test_a_named_model_stays_where_it_is(finished: Finished, hub: PushHub) -> None:
    source = open_source(finished("text-classification"))
    Hub().write(source, Path("ada/moods"), HubOptions(), lambda words, share: None)
    HubSpace().write(source, Path("ada/demo"), HubSpaceOptions(model="ada/moods"), lambda words, share: None)
    files = hub.repo("ada/demo", "space").branches["main"]
    assert set(files) == {".gitattributes", "app.py", "requirements.txt", "README.md"}
    assert head_of(files["README.md"].decode())["models"] == ["ada/moods"]


def test_a_name_that_cannot_be_a_model_is_refused() -> None:
    assert [problem.code for problem in HubSpace().check({"model": "no name"})] == ["hub-address"]
