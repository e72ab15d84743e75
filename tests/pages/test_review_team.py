"""Mistakes reviewed together: a status, a note and a name for each row, progress, and files to keep."""

from pathlib import Path

import pytest
from fake_checks import checked_run
from fake_finished_runs import HOSTILE, finished_run
from streamlit.testing.v1 import AppTest

from lib.data.reviews import Review, latest_reviews, subject_of, write_reviews
from lib.runs.folder import RunFolder
from lib.ui.evaluate_data import evaluation
from lib.ui.review_report import MOST_ROWS, report_page, reviewed_table

PAGE = Path(__file__).resolve().parents[2] / "pages" / "4_Evaluate.py"


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def opened(run: RunFolder, **parameters: str) -> AppTest:
    return at({"run": run.id, "view": "mistakes"} | parameters)


def at(address: dict[str, str]) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    return app


def subject(run: RunFolder) -> str:
    return subject_of(run.spec.data.fingerprint, "label")


def mistakes(run: RunFolder) -> list[int]:
    frame = evaluation(run, "test").frame
    return frame.loc[~frame["correct"], "row"].tolist()


def progress(app: AppTest) -> str:
    return next(caption.value for caption in app.caption if "reviewed" in caption.value)


def test_progress_counts_the_mistakes_that_somebody_settled(home: Path) -> None:
    run, *_ = checked_run(wrong=90)
    first, second, third = mistakes(run)[:3]
    total = len(mistakes(run))
    assert f"reviewed 0 of {total} test mistakes" in progress(opened(run))
    write_reviews(
        subject(run), [Review(first, "accepted"), Review(second, "needs review"), Review(third, "exclude")]
    )
    assert f"reviewed 2 of {total} test mistakes" in progress(opened(run))


def test_a_status_and_a_note_are_kept_and_seen_again_by_a_link(home: Path) -> None:
    run, *_ = checked_run(wrong=90)
    row = mistakes(run)[1]
    app = opened(run, row=str(row))
    app.pills(key=f"review status {row}").set_value("needs review").run()
    app.text_input(key=f"review note {row}").set_value("Ask <b>Ana</b>").run()
    assert latest_reviews(subject(run))[row].note == "Ask <b>Ana</b>"
    again = opened(run, row=str(row))
    assert again.pills(key=f"review status {row}").value == "needs review"
    assert again.text_input(key=f"review note {row}").value == "Ask <b>Ana</b>"


def test_another_label_is_chosen_with_the_predicted_one_as_a_start(home: Path) -> None:
    run, *_ = checked_run(wrong=90)
    row = mistakes(run)[0]
    app = opened(run, row=str(row))
    app.pills(key=f"review status {row}").set_value("relabel").run()
    found = latest_reviews(subject(run))[row]
    frame = evaluation(run, "test").frame.set_index("row")
    assert (found.status, found.label) == ("relabel", frame.loc[row, "predicted"])
    [other] = {"anger", "joy", "fear"} - set(frame.loc[row, ["gold", "predicted"]])
    app.selectbox(key=f"review label {row}").set_value(other).run()
    assert latest_reviews(subject(run))[row].label == other


def test_the_files_hold_every_mistake_with_a_link_that_reopens_it(home: Path) -> None:
    run, *_ = checked_run(wrong=90)
    row = mistakes(run)[0]
    write_reviews(subject(run), [Review(row, "relabel", "fear", "a note", "Ana")], now=0.0)
    table = reviewed_table(evaluation(run, "test"), latest_reviews(subject(run)), "http://host/Evaluate")
    assert len(table) == len(mistakes(run))
    line = table[table["row"] == row].iloc[0]
    assert (line["status"], line["new_label"], line["author"], line["note"]) == (
        "relabel",
        "fear",
        "Ana",
        "a note",
    )
    app = at(dict(pair.split("=") for pair in line["link"].partition("?")[2].split("&")))
    assert any(f"row {row + 1:,} of the data" in caption.value for caption in app.caption)


def test_nothing_in_the_report_is_markup_and_it_needs_no_other_file(home: Path) -> None:
    run = finished_run(texts=HOSTILE, labels=("<b>", "🙂", "c"), rows=2 * MOST_ROWS * 4, right=0.2)
    found = evaluation(run, "test")
    rows = found.frame["row"].tolist()[:3]
    reviews = {row: Review(row, "needs review", None, "<img src=x>", "<i>") for row in rows}
    page = report_page(found, reviews, 'http://host/Evaluate"><script>')
    assert "<script" not in page and "<img src=x>" not in page and "<i>" not in page and "<b>" not in page
    assert "src=" not in page.replace("&lt;img src=x", "") and "@import" not in page
    assert page.count("<tr>") == MOST_ROWS + 1
    assert len(page) < 5_000_000
