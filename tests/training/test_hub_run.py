"""Runs from models of the Hub, through the worker: downloaded first, then without a network; gated, and stopped."""

import os
import shutil
from pathlib import Path

import pytest

from lib.models.hub import describe
from lib.models.hub_cache import is_whole, snapshot_folder
from lib.models.hub_token import Token
from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run
from lib.runs.lent import is_lent_elsewhere, lend
from lib.runs.queue import start_waiting_runs
from lib.runs.spec import DataSpec, Spec
from tests.models.conftest import NAME, hub, hub_home, served, tiny_bert
from tests.models.hub_server import TOKEN, HubServer, Repo, sha_of
from tests.models.test_hub import forget
from tests.training.test_resume import wait, wait_for_end

__all__ = ["hub", "hub_home", "served", "tiny_bert"]


def wish(csv_file: Path, model: str) -> Spec:
    options = {"epochs": 1, "batch_size": 16, "learning_rate": 1e-3, "evaluations_per_epoch": 1}
    return Spec(task="text-classification", data=DataSpec(file=str(csv_file)), model=model, options=options)


def queue(csv_file: Path, model: str) -> RunFolder:
    return create_run(plan_run(wish(csv_file, model)).spec)


def test_a_run_downloads_its_model_and_another_trains_without_the_hub(
    hub: HubServer, served: Path, csv_file: Path
) -> None:
    run = queue(csv_file, f"hub:{NAME}")
    assert (run.spec.model, run.spec.revision) == (f"hub:{NAME}@{sha_of(served)}", sha_of(served))
    assert hub.asked_for("model.safetensors") == []  # planning needs no weights
    assert start_waiting_runs() == [run]
    wait_for_end(run)
    assert run.state().state == "succeeded", run.read_log()
    assert "downloading the model: 0.0 of 0.1 MB" in run.read_log()
    assert is_whole(snapshot_folder(NAME, sha_of(served)))
    hub.stop()
    forget()
    again = queue(csv_file, f"hub:{NAME}")
    assert start_waiting_runs() == [again]
    wait_for_end(again)
    assert again.state().state == "succeeded", again.read_log()
    assert again.spec.revision == run.spec.revision
    assert "downloading" not in again.read_log()


def test_a_token_for_this_visit_reaches_the_worker_and_no_file(
    hub: HubServer, served: Path, csv_file: Path, home: Path, hub_home: Path
) -> None:
    hub.repos["test/gated"] = Repo(served, gated="manual")
    # As the page does: looked at with the token, then queued, with the token lent to the run.
    ref = describe("test/gated", token=Token(TOKEN)).ref
    lend(ref, TOKEN)
    run = queue(csv_file, ref)
    assert start_waiting_runs() == [run]
    wait_for_end(run)
    assert run.state().state == "succeeded", run.read_log()
    assert not is_lent_elsewhere(run)
    holding = [
        path
        for folder in (home, hub_home)
        for path in folder.rglob("*")
        if path.is_file() and TOKEN.encode() in path.read_bytes()
    ]
    assert holding == []
    assert (run.path / "spec.json").is_file()
    assert {asked.authorization for asked in hub.asked if asked.host == "files"} == {None}


@pytest.mark.slow
def test_a_gated_run_without_a_token_fails_with_the_way_in(
    hub: HubServer, served: Path, csv_file: Path
) -> None:
    hub.repos["test/gated"] = Repo(served, gated="manual")
    run = queue(csv_file, describe("test/gated", token=Token(TOKEN)).ref)
    assert start_waiting_runs() == [run]
    wait_for_end(run)
    [problem] = run.state().problems
    assert (run.state().state, problem["code"]) == ("failed", "hub-gated")
    assert f"{hub.url}/test/gated" in problem["fix"]


def test_a_run_whose_token_another_process_holds_is_left_to_it(
    hub: HubServer, csv_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queue(csv_file, f"hub:{NAME}")
    lend(run.spec.model, TOKEN)
    real = os.getpid()
    monkeypatch.setattr("lib.runs.lent.os.getpid", lambda: real + 1)
    assert is_lent_elsewhere(run)
    assert start_waiting_runs() == []
    # The holder is gone: any process may start the run, without the token.
    note = next(iter((run.path.parents[1] / "cache" / "lent").iterdir()))
    note.write_text('{"pid": 1, "process_started": 0.0}')
    assert not is_lent_elsewhere(run)


@pytest.mark.slow
def test_a_run_that_is_stopped_while_it_downloads_is_stopped(hub: HubServer, csv_file: Path) -> None:
    run = queue(csv_file, f"hub:{NAME}")
    hub.pause.clear()
    assert start_waiting_runs() == [run]
    wait(run, lambda: bool(hub.asked_for("model.safetensors")))
    assert "downloading the model" in run.state().phase
    run.request_stop()
    hub.pause.set()
    wait_for_end(run)
    assert run.state().state == "stopped", run.read_log()
    assert run.state().can_resume


@pytest.mark.slow
def test_a_run_that_waits_knows_what_changed_on_the_hub(
    hub: HubServer, served: Path, csv_file: Path, tmp_path: Path
) -> None:
    """The plan pins the commit: what is pushed afterwards is not trained from."""
    run = queue(csv_file, f"hub:{NAME}")
    old = Path(shutil.copytree(served, tmp_path / "old"))
    hub.repos[NAME].branches["before"] = old
    (served / "README.md").write_text("pushed later")
    assert start_waiting_runs() == [run]
    wait_for_end(run)
    assert run.state().state == "succeeded", run.read_log()
    assert snapshot_folder(NAME, sha_of(old)).is_dir()
    assert not snapshot_folder(NAME, sha_of(served)).exists()
