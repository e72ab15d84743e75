"""A run goes to a Hub on loopback with the real client: whole or not at all, and every refusal is a sentence."""

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib.errors import UserError
from lib.export import hub_push
from lib.export.base import Made, Stopped
from lib.export.hub import Hub, HubOptions
from lib.export.hub_address import address_problems, name_from
from lib.export.job import create_job, start_job
from lib.export.source import open_source
from lib.models.hub_token import Token
from lib.runs.folder import RunFolder
from tests.export.card_rules import complaints, head_of
from tests.export.conftest import Finished
from tests.export.push_hub import OTHERS, READS, WRITES, PushHub

NAME = "ada/moods"


@pytest.fixture
def run(finished: Finished) -> RunFolder:
    return finished("text-classification")


def push(run: RunFolder, to: str = NAME, **options: Any) -> Made:
    return Hub().write(open_source(run), Path(to), HubOptions(**options), lambda words, share: None)


def refusal(run: RunFolder, to: str = NAME, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        push(run, to, **options)
    [problem] = caught.value.problems
    assert problem.what.endswith(".") and problem.fix.endswith(".")
    return problem.code


def said_by_name(name: str, run: RunFolder) -> list[Any]:
    """What `plain` of the task's tests predicts with the model of that name, in a process that cannot see Atelier."""
    import inspect

    from tests.export.finished import about_task

    rows = pd.read_parquet(run.predictions_path).head(20)
    given = [
        {
            str(key).removeprefix("input: "): value
            for key, value in row.items()
            if str(key).startswith("input: ")
        }
        for row in rows.to_dict("records")
    ]
    code = (
        "import json, sys\nsys.modules['lib'] = None\n"
        f"{textwrap.dedent(inspect.getsource(about_task(run.spec.task).plain))}\n"
        "print(json.dumps(plain(sys.argv[1], json.load(sys.stdin))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, name], input=json.dumps(given), capture_output=True, text=True, check=False,
        env=os.environ | {"HF_HUB_OFFLINE": "0"}, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_a_typed_token_pushes_in_a_process_of_its_own_and_the_model_loads_by_name(
    run: RunFolder, hub: PushHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    job = create_job(open_source(run), "hub", to=NAME, options={"licence": "mit", "title": "Moods"})
    start_job(job, token=Token(WRITES))
    while job.state().is_active:
        time.sleep(0.05)
    receipt = job.receipt() or {}
    assert (job.state().state, receipt.get("url")) == ("succeeded", f"{hub.url}/{NAME}"), job.read_log()
    repo = hub.repo(NAME)
    assert repo.private and len(repo.trail) == 1
    card = repo.branches["main"]["README.md"].decode()
    assert complaints(card, "model") == [] and head_of(card)["license"] == "mit"
    assert f"model='{NAME}'" in card and "# Moods" in card
    assert "model.safetensors" in repo.branches["main"] and receipt["facts"]["private"] is True

    monkeypatch.setenv("HF_TOKEN", WRITES)
    rows = pd.read_parquet(run.predictions_path).head(20)
    assert said_by_name(NAME, run) == rows["predicted"].tolist()

    # The token is nowhere: not in the run, its exports and log, nor anywhere else in Atelier's home.
    home = run.path.parents[1]
    written = [path for path in home.rglob("*") if path.is_file()]
    assert any(path.name == "log.txt" and path.parent == job.path for path in written)
    assert [path for path in written if WRITES.encode() in path.read_bytes()] == []


def test_nothing_of_this_machine_goes_along(run: RunFolder, hub: PushHub) -> None:
    push(run)
    files = hub.repo(NAME).branches["main"]
    places = [str(run.path.parents[2]).encode(), str(Path.home()).encode()]
    assert [name for name, raw in files.items() if any(place in raw for place in places)] == []
    assert "base" not in json.loads(files["atelier.json"])


@pytest.mark.parametrize(
    ("token", "to", "there", "options", "code"),
    [
        ("", NAME, {}, {}, "hub-no-token"),
        ("hf_wrong", NAME, {}, {}, "hub-token"),
        (READS, NAME, {}, {}, "hub-permission"),
        (READS, NAME, {"main.txt": b""}, {"into": "pull-request"}, "hub-permission"),
        (WRITES, "bob/moods", {}, {}, "hub-permission"),
        (WRITES, NAME, {"config.json": b"{}"}, {}, "hub-taken"),
        (WRITES, "ada/other", {}, {"into": "update"}, "hub-missing"),
        (WRITES, "ada/other", {}, {"into": "pull-request"}, "hub-missing"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_sent(
    run: RunFolder, hub: PushHub, monkeypatch: pytest.MonkeyPatch, token: str, to: str, there: dict[str, bytes],
    options: dict[str, Any], code: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("HF_TOKEN", token)
    if there:
        hub.add(NAME, there)
    before = dict(hub.repos)
    assert refusal(run, to, **options) == code
    assert hub.repos == before and not hub.uploads
    assert all(method == "GET" for method, _ in hub.asked)


def test_an_empty_public_repository_is_not_taken_for_a_private_one(run: RunFolder, hub: PushHub) -> None:
    hub.add(NAME, {}, private=False)
    assert refusal(run) == "hub-public"
    push(run, private=False)
    assert "config.json" in hub.repo(NAME).branches["main"]


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("HF_HUB_OFFLINE", "1", "hub-offline"),
        ("HF_ENDPOINT", "http://127.0.0.1:9", "hub-unreachable"),
        ("HF_ENDPOINT", "no address", "hub-unreachable"),
    ],
)
def test_without_a_network_it_says_so(
    run: RunFolder, hub: PushHub, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, code: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert refusal(run) == code


@pytest.mark.parametrize(
    ("status", "code"), [(500, "hub-fault"), (503, "hub-fault"), (429, "hub-rate-limit")]
)
def test_a_hub_in_trouble_is_not_the_person_s_fault(
    run: RunFolder, hub: PushHub, status: int, code: str
) -> None:
    hub.status = status
    assert refusal(run) == code


@pytest.mark.parametrize(
    ("status", "code"),
    [(402, "hub-payment"), (403, "hub-permission"), (409, "hub-taken"), (507, "hub-storage")],
)
def test_a_refused_repository_is_said_and_leaves_nothing(
    run: RunFolder, hub: PushHub, status: int, code: str
) -> None:
    hub.refuse_create = (status, "Not with this plan")
    assert refusal(run) == code
    assert hub.repos == {} and not hub.uploads


def test_a_connection_that_breaks_is_taken_up_again(run: RunFolder, hub: PushHub) -> None:
    hub.cut_uploads = 2
    push(run)
    assert len(hub.uploads) == 3 and len(set(hub.uploads)) == 1
    assert len(hub.repo(NAME).trail) == 1


def test_a_broken_upload_leaves_nothing_to_see_and_the_next_one_sends_only_what_is_missing(
    run: RunFolder, hub: PushHub, tmp_path: Path
) -> None:
    weights = (run.model_path / "model.safetensors").read_bytes()
    hub.cut_uploads = 1_000
    assert refusal(run) == "hub-broken"
    assert set(hub.repo(NAME).branches["main"]) == {".gitattributes"}
    assert hub.repo(NAME).private and hub.stored == {}

    hub.cut_uploads = 0
    hub.drop_commits = ["before"] * 3
    assert refusal(run) == "hub-broken"
    assert set(hub.repo(NAME).branches["main"]) == {".gitattributes"} and len(hub.stored) == 1

    hub.uploads.clear()
    push(run)
    assert hub.uploads == []
    assert hub.repo(NAME).branches["main"]["model.safetensors"] == weights


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_commit_whose_answer_is_lost_is_made_once(run: RunFolder, hub: PushHub, when: str) -> None:
    hub.drop_commits = [when]
    made = push(run)
    repo = hub.repo(NAME)
    assert len(repo.trail) == 1 and made.facts["commit"] == repo.head("main")


def test_stopped_in_the_middle_it_takes_its_repository_back(run: RunFolder, hub: PushHub) -> None:
    hub.slow.clear()

    def step(words: str, share: float) -> None:
        if hub.uploads:
            raise Stopped

    with pytest.raises(Stopped):
        Hub().write(open_source(run), Path(NAME), HubOptions(), step)
    assert hub.repos == {} and hub.stored == {}


def test_progress_rises_and_names_where_it_goes(run: RunFolder, hub: PushHub) -> None:
    told: list[tuple[str, float]] = []
    Hub().write(open_source(run), Path(NAME), HubOptions(), lambda words, share: told.append((words, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1
    assert ("asking the Hub", 0.0) in told and any(words == f"sending to {NAME}" for words, _ in told)


def test_an_update_is_a_new_commit_without_the_old_weights(run: RunFolder, hub: PushHub) -> None:
    hub.add(NAME, {"adapter_model.safetensors": b"old", "adapter_config.json": b"{}", "notes.md": b"mine"})
    push(run, into="update")
    files = hub.repo(NAME).branches["main"]
    assert "model.safetensors" in files and files["notes.md"] == b"mine"
    assert not {"adapter_model.safetensors", "adapter_config.json"} & set(files)
    again = push(run, into="update")
    assert len(hub.repo(NAME).trail) == 1 and again.facts["commit"] == hub.repo(NAME).head("main")


def test_a_branch_leaves_the_main_one_as_it_is(run: RunFolder, hub: PushHub) -> None:
    hub.add(NAME, {"config.json": b"{}"})
    made = push(run, into="branch", branch="v2")
    repo = hub.repo(NAME)
    assert repo.branches["main"]["config.json"] == b"{}" and "model.safetensors" in repo.branches["v2"]
    assert made.url == f"{hub.url}/{NAME}/tree/v2"


def test_a_pull_request_offers_it_to_somebody_else(run: RunFolder, hub: PushHub, monkeypatch: Any) -> None:
    hub.add(NAME, {"config.json": b"{}"})
    monkeypatch.setenv("HF_TOKEN", OTHERS)
    assert refusal(run, into="update") == "hub-permission"
    made = push(run, into="pull-request")
    repo = hub.repo(NAME)
    assert set(repo.branches["main"]) == {".gitattributes", "config.json"}
    assert made.url == f"{hub.url}/{NAME}/discussions/1" and "model.safetensors" in repo.branches["refs/pr/1"]


def test_what_somebody_changed_meanwhile_is_not_overwritten(
    run: RunFolder, hub: PushHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(NAME, {"config.json": b"{}"})
    monkeypatch.setattr(hub_push.Push, "_head", lambda self, api: "0" * 40)
    assert refusal(run, into="update") == "hub-changed"
    assert hub.repo(NAME).branches["main"]["config.json"] == b"{}"


def test_a_card_that_the_hub_refuses_is_said_and_nothing_stays(
    run: RunFolder, hub: PushHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "lib.export.hub_model.card_of", lambda *given, **named: "---\nlicense: beer\n---\n# x\n"
    )
    assert refusal(run) == "hub-card"
    assert hub.repos == {}


def test_an_adapter_on_a_base_of_this_machine_can_only_go_merged(finished: Finished, hub: PushHub) -> None:
    run = finished("text-classification", "lora")
    assert refusal(run, weights="adapter") == "export-needs-base"
    assert hub.asked == []


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ({}, []),
        ({"into": "branch"}, ["hub-branch"]),
        ({"into": "branch", "branch": "a b"}, ["hub-branch"]),
        ({"into": "branch", "branch": "main"}, ["hub-branch"]),
        ({"into": "branch", "branch": "v2.1"}, []),
        ({"languages": "English"}, ["card-language"]),
        ({"into": "somewhere"}, ["option-choice"]),
        ({"colour": "red"}, ["unknown-option"]),
    ],
)
def test_bad_options_are_all_named(options: dict[str, Any], codes: list[str]) -> None:
    assert [problem.code for problem in Hub().check(options)] == codes


NAMES = [
    "ada/moods", "ada/moods_2.1", "a/b", "moods", "ada/", "/moods", "ada/moods/x", "ada/mo ods", "ada/-moods",
    "ada/m--x", "ada/m..x", "ada/moods.git", "ada/mö", "ada/" + "x" * 100, "ada/moods.", "../x", "",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_refused_exactly_where_the_hub_s_client_refuses_it(name: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(name)
        good = "/" in name  # the client knows names without an owner, from old times
    except HFValidationError:
        good = False
    assert (address_problems(name) == []) == good


@pytest.mark.parametrize("slug", ["moods", "a--b", "..x..", "🎨", "tweets emotion", "x" * 200])
def test_a_suggested_name_is_always_one(slug: str) -> None:
    assert address_problems(f"ada/{name_from(slug)}") == []
