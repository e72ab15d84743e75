"""The calibration view of the Evaluate page, on runs written by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_finished_runs import HOSTILE, finished_run
from fake_shapes import LABELS, many_labels_run, number_run
from test_evaluate_page import address, headings, judged, listed, opened

from lib.analysis.calibration import in_bin, measures
from lib.analysis.chances import Chances
from lib.analysis.temperature import fit_temperature
from lib.runs.folder import RunFolder


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def chances_of(run: RunFolder, split: str) -> Chances:
    frame = judged(run, split)
    return Chances.of(frame["scores"].to_list(), frame["gold"], ["anger", "joy", "sadness"])


def test_it_says_the_ece_what_chance_alone_makes_and_the_fitted_temperature(home: Path) -> None:
    run = finished_run(rows=600)
    app = opened(run, view="calibration")
    shown = {metric.label: metric.value for metric in app.metric}
    found, fitted = measures(chances_of(run, "test")), fit_temperature(chances_of(run, "validation"))
    assert fitted is not None
    assert shown["ECE, top label, 15 equal-width bins"] == f"{found.ece:.3f}"
    assert shown["Temperature that fits best"] == f"{fitted.value:.2f}"
    said = " ".join(caption.value for caption in app.caption)
    assert "M = 15 bins, N = 300 test rows, 95 % interval" in said
    assert "Expected if perfectly calibrated" in said and "300 validation rows" in said


def test_a_link_reopens_a_bin_with_exactly_its_rows(home: Path) -> None:
    run = finished_run(rows=600)
    frame = judged(run)
    inside = in_bin(chances_of(run, "test").confidence, 7, 9)
    app = opened(run, view="calibration", bin="7-9@1")
    assert f"**{inside.sum()} rows**, {frame['correct'].to_numpy()[inside].sum()} of them right" in headings(
        app
    )
    assert len(listed(app)) == min(50, inside.sum())
    app.button(key="clear bin").click().run()
    assert address(app, "bin") is None and "of them right" not in headings(app)


def test_a_bin_at_a_temperature_holds_the_rows_that_lie_in_it_there(home: Path) -> None:
    run = finished_run(rows=600)
    inside = in_bin(chances_of(run, "test").at(0.5).confidence, 10, 12)
    app = opened(run, view="calibration", bin="10-12@0.5", temperature="0.5")
    assert f"**{inside.sum()} rows**" in headings(app)


def test_the_slider_writes_the_address_and_the_address_moves_the_slider(home: Path) -> None:
    app = opened(finished_run(rows=400), view="calibration", temperature="2.5")
    assert app.slider(key="calibration temperature").value == 2.5
    app.slider(key="calibration temperature").set_value(0.8).run()
    assert address(app, "temperature") == "0.8"
    app.button(key="fitted temperature").click().run()
    assert address(app, "temperature") is None


@pytest.mark.parametrize(
    ("name", "value"), [("bin", "9-3@1"), ("bin", "<script>"), ("temperature", "0"), ("temperature", "x")]
)
def test_an_address_that_makes_no_sense_is_passed_over(home: Path, name: str, value: str) -> None:
    app = opened(finished_run(), view="calibration", **{name: value})
    assert "of them right" not in headings(app) and len(app.metric) > 3


@pytest.mark.parametrize("labels", [("only",), HOSTILE])
def test_one_class_and_hostile_labels_are_shown(home: Path, labels: tuple[str, ...]) -> None:
    app = opened(finished_run(labels=labels, texts=HOSTILE), view="calibration", bin="0-15@1")
    assert len(listed(app))


def test_without_validation_rows_there_is_no_temperature_and_the_page_says_why(home: Path) -> None:
    run = finished_run(rows=300)
    frame = pd.read_parquet(run.predictions_path)
    frame[frame["split"] == "test"].to_parquet(run.predictions_path, index=False)
    app = opened(run, view="calibration")
    assert {m.label: m.value for m in app.metric}["Temperature that fits best"] == "–"
    assert "fitted on validation rows, and this run has fewer than 20" in " ".join(
        c.value for c in app.caption
    )


def test_one_of_several_labels_is_judged_by_its_own_probability(home: Path) -> None:
    run = many_labels_run()
    frame = judged(run)
    label = LABELS[2]
    probability = np.stack(frame["scores"].to_list())[:, 2]
    inside = in_bin(probability.astype(float), 0, 6)
    app = opened(run, view="calibration", label=label, bin="0-6@1")
    true = sum(f'"{label}"' in cell for cell in frame["gold"].to_numpy()[inside])
    assert f"**{inside.sum()} rows**, {true} of them true" in headings(app)


def test_a_run_without_probabilities_does_not_offer_it(home: Path) -> None:
    app = opened(number_run(), view="calibration")
    assert not any("ECE" in metric.label for metric in app.metric)
