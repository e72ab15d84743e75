"""The Export page: formats as cards, a form, an export that is followed to its end, and a list of what was made."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.export.job import Job, create_job, list_jobs
from lib.export.progress import ExportProgress
from lib.export.source import open_source
from lib.export.state import ExportState
from lib.export.trouble import trouble_is_told
from lib.export.worker import make
from lib.runs.folder import RunFolder
from tests.export.conftest import Finished, _made, finished

__all__ = ["_made", "finished"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    monkeypatch.chdir(ROOT)
    found = finished("text-classification")
    for job in list_jobs(found):
        job.write_state(ExportState(state="stopped"))
        job.delete()
    return found


def open_page(run: RunFolder, **params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run()
    app.switch_page(str(ROOT / "pages/7_Export.py"))
    for name, value in {"run": run.id, **params}.items():
        app.query_params[name] = value
    return app.run()


def button(app: AppTest, label: str):
    return next(one for one in app.button if one.label == label)


def param(app: AppTest, name: str) -> str:
    """AppTest gives what a script wrote as text, and what a test put there as a list."""
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def made_here(job: Job, token: object = None) -> None:
    """The work of the export's worker, in this process."""
    progress = ExportProgress(job)
    progress._write()
    with trouble_is_told(progress):
        make(job, progress)


def test_a_format_is_chosen_by_its_card_and_stands_in_the_address(run: RunFolder) -> None:
    app = open_page(run)
    app.button(key="choose report").click().run()
    assert param(app, "format") == "report"
    assert "Make the report" in [one.label for one in app.button]
    assert not app.exception


def test_one_click_makes_it_and_shows_where_it_is(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.ui.export_form.start_job", made_here)
    app = open_page(run, format="report")
    button(app, "Make the report").click().run()
    assert not app.exception
    [job] = list_jobs(run)
    assert job.state().state == "succeeded"
    assert param(app, "job") == job.id
    assert str((job.receipt() or {})["path"]) in [one.value for one in app.code]
    app.button(key=f"delete {job.id}").click().run()
    assert list_jobs(run) == [] and not app.exception


def test_a_refused_format_says_why_and_cannot_be_chosen_by_a_link(finished: Finished, run: RunFolder) -> None:
    adapter = finished("text-classification", "lora")
    app = open_page(adapter, format="script")
    assert "choose script" not in [one.key for one in app.button]
    assert any("whole model" in one.value for one in app.markdown)
    assert "Make the training script" not in [one.label for one in app.button]


def test_a_place_that_is_taken_is_said_and_nothing_starts(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "a.html").touch()
    app = open_page(run, format="report")
    next(one for one in app.text_input if one.label.startswith("Path")).set_value(str(tmp_path / "a.html"))
    button(app, "Make the report").click().run()
    assert any("already" in one.value for one in app.error)
    assert list_jobs(run) == []


def test_what_is_being_made_can_be_cancelled(run: RunFolder) -> None:
    job = create_job(open_source(run), "zip")
    app = open_page(run)
    assert "Cancel" in [one.label for one in app.button]
    button(app, "Cancel").click().run()
    assert job.stop_path.exists() and not app.exception


def test_how_a_broken_export_ended_is_said_with_its_problem(run: RunFolder) -> None:
    job = create_job(open_source(run), "zip")
    problem = {
        "what": "The disk is <b>full</b>.",
        "where": "",
        "fix": "Free some.",
        "severity": "error",
        "code": "x",
    }
    job.write_state(ExportState(state="failed", phase="", finished=1.0, problems=[problem]))
    app = open_page(run)
    assert any("full" in one.value and "<b>" not in one.value for one in app.error)
    assert any("failed" in one.label for one in app.expander)
