"""Pictures on the pages: small ones in tables, a large one in the opened row, and what was brought to be predicted."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.data.examples import EXAMPLES, load_example
from lib.data.split import SplitPlan
from lib.data.store import StoredDataset, save
from lib.inference.predict import Predictions
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.tasks.brief import Brief
from lib.tasks.label_scores import from_probabilities, judge_labels
from lib.tasks.outputs import LabelScores

PAGES = Path(__file__).resolve().parents[2] / "pages"
LABELS = ("across", "dots", "down")
COLUMNS = {"image": "image", "label": "label"}
SMALL = "data:image/jpeg;base64,"
ASKED: list[pd.DataFrame] = []


def stand_in(
    ref: str, rows: pd.DataFrame, columns: Mapping[str, str], *, on_progress: Callable[..., Any] | None = None
) -> Predictions:
    """Takes every picture for dots."""
    ASKED.append(rows)
    frame = from_probabilities(np.tile([0.1, 0.8, 0.1], (len(rows), 1)), LABELS)
    frame["tokens"], frame["truncated"] = 1, False
    return Predictions(frame, LabelScores(LABELS), 0.0123)


@pytest.fixture(autouse=True)
def _no_processes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ASKED.clear()
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    monkeypatch.setattr("lib.ui.predict_one.is_loaded", lambda ref: False)
    monkeypatch.setattr("lib.ui.predict_one.predict", stand_in)
    monkeypatch.setattr("lib.ui.predict_many.predict", stand_in)


def shapes() -> StoredDataset:
    return save(
        load_example("drawn-patterns"),
        name="shapes",
        task="image-classification",
        columns=COLUMNS,
        split=SplitPlan(),
    )


def finished_run() -> RunFolder:
    """A run on the drawn patterns that takes every picture of 60 for dots; the pictures are named as stored."""
    stored = shapes()
    data = DataSpec(dataset=stored.ref, columns=COLUMNS, fingerprint=stored.fingerprint)
    run = create_run(Spec(task="image-classification", data=data, model="scratch:vit-tiny", name="shapes"))
    rows = stored.read().sample(60, random_state=0)
    guess = from_probabilities(np.tile([0.3, 0.5, 0.2], (60, 1)), LABELS)
    judged = judge_labels(guess, rows["label"], LABELS)
    judged.insert(0, "row", rows.index.to_numpy())
    judged.insert(1, "row_id", [f"{number:016x}" for number in range(60)])
    judged.insert(2, "split", "test")
    judged["tokens"], judged["truncated"] = 1, False
    judged["input: image"] = rows["image"].to_numpy()
    judged.to_parquet(run.predictions_path, index=False)
    target = {"labels": list(LABELS), "counts": dict.fromkeys(LABELS, 80)}
    brief = Brief(COLUMNS, target)
    write_json(run.path / "target.json", target)
    write_json(run.path / "brief.json", brief.to_json())
    scores = {"test": {"macro_f1": 0.17, "accuracy": 0.33}}
    result = {
        "run": run.id,
        "state": "succeeded",
        "task": "image-classification",
        "rows": {"train": 100, "test": 60},
        "scores": scores,
        "baselines": {},
    }
    write_json(run.path / "result.json", result)
    run.model_path.mkdir()
    write_json(run.model_path / "atelier.json", {"task": "image-classification"} | brief.to_json())
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    return run


def opened(page: str, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGES / page), default_timeout=60)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not (app.error and "fault of Atelier" in app.error[0].value), app.error
    return app


def images(app: AppTest) -> list[str]:
    return [image.url for element in app.get("image") for image in element.proto.imgs]


def test_mistakes_are_listed_with_small_pictures_and_the_open_one_is_large(home: Path) -> None:
    app = opened("4_Evaluate.py", run=finished_run().id)
    listed = next(table.value for table in app.dataframe if "input: image" in table.value)
    assert listed["input: image"].str.startswith(SMALL).all()
    assert len(images(app)) == 1 and images(app)[0].startswith("data:image/jpeg")
    assert "Text contains" not in [field.label for field in app.text_input]


def test_a_picture_that_is_gone_is_said_to_be_gone(home: Path) -> None:
    run = finished_run()
    for path in shapes().files_path.iterdir():
        path.unlink()
    app = opened("4_Evaluate.py", run=run.id)
    assert any("no longer there" in caption.value for caption in app.caption)


def test_a_picture_that_was_brought_is_shown_beside_its_label(home: Path) -> None:
    stored = shapes()
    app = opened("6_Predict.py", run=finished_run().id)
    picture = stored.image(stored.read()["image"][0])
    app.file_uploader[0].upload("mine.png", picture.read_bytes())
    next(button for button in app.button if button.label == "Predict").click()
    app.run()
    assert not app.exception
    assert Path(ASKED[0]["image"][0]).read_bytes() == picture.read_bytes()
    assert app.metric[0].value == "dots"
    assert any(url.startswith("data:image/jpeg") for url in images(app))


def test_a_zip_of_pictures_is_predicted_with_whole_paths_and_shown_small(home: Path) -> None:
    app = opened("6_Predict.py", run=finished_run().id, way="many")
    example = next(item for item in EXAMPLES if item.name == "drawn-patterns")
    app.file_uploader[0].upload("new.zip", example.path.read_bytes())
    app.run()
    next(button for button in app.button if button.label.startswith("Predict 240")).click()
    app.run()
    assert not app.exception
    assert all(Path(path).is_file() for path in ASKED[0]["image"])
    assert app.dataframe[0].value["image"].str.startswith(SMALL).all()


def test_a_table_without_pictures_is_refused(home: Path) -> None:
    app = opened("6_Predict.py", run=finished_run().id, way="many")
    app.file_uploader[0].upload("rows.csv", b"image,label\n/etc/hostname,dots\nb.png,down\n")
    app.run()
    assert not ASKED
    assert any("holds no pictures" in error.value for error in (*app.error, *app.markdown))


def test_the_train_page_shows_what_the_model_sees_and_asks_for_no_length(home: Path) -> None:
    app = opened("2_Train.py", data=shapes().ref)
    assert any(expander.label == "What the model sees" for expander in app.expander)
    assert len(images(app)) == 4 * (1 + 3)
    labels = [field.label for field in (*app.number_input, *app.selectbox)]
    assert "Longest text, in tokens" not in labels and "Picture size, in pixels" in labels
