"""Rows of two labels by probability: every row in one bar, as many on each side as the confusion matrix says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.analysis.class_probabilities import BARS, bar_of, class_probabilities, probability_of
from lib.charts.class_probabilities import class_probabilities as chart_of
from lib.runs.folder import RunFolder
from tests.pages.fake_finished_runs import HOSTILE, finished_run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "4_Evaluate.py"
LABELS = ("next", "not next")


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def opened(run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in {"run": run.id, **parameters}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    return app


def test_the_sides_of_a_half_are_the_confusion_matrix(home: Path) -> None:
    judged = pd.read_parquet(finished_run(labels=LABELS).predictions_path)
    table = class_probabilities(judged, LABELS)
    for label in LABELS:
        counts = table[f"rows {label}"]
        true = judged[judged["gold"] == label]
        assert counts[BARS // 2 :].sum() == (true["predicted"] == LABELS[0]).sum()
        assert counts[: BARS // 2].sum() == (true["predicted"] == LABELS[1]).sum()


def test_the_probability_is_that_of_the_scores(home: Path) -> None:
    judged = pd.read_parquet(finished_run(labels=LABELS).predictions_path)
    expected = np.stack(judged["scores"].to_list())[:, 0]
    assert probability_of(judged, LABELS[0]) == pytest.approx(expected, abs=1e-6)


def test_ends_of_bars_belong_to_the_bar_they_begin() -> None:
    ends = np.arange(BARS) / BARS
    assert bar_of(ends).tolist() == list(range(BARS)) and bar_of(np.array([1.0])).tolist() == [BARS - 1]


def test_a_bar_in_the_address_lists_its_rows(home: Path) -> None:
    run = finished_run(labels=LABELS, texts=HOSTILE)
    judged = pd.read_parquet(run.predictions_path).query("split == 'test'")
    table = class_probabilities(judged, LABELS)
    bar = int(table["rows next"].to_numpy().argmax())
    app = opened(run, view="two-labels", part=f"{bar}-0")
    shown = next(part.value for part in app.dataframe if "predicted" in part.value)
    assert len(shown) == table["rows next"][bar] > 0
    app.button(key="clear part").click().run()
    assert not any("predicted" in part.value for part in app.dataframe)


def test_runs_of_more_labels_do_not_offer_it(home: Path) -> None:
    app = opened(finished_run(), view="two-labels")
    assert any("among" in part.value for part in app.markdown)


@pytest.mark.parametrize("part", ["", "99-0", "3-7", "x", "-1-0"])
def test_a_strange_address_chooses_nothing(home: Path, part: str) -> None:
    app = opened(finished_run(labels=LABELS), view="two-labels", part=part)
    assert app.get("plotly_chart")


def test_every_mark_says_which_rows_it_is() -> None:
    judged = pd.DataFrame(
        {"gold": ["a", "b", "b"], "predicted": ["a", "a", "b"], "confidence": [0.9, 0.8, 1.0]}
    )
    figure = chart_of(class_probabilities(judged, ["a", "b"]), ["a", "b"]).figure
    heights = {
        tuple(data): abs(height)
        for trace in figure.data
        for data, height in zip(trace.customdata, trace.y, strict=True)
    }
    assert {data for data, height in heights.items() if height} == {(18, 0), (16, 1), (0, 1)}
