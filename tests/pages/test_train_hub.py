"""The Train page's way to the Hub: search, a name, a gated model, and no network."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.data.store import StoredDataset
from lib.runs.folder import list_runs
from lib.runs.lent import take_lent
from tests.models.conftest import NAME, hub, hub_home, served, tiny_bert
from tests.models.hub_server import TOKEN, HubServer, Repo, sha_of
from tests.pages.test_train_page import labelled, no_queue, open_page, store, words

__all__ = ["hub", "hub_home", "no_queue", "served", "tiny_bert"]


@pytest.fixture
def stored(hub: HubServer) -> StoredDataset:
    return store()


def choose_the_hub(app: AppTest) -> AppTest:
    labelled([*app.radio, *app.selectbox], "Start from").set_value("hub").run()  # type: ignore[attr-defined]
    assert not app.exception
    return app


def type_name(app: AppTest, text: str) -> AppTest:
    labelled(app.text_input, "Search").set_value(text).run()  # type: ignore[attr-defined]
    assert not app.exception
    return app


def start(app: AppTest) -> AppTest:
    return app.button(key="start training").click().run()


def test_a_search_leads_to_a_run_pinned_to_a_commit(
    stored: StoredDataset, hub: HubServer, served: Path
) -> None:
    app = type_name(choose_the_hub(open_page()), "tiny")
    [found] = labelled(app.selectbox, "1 found").options  # type: ignore[attr-defined]
    assert found.startswith(f"{NAME} · ")
    assert "licence apache-2.0" in found
    assert "10 downloads a month" in found
    said = words(app)
    assert "Licence apache-2.0 · " in said
    assert f"to download · changed 2026-05-04 · commit {sha_of(served)[:7]}" in said
    assert "downloaded when the run starts" in said
    assert f"Fine-tune {NAME} on 96 rows" in said
    start(app)
    [run] = list_runs()
    assert run.spec.model == f"hub:{NAME}@{sha_of(served)}"
    assert hub.asked_for("model.safetensors") == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nothing like it", "Nothing on the Hub that fits"),
        ("test/none", "There is no model test/none on the Hub"),
        ("../../etc", "is not the name of a model"),
        ("", "No model is named."),
    ],
)
def test_what_is_not_there_is_said_and_nothing_starts(stored: StoredDataset, typed: str, said: str) -> None:
    app = type_name(choose_the_hub(open_page()), typed)
    assert said in words(app)
    assert app.button(key="start training").disabled


def test_without_a_network_it_says_so_and_a_downloaded_model_can_still_be_named(
    stored: StoredDataset, hub: HubServer, served: Path
) -> None:
    from lib.models.hub_download import download
    from tests.models.test_hub import forget

    download(NAME, sha_of(served))
    from lib.models.hub import describe

    forget()
    describe(NAME)
    forget()
    hub.stop()
    app = choose_the_hub(open_page())
    assert "cannot be reached from here: it does not answer" in words(app)
    type_name(app, NAME)
    assert "It is on this machine already." in words(app)
    assert not app.button(key="start training").disabled
    type_name(app, "test/none")
    assert app.button(key="start training").disabled


def test_offline_is_said_at_once(
    stored: StoredDataset, monkeypatch: pytest.MonkeyPatch, hub: HubServer
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    app = choose_the_hub(open_page())
    assert "HF_HUB_OFFLINE is set" in words(app)
    assert hub.asked == []


def test_a_gated_model_opens_with_a_token_that_is_kept_in_memory_alone(
    stored: StoredDataset, hub: HubServer, served: Path, home: Path, hub_home: Path
) -> None:
    hub.repos["test/gated"] = Repo(served, licence="gemma", gated="manual")
    app = type_name(choose_the_hub(open_page()), "test/gated")
    said = words(app)
    assert "Licence gemma" in said
    assert "gated: its terms must be accepted" in said
    assert f"({hub.url}/test/gated)" in said
    assert app.button(key="start training").disabled
    field = labelled(app.text_input, "Access token")
    assert field.proto.type == field.proto.PASSWORD  # type: ignore[attr-defined]
    field.set_value("hf_wrong").run()  # type: ignore[attr-defined]
    assert "does not accept the token" in words(app)
    labelled(app.text_input, "Access token").set_value(TOKEN).run()  # type: ignore[attr-defined]
    assert not app.button(key="start training").disabled
    start(app)
    [run] = list_runs()
    assert take_lent(run) == TOKEN
    assert take_lent(run) is None
    files = [path for folder in (home, hub_home) for path in folder.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []
    assert TOKEN not in words(app)


def test_a_model_of_another_kind_is_not_trained(stored: StoredDataset, hub: HubServer, served: Path) -> None:
    (served / "config.json").write_text('{"model_type": "gpt2"}')
    app = type_name(choose_the_hub(open_page()), NAME)
    assert "needs a text encoder" in words(app)
    assert app.button(key="start training").disabled
