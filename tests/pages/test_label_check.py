"""The labels panel by hand-written runs: from flagged rows to decisions, a new version and a run on it."""

from pathlib import Path

import pandas as pd
import pytest
from fake_checks import checked_run
from fake_finished_runs import HOSTILE
from streamlit.testing.v1 import AppTest

from lib.data.reviews import Review, history_of, latest_reviews, subject_of, write_reviews
from lib.data.store import open_dataset
from lib.runs.folder import RunFolder, list_runs
from lib.runs.state import State

PAGE = Path(__file__).resolve().parents[2] / "pages" / "4_Evaluate.py"


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def opened(run: RunFolder, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in ({"run": run.id, "view": "labels"} | parameters).items():
        app.query_params[name] = value
    return fine(app.run())


def fine(app: AppTest) -> AppTest:
    assert not app.exception
    assert not app.error, app.error
    return app


def listed(app: AppTest) -> pd.DataFrame:
    return next(table.value for table in app.dataframe if "suggested" in table.value)


def said(app: AppTest) -> str:
    return " ".join(element.value for element in [*app.markdown, *app.caption])


def subject(run: RunFolder) -> str:
    return subject_of(run.spec.data.fingerprint, "label")


def press(app: AppTest, key: str) -> AppTest:
    return fine(app.button(key=key).click().run())


def test_the_flagged_rows_are_those_whose_labels_are_wrong(home: Path) -> None:
    run, _, _, planted = checked_run()
    app = opened(run)
    assert len(listed(app)) == len(planted)
    assert "20 of 300 labels look wrong" in said(app) and "95 % interval" in said(app)


def test_a_cell_of_the_address_shows_its_rows_alone(home: Path) -> None:
    run, *_ = checked_run()
    rows = listed(opened(run, given="joy", suggested="anger"))
    whole = listed(opened(run))
    assert len(rows) == ((whole["given"] == "joy") & (whole["suggested"] == "anger")).sum()
    assert set(rows["given"]) <= {"joy"}


def test_decisions_are_kept_with_name_and_time_and_seen_by_a_second_tab(home: Path) -> None:
    run, *_ = checked_run()
    app = opened(run)
    app.text_input(key="reviewer name").input("Ana")
    press(app, "use reviewer name")
    press(app, "relabel")
    press(app, "keep label")
    press(app, "exclude row")
    found = latest_reviews(subject(run))
    assert sorted(review.status for review in found.values()) == ["accepted", "exclude", "relabel"]
    assert {review.author for review in found.values()} == {"Ana"}
    assert all(review.time > 0 for review in found.values())
    decided = listed(opened(run))["decision"].tolist()
    assert sorted(words for words in decided if words) == sorted(
        ["kept", "left out", next(words for words in decided if words.endswith("instead"))]
    )


def test_a_decision_can_be_taken_back_and_stays_in_the_history(home: Path) -> None:
    run, *_ = checked_run()
    app = opened(run)
    press(app, "exclude row")
    [row] = latest_reviews(subject(run))
    press(fine(opened(run, issue=str(row))), "undo decision")
    assert latest_reviews(subject(run)) == {}
    assert [review.status for review in history_of(subject(run), row)] == ["exclude", "unreviewed"]


def test_many_suggestions_are_taken_at_once_but_never_of_test_rows(home: Path) -> None:
    run, _, _, planted = checked_run(wrong=60)
    app = opened(run)
    rows = listed(app)
    free = app.number_input[0].max
    assert rows["split"].isin(["train", "validation", "test"]).all()
    assert 0 < free < len(planted)
    app.number_input[0].set_value(app.number_input[0].max).run()
    press(app, "accept suggestions")
    found = latest_reviews(subject(run))
    frame = pd.read_parquet(run.predictions_path)
    tested = set(frame.loc[frame["split"] == "test", "row"])
    assert len(found) == free
    assert not set(found) & tested
    assert set(found) == set(planted) - tested


def test_a_new_version_holds_back_test_rows_until_the_switch_is_on(home: Path) -> None:
    run, _, stored, planted = checked_run(wrong=60)
    frame = pd.read_parquet(run.predictions_path)
    tested = sorted(set(frame.loc[frame["split"] == "test", "row"]) & set(planted))
    free = sorted(set(planted) - set(frame["row"]))[:3]
    assert tested
    write_reviews(subject(run), [Review(row, "exclude") for row in [*tested, *free]])
    app = opened(run)
    assert f"{len(tested)} decision" in said(app)
    press(app, "make version")
    made = open_dataset("moods@2")
    assert made.rows == stored.rows - len(free)
    app = opened(run)
    app.toggle(key="correct test rows").set_value(True).run()
    assert app.warning
    press(app, "make version")
    assert open_dataset("moods@3").rows == stored.rows - len(free) - len(tested)


def test_one_click_trains_again_on_the_new_version(home: Path) -> None:
    run, _, _, planted = checked_run()
    held = set(pd.read_parquet(run.predictions_path)["row"])
    app = opened(run, issue=str(next(row for row in planted if row not in held)))
    press(app, "relabel")
    press(app, "make version")
    assert "1 row relabelled" in said(app)
    before = {known.id for known in list_runs()}
    app.button(key="train on moods@2").click().run()
    [child] = [known for known in list_runs() if known.id not in before]
    assert child.spec.parent == run.id and child.spec.data.dataset == "moods@2"
    assert child.spec.model == run.spec.model
    assert child.spec.options["epochs"] == run.spec.options["epochs"]
    assert child.spec.data.split == {"column": "split", "stratify": True, "group": None, "seed": 13}
    child.write_state(State(state="stopped", queued=1.0))


def test_a_run_without_a_check_offers_one_with_its_cost_and_one_click_queues_it(home: Path) -> None:
    run, check, *_ = checked_run()
    check.delete()
    app = opened(run)
    assert "takes" in said(app)
    press(app, "start label check")
    [queued] = [known for known in list_runs() if known.spec.audit]
    assert queued.spec.parent == run.id and queued.state().state == "queued"
    assert queued.spec.audit == {"how": "quick", "folds": 4, "reader": "starter:minilm-l6"}
    assert "stop label check" in {button.key for button in opened(run).button}
    press(opened(run), "stop label check")
    assert queued.state().state == "stopped"
    press(opened(run), "resume label check")
    assert queued.state().state == "queued"
    queued.write_state(State(state="stopped", queued=1.0))


@pytest.mark.parametrize("labels", [("<script>", "🙂", "**x**"), tuple(f"label {n}" for n in range(200))])
def test_whatever_people_write_stays_text(home: Path, labels: tuple[str, ...]) -> None:
    run, *_ = checked_run(labels=labels, texts=HOSTILE, rows=600)
    app = opened(run)
    markup = [block.proto.body for block in app.get("html")]
    assert not any("<script>alert" in body for body in markup)
    assert len(listed(app)) > 0


def test_labels_that_all_look_right_are_said_to_do_so(home: Path) -> None:
    run, *_ = checked_run(wrong=0)
    assert "No label looks wrong" in said(opened(run))


def test_a_damaged_check_is_a_sentence(home: Path) -> None:
    run, check, *_ = checked_run()
    (check.path / "audit.parquet").write_bytes(b"half")
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.query_params["run"], app.query_params["view"] = run.id, "labels"
    app.run()
    assert not app.exception and "Check the labels again" in app.error[0].value
