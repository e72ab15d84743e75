"""What is asked of the Hub before a download, and every refusal as a sentence."""

import json
import shutil
import socket
from pathlib import Path

import pytest

from lib.errors import UserError
from lib.models.hub import HubFile, HubHit, describe, is_native, parse_name, search
from lib.models.hub_token import Token, as_token, find_token
from lib.models.hub_web import is_reachable
from lib.models.sources import find_model
from tests.models.conftest import NAME
from tests.models.hub_server import TOKEN, HubServer, Repo, sha_of


def code_of(error: pytest.ExceptionInfo[UserError]) -> str:
    return error.value.problems[0].code


def forget() -> None:
    from lib.models import hub

    hub._known.clear()


def test_a_model_is_described_before_its_weights_are_downloaded(hub: HubServer, served: Path) -> None:
    model = describe(NAME)
    weights = (served / "model.safetensors").stat().st_size
    assert (model.sha, model.licence, model.kind, model.gated) == (
        sha_of(served),
        "apache-2.0",
        "encoder",
        False,
    )
    assert model.weights_mb == pytest.approx(weights / 1e6)
    assert model.parameters == find_model(f"folder:{served}").parameters
    assert (model.downloads, model.modified) == (10, "2026-05-04")
    assert model.config == json.loads((served / "config.json").read_text())
    assert model.ref == f"hub:{NAME}@{model.sha}"
    assert hub.asked_for("model.safetensors") == []


def test_only_safetensors_and_what_reads_for_them_would_be_downloaded(hub: HubServer) -> None:
    names = {file.name for file in describe(NAME).files}
    assert {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "README.md",
    } <= names
    assert not [
        name for name in names if name.endswith((".bin", ".pt", ".h5", ".msgpack", ".ot")) or "/" in name
    ]


def test_a_model_in_parts_is_taken_in_parts_and_copies_of_it_are_left(hub: HubServer, served: Path) -> None:
    shutil.copy(served / "model.safetensors", served / "consolidated.safetensors")
    (served / "model.safetensors").rename(served / "model-00001-of-00002.safetensors")
    shutil.copy(served / "consolidated.safetensors", served / "model-00002-of-00002.safetensors")
    names = [file.name for file in describe(NAME).files if file.name.endswith(".safetensors")]
    assert names == ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


def test_an_undownloaded_model_is_a_source_with_its_commit_as_revision(hub: HubServer, served: Path) -> None:
    info, folder = find_model(f"hub:{NAME}"), find_model(f"folder:{served}")
    assert (info.ref, info.revision) == (f"hub:{NAME}@{sha_of(served)}", sha_of(served))
    assert not info.is_downloaded
    assert folder.is_downloaded
    for name in ("kind", "max_length", "parameters", "size_mb", "config", "has_chat_template"):
        assert getattr(info, name) == getattr(folder, name)


def test_what_is_known_of_a_commit_is_not_asked_again(hub: HubServer) -> None:
    ref = find_model(f"hub:{NAME}").ref
    before = len(hub.asked)
    assert find_model(ref).ref == ref
    assert len(hub.asked) == before


def test_a_branch_is_pinned_to_its_commit(hub: HubServer, served: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(served, tmp_path / "other"))
    (other / "vocab.txt").write_text("changed")
    hub.repos[NAME].branches["refs/pr/3"] = other
    assert find_model(f"hub:{NAME}@refs/pr/3").revision == sha_of(other) != sha_of(served)


REFUSALS = [
    ("hub:test/none", None, "hub-no-model", "There is no model test/none on the Hub"),
    (f"hub:{NAME}@v9", None, "hub-no-revision", "that revision of it is not"),
    ("hub:test/gated", None, "hub-gated", "make a token that may read at http"),
    ("hub:test/gated", "hf_stranger", "hub-gated", "with that account"),
    (f"hub:{NAME}", "hf_wrong", "hub-token", "does not accept the token"),
    ("hub:test/private", None, "hub-no-model", "or it is private"),
    ("hub:../../etc", None, "hub-name", "not the name of a model"),
    ("hub:a/b/c", None, "hub-name", "not the name of a model"),
    ("hub:test/x@../../y", None, "hub-name", "not the name of a model"),
]


