"""Each task once, as somebody new to it: upload, save, train, look at the mistakes, try the model."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lib.data.examples import EXAMPLES
from lib.tasks import TASKS, find_task
from lib.tasks.base import Task
from tests.browser.conftest import App, settle
from tests.browser.test_whole_path import only_run, press, upload, wait_for

# One that is quick to train; the others run with the slow tests.
QUICK = ("token-classification",)
# What is tried, where the test rows offer nothing to click.
TYPED = {"fill-mask": "The cat sat on the [MASK]."}

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1_200)]


@pytest.mark.parametrize(
    "slug",
    [
        pytest.param(task.slug, marks=() if task.slug in QUICK else (pytest.mark.slow,))
        for task in TASKS
        if task.slug != "text-classification"  # test_whole_path.py walks it
    ],
)
def test_from_upload_to_prediction(app: App, window: Page, slug: str) -> None:
    task, page = find_task(slug), window
    example = next(item for item in EXAMPLES if item.name == task.example)
    upload(page, app, example.path)
    choose_task(page, task)
    press(page, "Save the data set")
    press(page, "Train a model on this")
    choose_small_model(page, task)
    page.get_by_text("Quick look", exact=True).click()
    settle(page)
    press(page, "Start training")
    page.wait_for_url(re.compile("/Runs.*run="))
    run = only_run()
    wait_for(lambda: not run.state().is_active, seconds=900, words="the run did not end")
    assert run.state().state == "succeeded", run.read_log()
    assert run.spec.task == slug

    press(page, "Look at its mistakes")
    page.wait_for_url(re.compile("/Evaluate.*run="))
    settle(page)
    expect(page.get_by_text(task.main_score.title, exact=False).first).to_be_visible()
    no_fault(page, app.home)

    page.get_by_role("button", name="Look inside the model").click()
    page.wait_for_url(re.compile("/Explain"))
    page.get_by_role("button", name="Try the model").wait_for(timeout=180_000)
    settle(page)
    no_fault(page, app.home)

    page.get_by_role("button", name="Try the model").click()
    page.wait_for_url(re.compile("/Predict"))
    settle(page)
    try_it(page, task)
    page.get_by_text(re.compile(r"\d ms")).first.wait_for(timeout=120_000)
    settle(page)
    no_fault(page, app.home)


def choose_task(page: Page, task: Task) -> None:
    """The task is suggested from the table; where several fit, it is chosen from the list."""
    box = page.get_by_role("combobox", name=re.compile("What should a model learn"))
    if box.input_value() != task.title:
        box.click()
        page.get_by_role("option", name=task.title, exact=True).click()
        settle(page)


def choose_small_model(page: Page, task: Task) -> None:
    """A model from scratch where the usual one would take minutes."""
    names = {"causal": "Llama tiny", "image": "ViT tiny", "seq2seq": "T5 tiny"}
    if name := names.get(task.model_kind):
        page.get_by_text(f"{name} (untrained)", exact=True).first.click()
        settle(page)


def try_it(page: Page, task: Task) -> None:
    if typed := TYPED.get(task.slug):
        page.get_by_role("textbox").first.fill(typed)
        page.get_by_role("button", name="Predict", exact=True).first.click()
        return
    if task.slug == "chat":
        # One talks to it at first; a row to try is a click further.
        page.get_by_text("One text", exact=True).first.click()
        settle(page)
    # A row of the test set is one click away.
    page.get_by_role("button", name=re.compile(r"^(Sure|Close call|Mistaken|Likely|Unlikely)")).first.click()


def no_fault(page: Page, home: Path) -> None:
    assert not page.get_by_text("Traceback").count()
    assert not (home / "app.log").exists() or (home / "app.log").read_text() == ""
