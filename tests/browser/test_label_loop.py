"""The label loop in a real browser: errors are found, taken, made into a new version, and trained on again."""

import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from lib.data.store import open_dataset
from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run, list_runs
from lib.runs.spec import DataSpec, Spec
from tests.browser.conftest import App, settle
from tests.browser.test_whole_path import wait_for
from tests.conftest import example_rows

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(2400)]
WRONG = (6, 21, 40, 77, 90, 101)


def ended(run: RunFolder) -> bool:
    return not run.state().is_active


def write_planted(path: Path) -> Path:
    lines = []
    for number, (text, label) in enumerate(example_rows(160)):
        other = {"happy": "cross", "cross": "happy"}[label]
        lines.append(f"{text},{other if number in WRONG else label}")
    path.write_text("text,label\n" + "\n".join(lines) + "\n")
    return path


def test_planted_errors_are_found_corrected_and_trained_on_again_by_clicks(
    app: App, window: Page, tmp_path: Path, tiny_encoder: Path
) -> None:
    page = window
    page.set_default_timeout(180_000)
    expect.set_options(timeout=180_000)
    options = {"preset": "quick", "epochs": 6.0, "batch_size": 8, "learning_rate": 2e-3}
    wish = Spec("text-classification", DataSpec(file=str(write_planted(tmp_path / "moods.csv"))),
                f"folder:{tiny_encoder}", name="moods", options=options)  # fmt: skip
    page.goto(app.url)
    settle(page)
    run = create_run(plan_run(wish).spec)  # the app's queue starts it
    wait_for(lambda: ended(run), seconds=600, words="the run did not end")
    assert run.state().state == "succeeded", run.read_log()

    page.goto(f"{app.url}/Evaluate?run={run.id}")
    settle(page)
    page.locator(".st-key-panels-view").get_by_role("radio", name=re.compile("Labels")).click()
    page.get_by_role("button", name=re.compile("Check the labels$")).click()
    wait_for(lambda: any(other.spec.audit for other in list_runs()), seconds=120, words="no check was queued")
    [check] = [other for other in list_runs() if other.spec.audit]
    wait_for(lambda: ended(check), seconds=600, words="the check did not end")
    assert check.state().state == "succeeded", check.read_log()

    # It redraws by itself: the person has only waited.
    expect(page.get_by_text(re.compile("labels? looks? wrong"))).to_be_visible()
    settle(page)
    page.get_by_role("button", name=re.compile("Say who you are")).click()
    page.get_by_role("textbox", name="Your name").fill("Ana")
    page.get_by_role("button", name="Use this name").click()
    expect(page.get_by_role("button", name=re.compile("Reviewing as Ana"))).to_be_visible()
    page.keyboard.press("Escape")
    settle(page)
    number = page.locator(".st-key-accept-many input")
    number.fill(number.get_attribute("max") or "5")
    number.press("Enter")
    settle(page)
    page.get_by_role("button", name=re.compile("Accept the first")).click()
    settle(page)
    page.get_by_role("button", name=re.compile("Make a new version of the data")).click()
    page.get_by_role("button", name=re.compile("Train again on it")).wait_for()

    made = open_dataset("moods")
    changes = made.changes()
    assert made.version == 2 and made.parent == "moods@1" and changes is not None
    assert set(changes["author"]) == {"Ana"} and not (changes["split"] == "test").any()
    free = [row for row in WRONG if row in set(changes["row"])]
    assert len(free) >= 3, "most of the planted errors outside the test rows are among what was taken"

    page.get_by_role("button", name=re.compile("Train again on it")).click()
    page.wait_for_url(re.compile("/Runs"))
    settle(page)
    [child] = [other for other in list_runs() if other.spec.parent == run.id and not other.spec.audit]
    assert child.spec.data.dataset == "moods@2" and child.spec.options == run.spec.options
    expect(page.get_by_role("heading", name="moods (2)")).to_be_visible()
    wait_for(lambda: ended(child), seconds=600, words="the child did not end")
    assert child.state().state == "succeeded", child.read_log()

    # The same rows are in the same splits: the test rows of both runs are the same texts.

    tested = [
        set(table.loc[table["split"] == "test", "input: text"])
        for table in (pd.read_parquet(one.predictions_path) for one in (run, child))
    ]
    assert tested[0] == tested[1]
    page.goto(f"{app.url}/Data?data=moods@2")
    settle(page)
    expect(page.get_by_text(re.compile("Made from moods@1"))).to_be_visible()
