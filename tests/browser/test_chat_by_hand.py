"""Talking to a model in a real browser: an answer that comes bit by bit and is stopped, and two side by side, blind."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lib.runs.chats import Chat, Chats
from lib.runs.folder import RunFolder
from tests.browser.conftest import App, settle
from tests.inference.chat_runs import chat_run, slow_llama

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture
def run(app: App, tmp_path: Path) -> RunFolder:
    return chat_run(slow_llama(tmp_path), adapter=True, max_length=8_000, max_new_tokens=4_000)


def say(page: Page, text: str) -> None:
    field = page.get_by_test_id("stChatInputTextArea")
    field.fill(text)
    field.press("Enter")


def only_chat(run: RunFolder) -> Chat:
    [chat] = Chats(run)
    return chat


@pytest.mark.slow
def test_an_answer_streams_is_stopped_survives_a_reload_and_two_answer_blind(
    app: App, run: RunFolder, window: Page
) -> None:
    page = window
    page.set_default_timeout(200_000)  # the host starts and imports torch: long where the machine is busy
    page.goto(f"{app.url}/Predict?run={run.id}")
    page.get_by_test_id("stChatInputTextArea").wait_for()
    settle(page)
    say(page, "the tea <script>window.hit = 1</script>?")
    growing = page.locator(".atelier-said.writing")
    growing.wait_for()
    page.wait_for_function("document.querySelector('.atelier-said.writing').innerText.length > 40")
    early = growing.inner_text()
    page.wait_for_function(
        f"document.querySelector('.atelier-said.writing').innerText.length > {len(early) + 20}"
    )
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("stopped before its end").wait_for()
    answer = only_chat(run).turns[1].answers[0]
    assert answer["finish"] == "stopped" and 5 < len(answer["tokens"]) < 3_900
    assert early.split()[0] in answer["text"]

    # The address opens it again, and what was said did nothing.
    page.reload()
    page.get_by_text("stopped before its end").wait_for()
    settle(page)
    expect(page.locator(".atelier-said")).to_have_count(2)
    assert page.evaluate("window.hit") is None

    page.get_by_role("button", name="Token probabilities").click()
    page.locator(".atelier-tokens b").first.wait_for()
    assert page.evaluate("document.querySelectorAll('*').length") < 15_000

    page.get_by_role("button", name="How it writes").click()
    page.get_by_role("spinbutton", name="Longest answer, in tokens").fill("16")
    page.keyboard.press("Enter")
    settle(page)
    page.keyboard.press("Escape")
    page.get_by_text("Both, blind", exact=True).click()
    settle(page)
    say(page, "and the train?")
    page.get_by_role("button", name="Left is better").wait_for()
    settle(page)
    pair = only_chat(run).turns[3]
    assert {answer["written"] for answer in pair.answers} == {16}
    assert sorted(pair.sides) == ["tuned", "untuned"] and pair.waits_for_vote
    for told in ("after training", "before training"):
        expect(page.get_by_text(f": {told}")).to_have_count(0)
    page.get_by_role("button", name="Left is better").click()
    names = {"tuned": "after training", "untuned": "before training"}
    page.get_by_text(f"Left: {names[pair.sides[0]]}").wait_for()
    assert only_chat(run).turns[3].vote == pair.sides[0]
