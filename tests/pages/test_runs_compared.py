"""Any number of runs compared on the Runs page, by the address or by ticks."""

from pathlib import Path

import pandas as pd
import pytest
from fake_compared_runs import EMOJI, many_runs, measured, pair, shapes
from fake_finished_runs import finished_run, queued_run
from streamlit.testing.v1 import AppTest

from lib.runs.folder import RunFolder

PAGE = Path(__file__).resolve().parents[2] / "pages" / "3_Runs.py"


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def opened(compare: list[RunFolder] | str, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=120)
    asked = compare if isinstance(compare, str) else ",".join(run.id for run in compare)
    for name, value in ({"compare": asked} if asked else {} | parameters).items() | parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not (app.error and "fault of Atelier" in app.error[0].value), app.error
    return app


def words(app: AppTest) -> str:
    shown = [*app.subheader, *app.markdown, *app.caption]
    return " ".join(str(element.value) for element in shown).replace("\\", "")


def compared(app: AppTest, column: str = "#") -> pd.DataFrame | None:
    return next((table.value for table in app.dataframe if column in table.value), None)


def charts(app: AppTest) -> list[str]:
    return [name for name in ("compared curves", "compared options") for chart in app.get("plotly_chart")
            if name in str(chart.proto.id)]  # fmt: skip


def test_with_no_run_there_is_nothing_to_compare(home: Path) -> None:
    assert compared(opened("a,b")) is None


def test_with_one_run_nothing_is_said_of_comparing(home: Path) -> None:
    run = finished_run()
    app = opened([run])
    assert compared(app) is None and "Tick" not in words(app)


def test_two_runs_show_curves_and_what_differs_and_lead_to_the_comparison_of_their_rows(home: Path) -> None:
    runs = many_runs(2, seeds=1)
    app = opened(runs)
    table = compared(app)
    assert table is not None and table["#"].tolist() == [1, 2]
    assert {"Learning rate", "Batch size"} <= set(table.columns) and "Epochs" not in table.columns
    assert charts(app) == ["compared curves"]
    assert app.button(key="row by row")


def test_twelve_runs_are_compared_with_parallel_axes(home: Path) -> None:
    runs = many_runs(12)
    app = opened(runs)
    table = compared(app)
    assert (
        table is not None and len(table) == 12 and table["Name"].tolist() == [f"run {n}" for n in range(12)]
    )
    assert charts(app) == ["compared curves", "compared options"]
    assert table["Macro-F1"].notna().all() and table["95 % interval"].str.contains("–").all()
    assert "12 runs compared" in words(app)


@pytest.mark.parametrize("curve", ["train loss", "validation loss", "main score"])
@pytest.mark.parametrize("by", ["step", "epoch", "time"])
def test_the_address_chooses_curve_and_axis(home: Path, curve: str, by: str) -> None:
    app = opened(many_runs(2), curve=curve, by=by)
    assert app.segmented_control(key="curve in address").value == curve
    assert app.segmented_control(key="by in address").value == by and charts(app)


def test_runs_that_differ_in_the_seed_alone_become_one_line_with_mean_and_spread(home: Path) -> None:
    runs = many_runs(5, seeds=3)
    app = opened(runs, group="seed")
    table = compared(app, "Seeds")
    assert (
        table is not None
        and table["Seeds"].tolist() == [3, 1, 1]
        and table["Runs"].tolist() == ["1, 2, 3", "4", "5"]
    )
    scores = pd.Series([(run.result() or {})["scores"]["test"]["macro_f1"] for run in runs[:3]])
    assert table["Mean Macro-F1"].iloc[0] == pytest.approx(scores.mean())
    assert table["±"].iloc[0] == pytest.approx(scores.std(ddof=1)) and table["±"].isna().tolist() == [
        False,
        True,
        True,
    ]
    assert "Seed" not in table.columns


def test_runs_of_different_tasks_are_shown_and_called_incomparable(home: Path) -> None:
    number, text = shapes()["number"][0], measured(pair()[0])
    app = opened([number, text])
    assert "of different tasks" in words(app)
    table = compared(app)
    assert table is not None and "Main score" in table.columns and "Task" in table.columns
    assert not any(button.key == "row by row" for button in app.button)


def test_a_deleted_run_in_the_address_is_said_and_the_others_are_compared(home: Path) -> None:
    first, second = pair()
    app = opened(f"{first.id},no-such-run,<b>x</b>,{second.id}")
    assert "2 runs that cannot be read or are no longer here" in words(app)
    table = compared(app)
    assert table is not None and len(table) == 2
    assert "None of these runs has measured" in words(app)


def test_a_run_that_is_not_finished_has_no_score_yet(home: Path) -> None:
    app = opened([queued_run(name="waiting"), finished_run()])
    table = compared(app)
    assert table is not None and table["Macro-F1"].isna().tolist() == [True, False]


def test_names_and_labels_may_be_pictographs_or_markup(home: Path) -> None:
    runs = [measured(finished_run(labels=EMOJI, name=name)) for name in ("😀 <b>x</b>", "**y** <script>")]
    app = opened(runs)
    table = compared(app)
    assert table is not None and table["Name"].tolist() == ["😀 <b>x</b>", "**y** <script>"]
    assert all("<script>" not in str(element.value) for element in (*app.markdown, *app.caption))


def test_clear_takes_the_comparison_out_of_the_address(home: Path) -> None:
    app = opened(list(pair()))
    app.button(key="clear compared runs").click().run()
    assert compared(app) is None and "compare" not in app.query_params
    assert "Tick two or more runs" in words(app)
