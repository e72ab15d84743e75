"""Two runs compared on the Evaluate page: every count leads to its rows, and what cannot be compared is said."""

from pathlib import Path

import pandas as pd
import pytest
from fake_compared_runs import EMOJI, copied, pair, shapes
from fake_finished_runs import HOSTILE, finished_run
from streamlit.testing.v1 import AppTest

from lib.analysis.matrix_change import MatrixChange
from lib.runs.folder import RunFolder
from lib.runs.spec import DataSpec

PAGE = Path(__file__).resolve().parents[2] / "pages" / "4_Evaluate.py"


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def opened(run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in ({"run": run.id, "view": "compare"} | parameters).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not (app.error and "fault of Atelier" in app.error[0].value), app.error
    return app


def address(app: AppTest, name: str) -> str | None:
    value = app.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def words(app: AppTest) -> str:
    return " ".join(str(element.value) for element in (*app.markdown, *app.caption)).replace("\\", "")


def listed(app: AppTest) -> pd.DataFrame:
    return next(table.value for table in app.dataframe if "gain" in table.value)


def judged(run: RunFolder) -> pd.DataFrame:
    frame = pd.read_parquet(run.predictions_path)
    return frame[frame["split"] == "test"].reset_index(drop=True)


def test_the_newest_other_run_is_compared_at_once_and_written_into_the_address(home: Path) -> None:
    first, second = pair(right=(0.5, 0.9))
    app = opened(second)
    assert address(app, "with") == first.id
    assert "This run is better by" in words(app) and "on the same 120 test rows" in words(app)
    assert "exactly these 120 test rows" in words(app)


def test_the_other_way_round_it_is_worse(home: Path) -> None:
    first, second = pair(right=(0.5, 0.9))
    app = opened(first, **{"with": second.id})
    assert "This run is worse by" in words(app)


def test_each_outcome_counts_its_rows_and_opens_them(home: Path) -> None:
    first, second = pair()
    other, this = judged(first), judged(second)
    app = opened(second)
    expected = {
        "both": (other["correct"] & this["correct"]).sum(),
        "this": (~other["correct"] & this["correct"]).sum(),
        "other": (other["correct"] & ~this["correct"]).sum(),
        "neither": (~other["correct"] & ~this["correct"]).sum(),
    }
    for kind, rows in expected.items():
        assert f"**{rows}**" in app.button(key=f"outcome {kind}").label
        if rows:
            app.button(key=f"outcome {kind}").click().run()
            assert address(app, "outcome") == kind
            assert len(listed(app)) == min(rows, 50)
            assert f"**{rows} row{'' if rows == 1 else 's'}**" in words(app)


def test_every_cell_opens_the_rows_that_moved_in_and_out_of_it(home: Path) -> None:
    first, second = pair(labels=("joy", "anger"))
    other, this = judged(first), judged(second)
    change = MatrixChange.of(this["gold"], other["predicted"], this["predicted"])
    app = opened(second)
    for i, true in enumerate(change.labels):
        for j, predicted in enumerate(change.labels):
            app.query_params["true"], app.query_params["predicted"] = true, predicted
            app.run()
            net = f"net {change.counts[i, j]:+d}".replace("-", "−")
            assert net in words(app)
            ways = listed(app)["changed"].tolist() if "**0 rows**" not in words(app) else []
            came, went = (sum(way.startswith(word) for way in ways) for word in ("moved in", "moved out"))
            assert came - went == change.counts[i, j]


def test_the_list_begins_with_the_largest_change_gain_or_loss(home: Path) -> None:
    _, second = pair()
    app = opened(second)
    assert listed(app)["gain"].abs().is_monotonic_decreasing
    app.segmented_control(key="first in address").set_value("gains").run()
    assert listed(app)["gain"].is_monotonic_decreasing and address(app, "first") == "gains"
    app.segmented_control(key="first in address").set_value("losses").run()
    assert listed(app)["gain"].is_monotonic_increasing


@pytest.mark.parametrize("labels", [1, 2, 20, 100, 1000])
def test_any_number_of_labels_is_compared(home: Path, labels: int) -> None:
    _, second = pair(labels=[f"label {number:04d}" for number in range(labels)], rows=1200)
    app = opened(second)
    assert app.get("plotly_chart") and "on the same 600 test rows" in words(app)
    if labels > 300:
        app.toggle(key="compare gathered").set_value(False).run()
        assert not app.exception and not app.error


@pytest.mark.parametrize("shape", ["number", "many labels", "text"])
def test_runs_of_every_other_shape_are_compared_row_by_row(home: Path, shape: str) -> None:
    first, second = shapes()[shape]
    app = opened(second)
    assert address(app, "with") == first.id
    assert "on the same" in words(app) and len(listed(app))
    assert any("compare gains" in str(chart.proto.id) for chart in app.get("plotly_chart"))


def test_texts_and_labels_stay_text(home: Path) -> None:
    _, second = pair(labels=HOSTILE, texts=HOSTILE)
    app = opened(second)
    for element in (*app.markdown, *app.caption):
        assert "<script>" not in element.value and "**bold**" not in element.value
    for block in app.get("html"):
        assert "<script>alert" not in block.proto.body


def test_labels_may_be_pictographs(home: Path) -> None:
    _, second = pair(labels=EMOJI)
    app = opened(second, true=EMOJI[0], predicted=EMOJI[1])
    assert "moved in" in words(app) and EMOJI[0] in app.button(key="clear compared").label
    app.button(key="clear compared").click().run()
    assert address(app, "true") is None and "With different answers" in words(app)


def test_alone_on_its_data_a_run_has_nothing_to_compare_with_and_the_way_to_a_second_is_shown(
    home: Path,
) -> None:
    app = opened(finished_run())
    assert "There is no other run of this task on this data set" in words(app)
    assert app.button(key="train another")


@pytest.mark.parametrize("gone", ["no-such-run", "<b>*x*</b>", "../../etc"])
def test_a_deleted_run_in_the_address_is_said_and_no_other_taken_instead(home: Path, gone: str) -> None:
    _, second = pair()
    app = opened(second, **{"with": gone})
    assert "a run that is no longer here" in words(app) and "on the same" not in words(app)
    assert app.selectbox(key="compare with").value is None


def test_a_run_of_another_task_is_not_compared_and_not_offered(home: Path) -> None:
    _, second = pair()
    number = shapes()["number"][0]
    app = opened(second, **{"with": number.id})
    assert "is a run of another task" in words(app)
    assert len(app.selectbox(key="compare with").options) == 1


def test_test_sets_that_differ_are_compared_on_what_they_share_and_it_is_said(home: Path) -> None:
    first = finished_run(seed=7, right=0.6)
    second = copied(first, lambda frame: frame.drop(frame.index[-20:]), name="fewer")
    app = opened(first, **{"with": second.id})
    assert "the test rows of the two runs differ" in words(app).lower()
    assert "the 100 rows that both have" in words(app) and "20 rows only this run has" in words(app)


def test_another_version_of_the_data_is_matched_by_text(home: Path) -> None:
    first = finished_run(seed=7, right=0.6)
    moved = copied(
        first,
        lambda frame: frame.assign(row=frame["row"] + 1000),
        name="other version",
        data=DataSpec(dataset="moods@2", columns={"text": "text", "label": "label"}),
    )
    app = opened(moved, **{"with": first.id})
    assert "rows were found by what they say" in words(app) and "120 test rows" in words(app)


def test_runs_that_share_no_row_are_refused_with_what_to_do(home: Path) -> None:
    first = finished_run(seed=7)
    second = copied(first, lambda frame: frame.assign(row=frame["row"] + 1000), name="elsewhere")
    app = opened(second, **{"with": first.id})
    assert "not one of them is the same" in app.error[0].value


def test_all_scores_are_compared_when_asked_for(home: Path) -> None:
    from lib.ui.compare_view import score_table
    from lib.ui.evaluate_data import evaluation

    first, second = pair()
    table = score_table(evaluation(second, "test"), evaluation(first, "test"))
    assert {"Macro-F1", "Accuracy"} <= set(table["Score"]) and set(table[""]) <= {
        "better",
        "worse",
        "within noise",
    }


def test_choosing_another_run_puts_it_into_the_address_and_clears_what_was_selected(home: Path) -> None:
    first, second = pair()
    third = finished_run(seed=7, guess_seed=9, name="third")
    app = opened(second, **{"with": first.id}, true="joy", predicted="joy")
    app.selectbox(key="compare with").set_value(third.id).run()
    assert address(app, "with") == third.id and address(app, "true") is None
