"""The views of small changes and of the map on the Evaluate page, with a model that answers by rule."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_finished_runs import HOSTILE, finished_run
from fake_shapes import many_labels_run, number_run
from streamlit.testing.v1 import AppTest

from lib.inference.predict import Predictions
from lib.runs.folder import RunFolder
from lib.tasks.outputs import LabelScores

PAGE = Path(__file__).resolve().parents[2] / "pages" / "4_Evaluate.py"
ASKED: list[list[str]] = []


@pytest.fixture(autouse=True)
def _by_rule(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No queue, no host: the model says "joy" whatever it reads, and a map is a line."""
    ASKED.clear()

    def says_joy(ref: str, rows: pd.DataFrame, columns: Mapping[str, str], **_: Any) -> Predictions:
        ASKED.append(rows[columns["text"]].tolist())
        frame = pd.DataFrame({"predicted": ["joy"] * len(rows)})
        return Predictions(frame, LabelScores(("joy",)), 0.1)

    def in_a_line(ref: str, rows: pd.DataFrame, columns: Mapping[str, str], **_: Any) -> pd.DataFrame:
        places = np.arange(len(rows), dtype=float)
        return pd.DataFrame({"x": places, "y": places, "nearest": [[0]] * len(rows)})

    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    monkeypatch.setattr("lib.ui.evaluate_changes.predict", says_joy)
    monkeypatch.setattr("lib.ui.evaluate_map.map_rows", in_a_line)


def opened(run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in ({"run": run.id} | parameters).items():
        app.query_params[name] = value
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    assert not (app.error and "fault of Atelier" in app.error[0].value), app.error
    return app


def click(app: AppTest, label: str) -> AppTest:
    return checked(next(button for button in app.button if button.label.startswith(label)).click().run())


def address(app: AppTest, name: str) -> str | None:
    value = app.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def table(app: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in app.dataframe if column in frame.value)


def test_one_click_asks_every_change_and_says_what_each_costs(home: Path) -> None:
    app = click(opened(finished_run(), view="robustness"), "Try the changes")
    lines = table(app, "Same answer").set_index("Change")
    assert {"Typing mistakes", "ALL CAPITALS", "No punctuation"} >= set(lines.index[:1])
    capitals = lines.loc["ALL CAPITALS"]
    assert capitals["Rows"] == 120 and capitals["Difference"].startswith("−")
    assert all(text == text.upper() for text in ASKED[1])


def test_what_was_asked_is_kept_and_not_asked_again(home: Path) -> None:
    run = finished_run()
    click(opened(run, view="robustness"), "Try the changes")
    asked = len(ASKED)
    app = opened(run, view="robustness")
    assert len(ASKED) == asked and len(table(app, "Same answer"))
    assert not any(button.label.startswith("Try the changes") for button in app.button)


def test_a_change_that_touches_no_row_is_said_to_and_never_asked(home: Path) -> None:
    app = click(opened(finished_run(texts=["123", "456"]), view="robustness"), "Try the changes")
    said = " ".join(caption.value for caption in app.caption)
    assert said.count("no row is changed by it") == 6 and not ASKED


@pytest.mark.parametrize("view", ["robustness", "map"])
@pytest.mark.parametrize("make", [finished_run, many_labels_run, number_run], ids=lambda make: make.__name__)
def test_the_views_open_for_every_shape_that_they_serve(home: Path, make: Any, view: str) -> None:
    app = opened(make(), view=view)
    assert any(button.label.startswith(("Try the changes", "Draw")) for button in app.button)


@pytest.mark.parametrize("view", ["robustness", "map"])
def test_texts_that_look_like_markup_do_no_harm(home: Path, view: str) -> None:
    app = opened(finished_run(labels=HOSTILE, texts=HOSTILE), view=view)
    app = click(app, "Try the changes" if view == "robustness" else "Draw")
    assert app.get("plotly_chart")


def test_a_part_of_the_map_in_the_address_lists_its_rows(home: Path) -> None:
    run = finished_run()
    click(opened(run, view="map"), "Draw the map of 120 rows")
    app = opened(run, view="map", area="-1,-1;-1,4.5;4.5,4.5;4.5,-1")
    assert any(text.value == "**5 rows** chosen on the map" for text in app.markdown)
    assert len(table(app, "Loss")) == 5
    app = click(app, "Clear")
    assert address(app, "area") is None


@pytest.mark.parametrize("area", ["", "x", "1,2;3", "nan,1;2,3;4,5", "1,1;2,2"])
def test_an_area_that_is_none_shows_the_whole_map(home: Path, area: str) -> None:
    run = finished_run()
    click(opened(run, view="map"), "Draw")
    app = opened(run, view="map", area=area)
    assert not any("chosen on the map" in text.value for text in app.markdown)


def test_the_colour_is_in_the_address(home: Path) -> None:
    run = finished_run()
    click(opened(run, view="map"), "Draw")
    app = opened(run, view="map", colour="loss")
    chosen = next(group for group in app.get("button_group") if group.label == "Colour by")
    assert chosen.value == "loss"