@pytest.mark.parametrize(("ref", "token", "code", "words"), REFUSALS)
def test_a_refusal_is_a_sentence_with_what_to_do(
    hub: HubServer,
    served: Path,
    monkeypatch: pytest.MonkeyPatch,
    ref: str,
    token: str | None,
    code: str,
    words: str,
) -> None:
    hub.repos |= {"test/gated": Repo(served, gated="manual"), "test/private": Repo(served, private=True)}
    hub.known_tokens.add("hf_stranger")
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(UserError, match=words) as error:
        find_model(ref)
    assert code_of(error) == code


FAULTS = [
    (500, {}, "hub-fault", "error 500"),
    (503, {}, "hub-fault", "Try again later"),
    (429, {"Retry-After": "55"}, "hub-rate-limit", "it names 55 seconds"),
    (429, {"ratelimit": '"api";r=0;t=42'}, "hub-rate-limit", "it names 42 seconds"),
    (200, {}, "hub-unreachable", "is not the Hub"),
]


@pytest.mark.parametrize(("status", "headers", "code", "words"), FAULTS)
def test_a_fault_of_the_hub_is_told_as_one(
    hub: HubServer, status: int, headers: dict[str, str], code: str, words: str
) -> None:
    hub.fail, hub.headers_of_failure = status, headers
    with pytest.raises(UserError, match=words) as error:
        find_model(f"hub:{NAME}")
    assert code_of(error) == code


def test_a_gated_model_shows_its_licence_and_size_before_it_is_opened(hub: HubServer, served: Path) -> None:
    hub.repos["test/gated"] = Repo(served, licence="gemma", gated="manual")
    closed = describe("test/gated")
    assert (closed.licence, closed.gated, closed.kind) == ("gemma", True, "encoder")
    assert closed.download_mb > 0.1
    assert closed.refusal and closed.refusal.code == "hub-gated"
    opened = describe("test/gated", token=Token(TOKEN))
    assert opened.refusal is None
    assert opened.config["hidden_size"] == 32


def test_what_lies_in_the_cache_does_not_open_a_gated_model(hub: HubServer, served: Path) -> None:
    hub.repos["test/gated"] = Repo(served, gated="manual")
    describe("test/gated", token=Token(TOKEN))
    forget()
    assert describe("test/gated").refusal is not None


UNFIT = {
    "hub-no-safetensors": ("pickled weights are never loaded", {}, ["model.safetensors"]),
    "hub-own-code": (
        "code from the Hub is never run",
        {"model_type": "wild", "auto_map": {"AutoModel": "m.M"}},
        [],
    ),
    "hub-quantised": (r"quantised \(gptq\)", {"quantization_config": {"quant_method": "gptq"}}, []),
    "not-a-model": ("has no config.json", {}, ["config.json"]),
}


@pytest.mark.parametrize("code", UNFIT)
def test_a_model_that_cannot_be_trained_is_refused_before_the_download(
    hub: HubServer, served: Path, code: str
) -> None:
    words, config, removed = UNFIT[code]
    known = json.loads((served / "config.json").read_text())
    (served / "config.json").write_text(json.dumps(known | config))
    for name in removed:
        (served / name).unlink()
    with pytest.raises(UserError, match=words) as error:
        find_model(f"hub:{NAME}")
    assert code_of(error) == code


def test_own_code_beside_an_architecture_that_transformers_has_is_left_aside(
    hub: HubServer, served: Path
) -> None:
    known = json.loads((served / "config.json").read_text())
    (served / "config.json").write_text(json.dumps(known | {"auto_map": {"AutoModel": "modeling.Model"}}))
    assert find_model(f"hub:{NAME}").kind == "encoder"


@pytest.mark.parametrize(
    ("model_type", "native"),
    [("bert", True), ("xlm-roberta", True), ("whisper", True), ("wild", False), ("", False)],
)
def test_whether_transformers_has_an_architecture_is_told_from_its_folders(
    model_type: str, native: bool
) -> None:
    assert is_native(model_type) is native


