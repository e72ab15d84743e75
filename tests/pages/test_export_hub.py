"""The Export page asks the Hub whose token it is, fills in the name, shows the card, and forgets the token."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib.export.job import list_jobs
from lib.runs.folder import RunFolder
from lib.ui.export_hub import split_card
from tests.export.conftest import Finished, _made, finished, hub
from tests.export.push_hub import READS, WRITES, PushHub

__all__ = ["_made", "finished", "hub"]
ROOT = Path(__file__).resolve().parents[2]
TOKEN, PLACE = "Access token, for this once", "Namespace and name"


@pytest.fixture
def run(finished: Finished, hub: PushHub, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.chdir(ROOT)
    return finished("text-classification")


def open_form(run: RunFolder, name: str = "hub") -> AppTest:
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run()
    app.switch_page(str(ROOT / "pages/7_Export.py"))
    for key, value in {"run": run.id, "format": name}.items():
        app.query_params[key] = value
    return app.run()


def field(app: AppTest, label: str) -> Any:
    return next(one for one in app.text_input if one.label.startswith(label))


def said(app: AppTest) -> str:
    return " ".join(one.value for one in [*app.caption, *app.warning]).replace("\\", "")


def test_with_a_typed_token_it_says_who_pushes_fills_in_the_name_and_shows_the_card(run: RunFolder) -> None:
    app = open_form(run)
    assert "No token yet" in said(app) and field(app, PLACE).value == ""
    assert next(one for one in app.button if one.key == "export now").disabled
    field(app, TOKEN).set_value(WRITES).run()
    assert "You push as ada; you may write to ada, engine-works" in said(app)
    assert field(app, PLACE).value.startswith("ada/")
    next(one for one in app.text_input if one.label.startswith("Description")).set_value("*mine* <b>").run()
    card = next(one.value for one in app.markdown if "### Limits" in one.value or "##### Limits" in one.value)
    assert r"\*mine\* \<b\>" in card and "model='ada/" in card
    assert any("pipeline_tag: text-classification" in one.value for one in app.code)
    assert not app.exception


@pytest.mark.parametrize(
    ("token", "words"), [(READS, "may only read"), ("hf_wrong", "does not accept"), ("two words", "one word")]
)
def test_a_token_that_will_not_do_is_said_before_anything_is_sent(
    run: RunFolder, hub: PushHub, token: str, words: str
) -> None:
    app = open_form(run)
    field(app, TOKEN).set_value(token).run()
    assert words in said(app)
    assert all(method == "GET" for method, _ in hub.asked)


def test_the_token_is_given_on_and_forgotten(
    run: RunFolder, hub: PushHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    monkeypatch.setattr("lib.ui.export_form.start_job", lambda job, token=None: given.append((job, token)))
    app = open_form(run)
    field(app, TOKEN).set_value(WRITES).run()
    next(one for one in app.button if one.key == "export now").click().run()
    [(job, token)] = given
    assert token.value == WRITES and job.request.to.startswith("ada/")
    assert field(app, TOKEN).value == ""
    home = run.path.parents[1]
    written = [path for path in home.rglob("*") if path.is_file()]
    assert any("drafts" in str(path) for path in written)
    assert [path for path in written if WRITES.encode() in path.read_bytes()] == []
    for one in list_jobs(run):
        one.path.rename(one.path.with_name(f".gone-{one.path.name}"))


def test_without_a_network_the_form_says_so_and_still_opens(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    app = open_form(run)
    assert "HF_HUB_OFFLINE forbids" in said(app) and not app.exception


@pytest.mark.parametrize("name", ["hub-data", "hub-space", "space"])
def test_the_other_formats_have_a_form_too(run: RunFolder, name: str) -> None:
    app = open_form(run, name)
    assert any(one.key == "export now" for one in app.button) and not app.exception


def test_a_card_is_split_and_its_headings_made_smaller_but_not_those_of_code() -> None:
    card = "---\na: 1\n---\n\n# One\n\n```yaml\n# comment\n```\n## Two\n"
    assert split_card(card) == ("a: 1", "\n#### One\n\n```yaml\n# comment\n```\n##### Two")
    assert split_card("# no head") == ("", "#### no head")
