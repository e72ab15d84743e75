"""The confusion matrix over a run's validations, on the Evaluate page."""

import json
from pathlib import Path

import pandas as pd
import pytest
from fake_finished_runs import HOSTILE, finished_run
from streamlit.testing.v1 import AppTest

from lib.analysis.confusion import ConfusionMatrix
from lib.runs.folder import RunFolder

PAGE = Path(__file__).resolve().parents[2] / "pages" / "4_Evaluate.py"


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def with_validations(
    run: RunFolder, labels: tuple[str, ...], steps: tuple[int, ...] = (10, 20, 30)
) -> RunFolder:
    """Counts as the worker keeps them: at first everything is taken for the first label."""
    frame = pd.read_parquet(run.predictions_path).query("split == 'validation'")
    with run.confusions_path.open("w") as file:
        for place, step in enumerate(steps):
            share = place / (len(steps) - 1)
            guess = frame["predicted"].where(frame.index < share * len(frame), labels[0])
            matrix = ConfusionMatrix.of(frame["gold"], guess, labels=labels)
            cells = {name: getattr(matrix, name).tolist() for name in ("true", "predicted", "rows")}
            file.write(json.dumps({"step": step} | cells) + "\n")
        file.write('{"step": 40, "true": [0')  # a worker that was killed
    return run


def opened(run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in ({"run": run.id, "view": "training"} | parameters).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    return app


def said(app: AppTest) -> str:
    return " ".join(element.value for element in [*app.markdown, *app.caption])


def charts(app: AppTest) -> list[str]:
    return [
        json.loads(chart.proto.spec)["layout"]["title"]["text"].replace("<br>", " ")
        for chart in app.get("plotly_chart")
    ]


LABELS = ("anger", "joy", "sadness")


def test_the_first_and_last_validation_are_compared_in_a_sentence(home: Path) -> None:
    app = opened(with_validations(finished_run(labels=LABELS), LABELS))
    assert "of 120 validation rows right after step 30" in said(app) and "after step 10" in said(app)
    assert "Grew most" in said(app) and "Shrank most" in said(app)
    assert any("from step 10 to step 30" in title for title in charts(app))


def test_the_slider_s_step_stands_in_the_address_and_is_restored(home: Path) -> None:
    run = with_validations(finished_run(labels=LABELS), LABELS)
    app = opened(run, cells="counts")
    app.select_slider(key="step of the matrix").set_value(20).run()
    assert app.query_params["at"] in ("20", ["20"])
    assert any("after step 20" in title for title in charts(app))
    assert any("after step 10" in title for title in charts(opened(run, cells="counts", at="10")))
    assert any("after step 30" in title for title in charts(opened(run, cells="counts", at="77")))


def test_the_first_validation_has_nothing_to_be_compared_with(home: Path) -> None:
    app = opened(with_validations(finished_run(labels=LABELS), LABELS), at="10")
    assert "choose a later one" in said(app)


def test_a_run_that_kept_no_validations_does_not_offer_the_view(home: Path) -> None:
    run = finished_run(labels=LABELS)
    assert "training" not in opened(run).pills[0].options
    assert not any("Over training" in option for option in opened(run).pills[0].options)
    assert any("Over training" in option for option in opened(with_validations(run, LABELS)).pills[0].options)


def test_labels_a_person_wrote_are_no_markup(home: Path) -> None:
    app = opened(with_validations(finished_run(labels=HOSTILE), HOSTILE))
    assert "<script>" not in said(app).replace("\\<", "")