def test_weights_that_somebody_offers_to_convert_are_pointed_to(hub: HubServer, served: Path) -> None:
    (served / "model.safetensors").unlink()
    hub.repos[NAME].discussions = [
        {"num": 7, "isPullRequest": True, "title": "Adding `safetensors` variant of this model"},
        {"num": 9, "isPullRequest": False, "title": "Where are the safetensors?"},
    ]
    with pytest.raises(UserError, match=f"Write hub:{NAME}@refs/pr/7"):
        find_model(f"hub:{NAME}")


def test_a_search_gives_what_fits_with_its_size_and_licence(
    hub: HubServer, served: Path, tmp_path: Path
) -> None:
    writer = Path(shutil.copytree(served, tmp_path / "writer"))
    (writer / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    strange = Path(shutil.copytree(served, tmp_path / "strange"))
    (strange / "config.json").write_text(json.dumps({"model_type": "wild"}))
    hub.repos |= {
        "test/tiny-gpt": Repo(writer, downloads=99),
        "test/tiny-wild": Repo(strange, downloads=50),
        "test/tiny-better": Repo(served, licence="mit", downloads=30),
        "else/other": Repo(served),
    }
    parameters = find_model(f"folder:{served}").parameters
    assert parameters is not None
    hits = search("tiny", kind="encoder")
    assert [hit.name for hit in hits] == ["test/tiny-better", NAME, "test/tiny-wild"]
    assert hits[0] == HubHit(
        "test/tiny-better", "encoder", "mit", 30, parameters, 4 * parameters / 1e6, False
    )
    assert len(search("tiny", kind="encoder", limit=1)) == 1
    assert search("no such words") == []


@pytest.mark.parametrize("address", ["closed port", "no such host", "no address"])
def test_without_a_network_it_says_so(hub: HubServer, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    addresses = {
        "closed port": f"http://127.0.0.1:{port}",
        "no such host": "http://hub.invalid",
        "no address": "hub",
    }
    monkeypatch.setenv("HF_ENDPOINT", addresses[address])
    with pytest.raises(UserError, match="cannot be reached") as error:
        find_model(f"hub:{NAME}")
    assert code_of(error) == "hub-unreachable"
    assert not is_reachable(1.0)


def test_whether_the_hub_is_reachable_follows_the_environment(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_reachable()
    hub.fail = 502
    assert not is_reachable()
    hub.fail = None
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert not is_reachable()
    with pytest.raises(UserError, match="HF_HUB_OFFLINE forbids") as error:
        find_model(f"hub:{NAME}")
    assert code_of(error) == "hub-offline"


def test_the_doctor_says_whether_the_hub_answers_and_where_it_is(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lib.cli.doctor import examine

    found = examine()
    assert (found["hub"], found["hub_endpoint"]) == ("reachable", hub.url)
    hub.fail = 500
    assert examine()["hub"] == "unreachable"
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert examine()["hub"] == "offline"
    assert any("HF_HUB_OFFLINE is set" in note for note in examine()["notes"])


def test_a_token_comes_from_the_visit_then_the_variable_then_the_login(
    hub_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_token() is None
    hub_home.mkdir()
    (hub_home / "token").write_text("hf_login\n")
    assert find_token() == Token("hf_login")
    monkeypatch.setenv("HF_TOKEN", "hf_variable")
    assert find_token() == Token("hf_variable")
    monkeypatch.setenv("ATELIER_VISIT_TOKEN", "hf_visit")
    assert find_token() == Token("hf_visit")


def test_a_token_is_in_no_repr() -> None:
    assert "hf_secret" not in f"{Token('hf_secret')!r} {Token('hf_secret')}"


@pytest.mark.parametrize("text", ["", "  ", "two words", "hf_x\r\nX-Evil: 1", "hf_ü"])
def test_what_cannot_be_a_token_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="not one"):
        as_token(text)


def test_a_name_may_carry_a_revision() -> None:
    assert parse_name(" org/name@refs/pr/1 ") == ("org/name", "refs/pr/1")
    assert parse_name("bert-base-uncased") == ("bert-base-uncased", None)


def test_a_file_is_known_by_size_and_digest(hub: HubServer) -> None:
    files = {file.name: file for file in describe(NAME).files}
    assert len(files["model.safetensors"].etag) == 64
    assert len(files["config.json"].etag) == 40
    assert isinstance(files["config.json"], HubFile)
