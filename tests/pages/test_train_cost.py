"""What the Train page says of the cost, and the clicks that measure it or make it fit."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib.plan import fitting
from lib.plan.measure import Measurement
from lib.runs.folder import list_runs
from lib.runs.memory import Memory
from tests.pages.test_train_page import labelled, no_queue, open_page, store, words

__all__ = ["no_queue"]  # a fixture for every test here
# As `lib.training.measure` writes it: 2 s a step, and 3 s around.
MEASURED = {
    "all_rows": {"train": 96, "validation": 12, "test": 12},
    "features_per_row": 1.0,
    "padding": 1.0,
    "rest_seconds": 3.0,
    "step_seconds": 2.0,
    "save_seconds": 0.0,
    "spent": {"encoding": 0.0, "scoring": 0.0, "validating": 0.0},
    "rows": {"encoding": 96, "scoring": 24, "validating": 12},
    "calls": {"scoring": 2, "validating": 1},
    "peak_memory_mb": 3210.0,
}


def short_of_memory(monkeypatch: pytest.MonkeyPatch, *, total: float, free: float) -> None:
    monkeypatch.setattr(fitting, "memory_here", lambda: Memory(total, free))


def measure(app: AppTest, monkeypatch: pytest.MonkeyPatch, *, found: dict[str, Any] | None) -> AppTest:
    """Click the button; the process that it starts is one that has ended already, with what it found."""

    def start(self: Measurement, plan: Any) -> int:
        self._run.path.mkdir(parents=True)
        state = {"state": "running", "pid": 1, "process_started": 0.0}
        (self._run.path / "state.json").write_text(json.dumps(state))
        if found is not None:
            self._out.write_text(json.dumps(found))
        return 0

    monkeypatch.setattr(Measurement, "start", start)
    return app.button(key="measure cost").click().run()


def test_a_measured_cost_takes_the_place_of_the_formula_and_goes_with_the_choices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = open_page(data=store().ref)
    assert "by formula" in words(app)
    measure(app, monkeypatch, found=MEASURED)
    assert "3.5 GB of memory" in words(app)
    assert "were measured on this machine" in words(app)
    labelled(app.number_input, "Batch size").set_value(4).run()
    assert "3.5 GB of memory" not in words(app)
    assert "by formula" in words(app)
    labelled(app.number_input, "Batch size").set_value(16).run()
    assert "3.5 GB of memory" in words(app)
    # What only multiplies it needs no new measurement.
    labelled(app.number_input, "Epochs").set_value(1.0).run()
    assert "3.5 GB of memory" in words(app)


def test_a_measurement_that_ended_without_a_word_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(data=store().ref)
    measure(app, monkeypatch, found=None)
    assert "The measurement failed" in words(app)
    assert app.button(key="measure cost")


def test_one_click_makes_a_run_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    short_of_memory(monkeypatch, total=64_000, free=950)
    app = open_page(data=store().ref)
    assert "are free now" in words(app)
    app.button(key="make it fit").click().run()
    assert labelled(app.selectbox, "How it learns").value == "lora"
    assert "are free now" not in words(app)
    assert not app.button(key="start training").disabled


def test_a_run_that_cannot_fit_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    short_of_memory(monkeypatch, total=600, free=500)
    app = open_page(data=store().ref)
    assert "this machine allows 0.6 GB" in words(app)
    assert app.button(key="start training").disabled
    assert not list_runs()


def test_a_cancelled_measurement_is_as_if_it_had_never_been(tmp_path: Path) -> None:
    measurement = Measurement(tmp_path)
    assert measurement.standing().name == "none"
    measurement._run.path.mkdir()
    measurement.cancel()
    assert measurement.standing().name == "none"
