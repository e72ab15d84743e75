"""The thresholds view of the Evaluate page: what the address says is what is counted, costed and listed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_finished_runs import HOSTILE, finished_run
from fake_shapes import LABELS, many_labels_run
from test_evaluate_page import address, headings, judged, listed, opened

from lib.analysis.thresholds import Curve
from lib.runs.folder import RunFolder


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def of_label(run: RunFolder, place: int, label: str, split: str = "test") -> tuple[np.ndarray, np.ndarray]:
    frame = judged(run, split)
    return np.stack(frame["scores"].to_list())[:, place].astype(float), (frame["gold"] == label).to_numpy()


@pytest.mark.parametrize("outcome", ["tp", "fp", "fn", "tn"])
def test_an_outcome_in_the_address_lists_exactly_its_rows(home: Path, outcome: str) -> None:
    run = finished_run(rows=300)
    probability, truth = of_label(run, 1, "joy")
    counts = Curve.of(probability, truth).at(0.3)
    app = opened(run, view="thresholds", label="joy", t="0.3", outcome=outcome)
    shown = listed(app)
    assert len(shown) == min(50, getattr(counts, outcome))
    given = shown["shown"] >= 30
    assert given.all() if outcome in ("tp", "fp") else not given.any()


def test_the_cheapest_threshold_comes_from_the_validation_rows_and_is_costed_on_the_test_rows(
    home: Path,
) -> None:
    run = finished_run(rows=400)
    chosen = Curve.of(*of_label(run, 1, "joy", "validation")).cheapest(1, 5)
    app = opened(run, view="thresholds", label="joy", alarm="1", miss="5")
    assert f"On validation rows **{chosen:.3f}** is cheapest" in headings(app)
    app.button(key="take cheapest").click().run()
    assert float(address(app, "t") or "nan") == round(chosen, 3)
    assert f"At {chosen:.3f}" in headings(app)


def test_the_slider_and_the_costs_write_the_address(home: Path) -> None:
    app = opened(finished_run(), view="thresholds")
    app.slider(key="t in address").set_value(0.25).run()
    app.number_input(key="miss in address").set_value(7.0).run()
    app.slider(key="cover in address").set_value(60.0).run()
    assert [address(app, name) for name in ("t", "miss", "cover")] == ["0.25", "7", "60"]
    assert "only answers the **60 %** of rows" in headings(app)


def test_one_of_several_labels_begins_with_the_threshold_that_the_run_uses(home: Path) -> None:
    app = opened(many_labels_run(), view="thresholds", label=LABELS[1])
    assert app.slider(key="t in address").value == 0.4
    assert "At 0.400" in headings(app)


def test_of_two_labels_the_rarer_one_comes_first(home: Path) -> None:
    run = finished_run(labels=("no", "yes"), rows=300, seed=4)
    counts = judged(run)["gold"].value_counts()
    rarer = counts.idxmin()
    assert counts["no"] != counts["yes"]
    assert opened(run, view="thresholds").selectbox(key="chances label").value == rarer


@pytest.mark.parametrize(
    ("name", "value"), [("t", "nan"), ("t", "7"), ("alarm", "-1"), ("outcome", "<b>"), ("label", "x")]
)
def test_an_address_that_makes_no_sense_is_passed_over(home: Path, name: str, value: str) -> None:
    app = opened(finished_run(), view="thresholds", **{name: value})
    assert "At 0.500" in headings(app)


@pytest.mark.parametrize("labels", [("only",), HOSTILE])
def test_one_class_and_hostile_labels_are_shown(home: Path, labels: tuple[str, ...]) -> None:
    app = opened(finished_run(labels=labels, texts=HOSTILE), view="thresholds", alarm="0", miss="0")
    assert "neither costs anything" in " ".join(caption.value for caption in app.caption)


def test_without_validation_rows_no_threshold_is_chosen(home: Path) -> None:
    run = finished_run(rows=300)
    frame = pd.read_parquet(run.predictions_path)
    frame[frame["split"] == "test"].to_parquet(run.predictions_path, index=False)
    assert "no threshold can be chosen" in headings(opened(run, view="thresholds"))
