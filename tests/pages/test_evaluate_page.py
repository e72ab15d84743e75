"""The Evaluate page on runs written by hand: every number leads to its rows, and nothing a person wrote is markup."""

from pathlib import Path

import pandas as pd
import pytest
from fake_finished_runs import HOSTILE, finished_run, queued_run
from streamlit.testing.v1 import AppTest

from lib.analysis.confusion import ConfusionMatrix
from lib.runs.folder import RunFolder
from lib.runs.state import State
from lib.ui.words import escape_markdown

PAGE = Path(__file__).resolve().parents[2] / "pages" / "4_Evaluate.py"


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def opened(run: RunFolder | None = None, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in ({"run": run.id} if run else {} | parameters).items() | parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not (app.error and "fault of Atelier" in app.error[0].value), app.error
    return app


def judged(run: RunFolder, split: str = "test") -> pd.DataFrame:
    frame = pd.read_parquet(run.predictions_path)
    return frame[frame["split"] == split]


def listed(app: AppTest) -> pd.DataFrame:
    """The table of rows."""
    return next(table.value for table in app.dataframe if "input: text" in table.value)


def headings(app: AppTest) -> str:
    return " ".join(element.value for element in app.markdown)


def buttons(app: AppTest) -> dict[str, str]:
    return {str(button.key): button.label for button in app.button}


def address(app: AppTest, name: str) -> str | None:
    value = app.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def test_the_answer_says_score_interval_rows_split_and_beats_the_baseline(home: Path) -> None:
    app = opened(finished_run())
    main = app.metric[0]
    assert main.label == "Macro-F1" and "±" in main.value
    said = " ".join(caption.value for caption in app.caption)
    assert "95 % interval" in said and "120 test rows" in said
    assert "The model beats the TF\\-IDF baseline" in headings(app)


@pytest.mark.parametrize(
    ("right", "baseline", "words"),
    [(0.5, 0.95, "is worse than"), (0.7, 0.7, "within noise"), (0.9, 0.3, "beats")],
)
def test_the_verdict_is_plain(home: Path, right: float, baseline: float, words: str) -> None:
    app = opened(finished_run(right=right, baseline_right=baseline, seed=3))
    assert words in headings(app)


def test_every_cell_and_every_header_opens_exactly_the_rows_it_counts(home: Path) -> None:
    run = finished_run()
    matrix = ConfusionMatrix.of(judged(run)["gold"], judged(run)["predicted"])
    app = opened(run)
    for true in (None, *matrix.labels):
        for predicted in (None, *matrix.labels):
            if true is None and predicted is None:
                continue
            for name, value in (("true", true), ("predicted", predicted)):
                app.query_params.pop(name, None)
                if value is not None:
                    app.query_params[name] = value
            app.run()
            count = matrix.rows_in(true=true, predicted=predicted)
            assert f"**{count} row{'' if count == 1 else 's'}**" in headings(app)
            if count:
                assert len(listed(app)) == min(count, 50)


def test_without_a_selection_the_mistakes_are_listed_by_loss(home: Path) -> None:
    run = finished_run()
    wrong = judged(run).query("not correct")
    app = opened(run)
    assert f"**{len(wrong)} mistakes**" in headings(app)
    assert listed(app)["loss"].is_monotonic_decreasing
    assert listed(app)["loss"].iloc[0] == wrong["loss"].max()


def test_an_order_never_loses_rows_of_a_cell(home: Path) -> None:
    run = finished_run()
    app = opened(run, true="joy", predicted="joy")
    before = len(listed(app))
    for order in ("confidence", "margin", "entropy", "row"):
        app.selectbox(key="review sort").set_value(order).run()
        assert len(listed(app)) == before


def test_the_address_restores_the_selection_the_split_and_the_open_row(home: Path) -> None:
    run = finished_run()
    rows = judged(run, "validation").query("gold == 'joy' and predicted == 'anger'")
    app = opened(run, split="validation", true="joy", predicted="anger", row=str(rows["row"].iloc[-1]))
    assert buttons(app)["clear selection"] == "truly joy, predicted anger"
    assert f"row {rows['row'].iloc[-1] + 1:,} of the data" in " ".join(c.value for c in app.caption)
    app.button(key="clear selection").click().run()
    assert "clear selection" not in buttons(app)
    assert address(app, "true") is None and address(app, "split") == "validation"


def test_the_pickers_select_without_a_mouse_and_write_the_address(home: Path) -> None:
    app = opened(finished_run())
    app.selectbox(key="review true").set_value("joy").run()
    app.selectbox(key="review predicted").set_value("anger").run()
    assert (address(app, "true"), address(app, "predicted")) == ("joy", "anger")
    assert buttons(app)["clear selection"] == "truly joy, predicted anger"


def test_next_and_previous_walk_through_the_list_and_over_its_pages(home: Path) -> None:
    run = finished_run(rows=600, right=0.4)
    wrong = judged(run).query("not correct").sort_values("loss", ascending=False, kind="stable")
    assert len(wrong) > 60
    app = opened(run, row=str(wrong["row"].iloc[49]))
    assert app.button(key="previous row").disabled is False
    app.button(key="next row").click().run()
    assert address(app, "row") == str(wrong["row"].iloc[50])
    assert listed(app)["loss"].iloc[0] == wrong["loss"].iloc[50]
    app.button(key="previous row").click().run()
    assert listed(app)["loss"].iloc[0] == wrong["loss"].iloc[0]


def test_text_is_searched_as_text(home: Path) -> None:
    run = finished_run(texts=("a [b] c", "nothing"))
    app = opened(run)
    app.text_input(key="review find").set_value("[B]").run()
    assert set(listed(app)["input: text"]) == {"a [b] c"}
    app.text_input(key="review find").set_value("no such text").run()
    assert "**0 mistakes**" in headings(app)


def test_validation_rows_carry_a_warning_and_test_rows_do_not(home: Path) -> None:
    run = finished_run()
    assert "selection set: optimistic" in headings(opened(run, split="validation"))
    assert "selection set" not in headings(opened(run))


def test_labels_and_texts_stay_text_everywhere(home: Path) -> None:
    run = finished_run(labels=HOSTILE, texts=HOSTILE, name="<b>x</b>")
    app = opened(run, true=HOSTILE[0], predicted=HOSTILE[1])
    assert escape_markdown(HOSTILE[0]) in buttons(app)["clear selection"]
    for element in (*app.markdown, *app.caption, *app.button):
        words = element.label if hasattr(element, "label") and element.type == "button" else element.value
        assert "<script>" not in words and "**bold**" not in words and ":red[x]" not in words
    for block in app.get("html"):
        assert "<script>alert" not in block.proto.body


@pytest.mark.parametrize("labels", [2, 20, 100, 1000])
def test_any_number_of_labels_is_shown_in_every_view(home: Path, labels: int) -> None:
    run = finished_run(labels=[f"label {number:04d}" for number in range(labels)], rows=2400)
    app = opened(run)
    for view in ("labels", "pairs", "matrix"):
        app.segmented_control(key="review view").set_value(view).run()
        assert not app.exception and not app.error


def test_the_gathered_labels_open_their_rows(home: Path) -> None:
    run = finished_run(labels=[f"label {number:04d}" for number in range(400)], rows=2400)
    rows = judged(run)
    reduced = ConfusionMatrix.of(
        rows["gold"], rows["predicted"], labels=[f"label {number:04d}" for number in range(400)]
    ).reduced(29)
    app = opened(run, true="(other)", predicted="(other)")
    assert f"**{reduced.rows_in(true='(other)', predicted='(other)'):,} rows**" in headings(app)


def test_a_label_the_run_does_not_have_is_said_and_ignored(home: Path) -> None:
    app = opened(finished_run(), true="nonsense", predicted="joy")
    assert "nonsense" in " ".join(caption.value for caption in app.caption)
    assert buttons(app)["clear selection"] == "predicted joy"


def test_with_no_runs_the_page_teaches_and_leads_to_data(home: Path) -> None:
    app = opened()
    assert "When a run has finished" in headings(app)
    assert [button.label for button in app.button if button.key == "lead on to Data"] == ["Start with data"]
    assert app.get("plotly_chart")


@pytest.mark.parametrize("state", ["queued", "running", "failed", "stopped"])
def test_a_run_without_scores_says_why_and_leads_to_runs(home: Path, state: str) -> None:
    run = queued_run()
    problems = [{"what": "The memory was full.", "where": "", "fix": "", "severity": "error", "code": "x"}]
    run.write_state(State(state=state, queued=1.0, problems=problems if state == "failed" else []))
    app = opened(run)
    assert "lead on to Runs" in buttons(app)
    if state == "failed":
        assert "The memory was full" in app.error[0].value


def test_a_run_whose_predictions_are_gone_or_damaged_is_no_fault(home: Path) -> None:
    run = finished_run()
    run.predictions_path.write_bytes(b"not parquet")
    assert "cannot be read" in opened(run).error[0].value
    run.predictions_path.unlink()
    assert "are missing from its folder" in headings(opened(run))


def test_a_run_that_is_gone_is_said_and_the_newest_offered(home: Path) -> None:
    run = finished_run()
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.query_params["run"] = "no-such-run"
    app.run()
    assert "no\\-such\\-run" in app.error[0].value
    next(button for button in app.button if button.label == "Look at the newest run").click().run()
    assert address(app, "run") == run.id and app.metric


def test_with_no_run_in_hand_the_newest_finished_one_is_taken(home: Path) -> None:
    run = finished_run()
    queued_run(name="later")
    app = opened()
    assert address(app, "run") == run.id and app.metric


def test_pairs_show_both_texts(home: Path) -> None:
    app = opened(finished_run(pairs=True))
    assert {"input: text", "input: reply"} <= set(listed(app).columns)


def test_of_two_runs_that_look_alike_the_one_in_the_address_stays(home: Path) -> None:
    runs = [finished_run(rows=rows, labels=["anger", "joy"], right=1.0) for rows in (40, 60)]
    for run in runs:
        app = opened(run, true="joy")
        app.selectbox(key="review predicted").set_value("anger").run()
        assert address(app, "run") == run.id
        titles = app.selectbox(key="_run of this page").options
        assert len(titles) == len(set(titles)) == 2
