"""A wrong learning rate in a real browser: the finding with its evidence, one click, the child with its parent."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run, list_runs
from lib.runs.spec import DataSpec, Spec
from tests.browser.conftest import App, settle
from tests.browser.test_whole_path import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]


def ended(run: RunFolder) -> bool:
    return not run.state().is_active


def test_a_wrong_learning_rate_is_found_and_put_right_with_one_click(
    app: App, window: Page, csv_file: Path, tiny_encoder: Path
) -> None:
    page = window
    page.goto(app.url)
    settle(page)
    options = {"preset": "balanced", "epochs": 4.0, "batch_size": 8, "learning_rate": 0.1, "patience": 0}
    wish = Spec("text-classification", DataSpec(file=str(csv_file)), f"folder:{tiny_encoder}", name="moods",
                options=options)  # fmt: skip
    parent = create_run(plan_run(wish).spec)  # the app's queue starts it
    wait_for(lambda: ended(parent), seconds=400, words="the run did not end")
    assert parent.state().state == "succeeded", parent.read_log()

    page.goto(f"{app.url}/Runs?run={parent.id}")
    settle(page)
    expect(
        page.get_by_text(re.compile("is too high for the model to learn|The model diverges"))
    ).to_be_visible()
    page.get_by_role(
        "button", name=re.compile("^Train again with learning rate 1.5e-4 instead of 0.1")
    ).click()
    page.wait_for_url(lambda url: "run=" in url and parent.id not in url)
    settle(page)

    [child] = [run for run in list_runs() if run != parent]
    assert child.spec.parent == parent.id
    assert child.spec.options == parent.spec.options | {"learning_rate": 1.5e-4}
    expect(page.get_by_role("heading", name="moods (2)")).to_be_visible()
    expect(page.get_by_text("with learning rate 1.5e-4 instead of 0.1")).to_be_visible()
    wait_for(lambda: ended(child), seconds=400, words="the child did not end")

    page.get_by_role("button", name="Look at its mistakes").first.wait_for()
    settle(page)
    page.get_by_role("button", name="Made from moods").click()
    page.wait_for_url(re.compile(re.escape(f"run={parent.id}")))
    settle(page)
    expect(page.get_by_role("button", name=re.compile("The run with learning rate 1.5e-4"))).to_be_visible()
    expect(page.get_by_text(re.compile("macro-F1 .* against .* here, on 12 test rows"))).to_be_visible()
