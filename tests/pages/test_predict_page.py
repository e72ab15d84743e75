"""The Predict page with a stand-in for the model host: what is asked, what is shown, what can go wrong."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_finished_runs import HOSTILE, finished_run, queued_run
from streamlit.testing.v1 import AppTest

from lib.errors import Problem, UserError
from lib.inference.predict import Predictions
from lib.runs.folder import RunFolder
from lib.tasks.label_scores import from_probabilities
from lib.tasks.outputs import LabelScores

PAGE = Path(__file__).resolve().parents[2] / "pages" / "6_Predict.py"
LABELS = ("anger", "joy", "sadness")
ASKED: list[tuple[str, pd.DataFrame, dict[str, str]]] = []


def stand_in(
    ref: str, rows: pd.DataFrame, columns: Mapping[str, str], *, on_progress: Callable[..., Any] | None = None
) -> Predictions:
    """Predicts joy with 80 % for every row that has a text."""
    ASKED.append((ref, rows, dict(columns)))
    if on_progress is not None:
        for phase in ("waiting", "loading", "predicting"):
            on_progress(len(rows) // 2, len(rows), phase)
    frame = from_probabilities(np.tile([0.1, 0.8, 0.1], (len(rows), 1)), LABELS)
    frame["tokens"], frame["truncated"] = 5, [number == 0 for number in range(len(rows))]
    blank = rows[columns["text"]].isna().to_numpy()
    frame = frame[~blank].set_axis(np.flatnonzero(~blank)).reindex(range(len(rows)))
    return Predictions(frame, LabelScores(LABELS), 0.0123, skipped=int(blank.sum()))


@pytest.fixture(autouse=True)
def _no_processes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ASKED.clear()
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    monkeypatch.setattr("lib.ui.predict_one.is_loaded", lambda ref: False)
    monkeypatch.setattr("lib.ui.predict_one.predict", stand_in)
    monkeypatch.setattr("lib.ui.predict_many.predict", stand_in)


def opened(run: RunFolder | None = None, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in parameters.items():
        app.query_params[name] = value
    if run:
        app.query_params["run"] = run.id
    app.run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption))


def with_file(run: RunFolder, content: bytes, name: str = "rows.csv") -> AppTest:
    app = opened(run, way="many")
    app.file_uploader[0].upload(name, content)
    app.run()
    assert not app.exception
    return app


def test_one_text_gives_a_label_its_confidence_and_the_time(home: Path) -> None:
    run = finished_run()
    app = opened(run)
    app.text_area[0].set_value("what a day")
    press(app, "Predict")
    ref, rows, columns = ASKED[0]
    assert (ref, rows["text"].tolist(), columns) == (f"run:{run.id}", ["what a day"], {"text": "text"})
    assert app.metric[0].value == "joy"
    assert "80\\.0 %" in said(app) and "12 ms" in said(app)
    assert "The text was cut" in said(app)
    assert app.get("plotly_chart")


def test_an_empty_text_asks_for_one(home: Path) -> None:
    app = press(opened(finished_run()), "Predict")
    assert "none was given" in app.error[0].value and not ASKED


def test_an_example_of_the_test_rows_is_predicted_at_once(home: Path) -> None:
    app = opened(finished_run())
    examples = [button for button in app.button if str(button.key).startswith("example ")]
    assert len(examples) == 3
    examples[0].click().run()
    assert ASKED[0][1]["text"].tolist() == [app.text_area[0].value]
    assert app.metric[0].value == "joy"


def test_tries_are_kept_newest_first(home: Path) -> None:
    app = opened(finished_run())
    for text in ("first", "second"):
        app.text_area[0].set_value(text)
        press(app, "Predict")
    assert app.dataframe[0].value["text"].tolist() == ["second", "first"]


def test_a_model_of_pairs_asks_for_two_texts(home: Path) -> None:
    app = opened(finished_run(pairs=True))
    assert [area.label for area in app.text_area] == ["Text", "Second text"]
    app.text_area[0].set_value("one")
    app.text_area[1].set_value("two")
    press(app, "Predict")
    assert ASKED[0][1].iloc[0].to_dict() == {"text": "one", "text_pair": "two"}


def test_what_people_wrote_is_never_markup(home: Path) -> None:
    app = opened(finished_run(labels=HOSTILE, texts=HOSTILE, name="<b>x</b> **y**"))
    for words in (*(b.label for b in app.button), said(app)):
        assert "<script>" not in words and "**bold**" not in words and ":red[x]" not in words


def test_a_file_is_predicted_counted_and_shown_in_pages(home: Path) -> None:
    run = finished_run()
    content = "id,text,predicted\n" + "".join(
        f"{n},{'' if n == 3 else f'words {n}'},mine\n" for n in range(120)
    )
    app = with_file(run, content.encode())
    assert app.selectbox(key=f"rows column run:{run.id} text-classification text 3").value == "text"
    press(app, "Predict 120 rows")
    shown = app.dataframe[0].value
    assert len(shown) == 50
    assert shown["predicted (model)"].isna().tolist() == [n == 3 for n in range(50)]
    assert "1 row has no text" in said(app) and "120 rows in" in said(app)
    app.run()
    assert len(ASKED) == 1, "looking at the result again must not predict again"


def test_columns_that_are_not_recognised_can_be_chosen(home: Path) -> None:
    run = finished_run()
    app = with_file(run, b"a,b\n1,hello there my friend\n2,another long line\n")
    picker = app.selectbox(key=f"rows column run:{run.id} text-classification text 2")
    picker.set_value("b").run()
    press(app, "Predict 2 rows")
    assert ASKED[0][2] == {"text": "b"}


def test_a_file_that_is_no_table_is_said(home: Path) -> None:
    app = with_file(finished_run(), b"\x89PNG\r\n\x1a\n" + bytes(100), "picture.png")
    assert app.error and app.file_uploader


def test_a_host_that_dies_is_said_and_leaves_the_page_usable(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*args: Any, **options: Any) -> Predictions:
        raise UserError(Problem("The model host ended.", fix="Try again."))

    monkeypatch.setattr("lib.ui.predict_one.predict", dies)
    app = opened(finished_run())
    app.text_area[0].set_value("a text")
    press(app, "Predict")
    assert "The model host ended" in app.error[0].value and app.text_area[0].value == "a text"


def test_the_snippet_names_the_model_folder(home: Path) -> None:
    run = finished_run()
    assert str(run.model_path) in opened(run).code[0].value


def test_with_no_runs_the_page_teaches(home: Path) -> None:
    app = opened()
    assert "When a run has finished" in said(app)
    assert "lead on to Data" in [button.key for button in app.button]


def test_a_run_without_a_model_leads_to_runs(home: Path) -> None:
    app = opened(queued_run())
    assert "lead on to Runs" in [button.key for button in app.button]


def test_a_link_to_a_try_opens_it_without_asking_again(home: Path) -> None:
    run = finished_run()
    app = opened(run)
    app.text_area[0].set_value("what a day")
    press(app, "Predict")
    again = opened(run, **{"try": str(app.query_params["try"])})
    assert len(ASKED) == 1
    assert again.metric[0].value == "joy" and again.text_area[0].value == "what a day"


def test_a_link_to_a_judged_row_predicts_it(home: Path) -> None:
    app = opened(finished_run(), split="test", row="130")
    assert ASKED[0][1]["text"].tolist() == ["words of row 130"] == [app.text_area[0].value]


def test_a_row_that_is_not_there_is_passed_over(home: Path) -> None:
    opened(finished_run(), split="test", row="99999")
    assert not ASKED


def test_what_was_tried_can_be_forgotten(home: Path) -> None:
    run = finished_run()
    app = opened(run)
    app.text_area[0].set_value("private")
    press(app, "Predict")
    press(app, "Forget all tries")
    assert not (run.path / "tries.jsonl").exists() and not app.dataframe


def test_two_runs_answer_side_by_side_and_the_difference_is_said(home: Path) -> None:
    run, other = finished_run(), finished_run(guess_seed=5, name="other moods")
    app = opened(run, versus=f"run:{other.id}")
    app.text_area[0].set_value("what a day")
    press(app, "Predict")
    assert [ref for ref, _, _ in ASKED] == [f"run:{run.id}", f"run:{other.id}"]
    assert "Both say joy" in said(app) and len(app.metric) == 2


def test_an_encoder_without_a_head_says_so(home: Path) -> None:
    app = opened(model="starter:minilm-l6")
    assert "has no head" in app.info[0].value and not app.text_area


def test_a_model_that_is_not_there_is_said(home: Path) -> None:
    app = opened(model="folder:/nowhere/at/all")
    assert "does not exist" in app.error[0].value
