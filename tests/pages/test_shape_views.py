"""The views of sets of labels and of numbers, on runs written by hand."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_shapes import LABELS, many_labels_run, number_run
from streamlit.testing.v1 import AppTest

from lib.inference.predict import Predictions
from lib.runs.folder import RunFolder
from lib.tasks.label_sets import from_label_probabilities
from lib.tasks.outputs import ManyLabels, Number, Output
from lib.ui.view_many_labels import mistaken_rows
from lib.ui.view_number import erring_rows

PAGES = Path(__file__).resolve().parents[2] / "pages"


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def opened(page: str, run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGES / page), default_timeout=90)
    for name, value in {"run": run.id, **parameters}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    return app


def said(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption))


def listed(app: AppTest) -> pd.DataFrame:
    return next(table.value for table in app.dataframe if "input: text" in table.value)


def judged(run: RunFolder) -> pd.DataFrame:
    frame = pd.read_parquet(run.predictions_path)
    return frame[frame["split"] == "test"]


@pytest.mark.parametrize(
    ("kind", "label", "rows"),
    [
        ("any", None, [1, 2]),
        ("missed", "a", [1]),
        ("added", "b", [1]),
        ("missed", "b", [2]),
        ("right", None, [0, 3]),
        ("right", "a", [0]),
        ("all", None, [0, 1, 2, 3]),
        ("all", "b", [1, 2]),
    ],
)
def test_rows_are_found_by_the_label_that_is_missed_or_added(
    kind: str, label: str | None, rows: list[int]
) -> None:
    frame = pd.DataFrame(
        {
            "row": range(4),
            "gold": ['["a"]', '["a"]', '["b"]', "[]"],
            "predicted": ['["a"]', '["b"]', "[]", "[]"],
            "correct": [True, False, False, True],
            "loss": [0.1, 0.9, 0.5, 0.2],
        }
    )
    found = mistaken_rows(frame, label=label, kind=kind)
    assert sorted(found["row"]) == rows and found["loss"].is_monotonic_decreasing


def test_the_labels_stand_with_their_thresholds_and_the_mistakes_below() -> None:
    run = many_labels_run()
    app = opened("4_Evaluate.py", run)
    wrong = judged(run).query("not correct")
    assert f"**{len(wrong)} rows** of 80 test rows" in said(app)
    assert listed(app)["loss"].is_monotonic_decreasing
    table = next(table.value for table in app.dataframe if "threshold" in table.value)
    assert dict(zip(table["label"], table["threshold"], strict=True)) == dict(
        zip(LABELS, [0.5, 0.4, 0.6], strict=True)
    )
    assert app.metric[0].label == "Macro-F1"
    assert app.button(key="next row").disabled is False and "truly **" in said(app)


def test_the_address_and_the_pickers_choose_a_label_and_a_kind_of_mistake() -> None:
    run = many_labels_run()
    frame = judged(run)
    missed = [
        "comedy" in json.loads(gold) and "comedy" not in json.loads(given)
        for gold, given in zip(frame["gold"], frame["predicted"], strict=True)
    ]
    app = opened("4_Evaluate.py", run, label="comedy", mistake="missed")
    assert f"**{sum(missed)} rows**" in said(app)
    app.selectbox(key="review mistake").set_value("all").run()
    assert app.query_params["mistake"] in ("all", ["all"]) and not app.exception


def test_a_label_that_the_run_does_not_have_is_passed_over() -> None:
    app = opened("4_Evaluate.py", many_labels_run(), label="nonsense", mistake="nonsense")
    assert app.selectbox(key="review mistake").value == "any"


@pytest.mark.parametrize(("side", "rows"), [("all", [2, 0, 1]), ("high", [0]), ("low", [2, 1])])
def test_rows_come_by_the_size_of_their_error(side: str, rows: list[int]) -> None:
    frame = pd.DataFrame({"row": range(4), "gold": [1.0, 1, 1, np.nan], "error": [2.0, -1, -3, np.nan]})
    assert erring_rows(frame, side)["row"].tolist() == rows


def test_numbers_are_shown_in_their_unit_with_the_largest_error_first() -> None:
    run = number_run()
    worst = judged(run)["error"].abs().max()
    app = opened("4_Evaluate.py", run)
    assert app.metric[0].label == "Mean absolute error" and "is worse than the TF\\-IDF baseline" in said(app)
    assert listed(app)["error"].iloc[0].lstrip("+−") == f"{worst:,.0f}"
    assert f"{worst:,.0f} €" in said(app).replace("\\", "")


def test_the_model_with_the_smaller_error_beats_the_mean() -> None:
    app = opened("4_Evaluate.py", number_run())
    assert "The model beats always answering the mean" in said(app)


def test_only_the_rows_that_are_too_low_are_listed_when_asked_for() -> None:
    run = number_run()
    app = opened("4_Evaluate.py", run, side="low")
    assert f"**{(judged(run)['error'] < 0).sum()} rows**" in said(app)
    assert all(error.startswith("−") for error in listed(app)["error"])


def answering(frame: pd.DataFrame, output: Output) -> Callable[..., Predictions]:
    def stand_in(
        ref: str, rows: pd.DataFrame, columns: Mapping[str, str], *, on_progress: Any = None
    ) -> Predictions:
        found = pd.concat([frame] * len(rows), ignore_index=True).assign(tokens=5, truncated=False)
        return Predictions(found, output, 0.01)

    return stand_in


def test_one_text_gets_its_labels_or_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.ui.predict_one.is_loaded", lambda ref: True)
    sets = from_label_probabilities(np.array([[0.7, 0.2, 0.65]]), LABELS, [0.5, 0.5, 0.5])
    number = pd.DataFrame({"predicted": [1234.4]})
    for run, found, output, value in (
        (many_labels_run(), sets, ManyLabels(LABELS, (0.5, 0.5, 0.5)), "comedy, \\<b\\>war\\</b\\>"),
        (number_run(), number, Number("€", 400, 2000, 300), "1,234 €"),
    ):
        monkeypatch.setattr("lib.ui.predict_one.predict", answering(found, output))
        app = opened("6_Predict.py", run)
        app.text_area[0].set_value("a text")
        next(button for button in app.button if button.label == "Predict").click()
        app.run()
        assert not app.exception
        assert app.metric[0].value == value
        assert app.get("plotly_chart")
