"""An export as a folder: asked for, made by a process of its own, followed, stopped, and complete or not there."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from lib.errors import UserError
from lib.export.base import Export, Made, Step
from lib.export.job import Job, create_job, list_jobs, start_job
from lib.export.place import placed
from lib.export.progress import ExportProgress
from lib.export.source import Source, open_source
from lib.export.state import ExportState
from lib.export.trouble import trouble_is_told
from lib.export.worker import make
from lib.models.hub_token import Token
from lib.runs.folder import RunFolder
from tests.export.conftest import Finished


def ended(job: Job, seconds: float = 60) -> ExportState:
    deadline = time.monotonic() + seconds
    while job.state().is_active and time.monotonic() < deadline:
        time.sleep(0.05)
    return job.state()


@pytest.fixture
def run(finished: Finished) -> RunFolder:
    return finished("text-classification")


def test_a_process_of_its_own_makes_it_and_leaves_a_receipt(run: RunFolder, tmp_path: Path) -> None:
    job = create_job(open_source(run), "zip", to=str(tmp_path / "new" / "model.zip"))
    start_job(job, token=Token("hf_secret_for_this_test"))
    state, receipt = ended(job), job.receipt()
    assert (state.state, state.share, state.problems) == ("succeeded", 1.0, []), job.read_log()
    assert receipt is not None and receipt["path"] == str(tmp_path / "new" / "model.zip")
    assert receipt["bytes"] == (tmp_path / "new" / "model.zip").stat().st_size
    assert job in list_jobs(run)
    written = b"".join(path.read_bytes() for path in run.path.rglob("*") if path.is_file())
    assert b"hf_secret_for_this_test" not in written


def test_without_a_place_it_lies_in_the_run_and_goes_with_the_job(run: RunFolder) -> None:
    job = create_job(open_source(run), "zip")
    start_job(job)
    assert ended(job).state == "succeeded"
    made = Path((job.receipt() or {})["path"])
    assert made.is_file() and made.parent == job.path / "made"
    job.delete()
    assert not made.exists() and job not in list_jobs(run)


def test_a_place_that_is_taken_and_unknown_options_are_all_said_before_anything_starts(
    run: RunFolder, tmp_path: Path
) -> None:
    (tmp_path / "taken.zip").touch()
    with pytest.raises(UserError) as told:
        create_job(open_source(run), "zip", to=str(tmp_path / "taken.zip"), options={"colour": "red"})
    assert {problem.code for problem in told.value.problems} == {"unknown-option", "export-taken"}
    assert not [path for path in (run.path / "exports").glob("*") if path.name.startswith(".new")]


@pytest.mark.parametrize("to", ["", "model.txt", "no\0", "x" * 300 + ".zip", "/etc/hostname/model.zip"])
def test_a_place_where_nothing_can_be_made_is_refused(run: RunFolder, to: str) -> None:
    with pytest.raises(UserError) as told:
        create_job(open_source(run), "zip", to=to)
    assert [problem.code for problem in told.value.problems] == ["export-path"]


class Slow(Export):
    """Makes a folder in a hundred steps, or breaks, or is stopped half way."""

    name = title = summary = serves = "slow"

    def __init__(self, at_half: Any) -> None:
        self.at_half = at_half

    def write(self, source: Source, to: Path, options: Any, step: Step) -> Made:
        with placed(to) as work:
            work.mkdir()
            for number in range(100):
                (work / f"{number}.txt").write_text("x")
                if number == 50:
                    self.at_half()
                step("writing", number / 100)
        return Made(to)


def break_off() -> None:
    raise OSError(28, "No space left on device", "/there")


@pytest.mark.parametrize(
    ("how", "outcome", "code"), [("stop", "stopped", None), ("break", "failed", "disk-full")]
)
def test_an_export_that_is_stopped_or_breaks_leaves_nothing(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, outcome: str, code: str | None
) -> None:
    place = tmp_path / "out"
    job = create_job(open_source(run), "zip", to=str(place / "made.zip"))
    slow = Slow(break_off if how == "break" else job.stop_path.touch)
    monkeypatch.setattr("lib.export.worker.find_export", lambda name: slow)
    progress = ExportProgress(job)
    progress._write()
    with trouble_is_told(progress):
        make(job, progress)
    assert job.state().state == outcome
    assert [problem["code"] for problem in job.state().problems] == ([code] if code else [])
    assert list(place.iterdir()) == [] and job.receipt() is None


def test_what_a_killed_export_left_beside_its_place_goes_with_the_next_one(tmp_path: Path) -> None:
    remains = tmp_path / ".made.part-999999999"
    remains.mkdir()
    with placed(tmp_path / "made") as work:
        work.write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_a_worker_that_is_gone_is_lost_to_readers_and_stays_so_in_no_file(run: RunFolder) -> None:
    job = create_job(open_source(run), "zip")
    job.write_state(ExportState(pid=999_999_999, process_started=1.0))
    assert (job.state().state, job.state().problems[0]["code"]) == ("lost", "export-lost")
    assert json.loads((job.path / "state.json").read_text())["state"] == "running"
    job.delete()


def test_a_run_that_has_not_finished_has_nothing_to_export(run: RunFolder) -> None:
    from lib.runs.folder import create_run

    queued = create_run(run.spec)
    with pytest.raises(UserError, match="is queued"):
        open_source(queued)
    queued.delete()
