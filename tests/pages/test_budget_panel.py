"""What more labels would buy, on the Evaluate page."""

from pathlib import Path

import pytest
from fake_finished_runs import finished_run
from streamlit.testing.v1 import AppTest

from lib.runs.files import write_json
from lib.runs.folder import RunFolder
from lib.runs.spec import DataSpec

PAGE = Path(__file__).resolve().parents[2] / "pages" / "4_Evaluate.py"


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def shares(*parts: float | None) -> list[RunFolder]:
    made = []
    for number, part in enumerate(parts):
        run = finished_run(
            right=0.85 - 0.3 / (1 + 4 * (part or 1)),
            seed=7,
            guess_seed=number,
            rows=600,
            name=f"share {part}",
        )
        data = DataSpec(dataset="moods@1", columns=run.spec.data.columns, train_share=part)
        write_json(run.path / "spec.json", run.spec.changed(data=data, options={"seed": 13}).to_json())
        result = run.result() or {}
        result["rows"]["train"] = round(2000 * (part or 1))
        write_json(run.path / "result.json", result)
        made.append(run)
    return made


def opened(run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in ({"run": run.id, "view": "budget"} | parameters).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    return app


def words(app: AppTest) -> str:
    return " ".join(str(element.value) for element in (*app.markdown, *app.caption)).replace("\\", "")


def test_runs_on_four_shares_say_what_more_rows_would_buy_and_how_sure_that_is(home: Path) -> None:
    runs = shares(None, 0.5, 0.25, 0.125)
    app = opened(runs[0])
    assert "With 500 more training rows (from 2,000 to 2,500) macro-F1 would" in words(app)
    assert "95 % interval" in words(app) and "with one seed a size, the luck of a seed is not in it" in words(
        app
    )
    app.segmented_control(key="more in address").set_value("2000").run()
    assert "With 2,000 more training rows" in words(app)


def test_two_sizes_are_no_curve_and_the_view_is_not_offered(home: Path) -> None:
    app = opened(shares(None, 0.5)[0])
    assert "more training rows" not in words(app)
