"""Trying a model as a first-time user does: an example by a click, a second model beside it, a file, an earlier try."""

import json
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lib.runs.folder import RunFolder
from lib.tasks import find_task
from tests.browser.conftest import App, settle
from tests.pages.taught_runs import taught_run

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
HOSTILE = "<script>window.hit = 1</script> **bold** the [MASK] was [MASK] 🙂"
# The page's share of a warm prediction of one text, as promised; a busy machine is given more here.
SECONDS = 3.0


@pytest.fixture
def runs(app: App, tmp_path: Path) -> list[RunFolder]:
    """Two finished runs that fill masks."""
    task = find_task("fill-mask")
    return [taught_run(task, tmp_path / "base", name=f"words {n}", seed=n) for n in (1, 2)]


def test_one_input_two_models_and_a_file(
    app: App, runs: list[RunFolder], window: Page, tmp_path: Path
) -> None:
    first, second = runs
    page = window
    page.set_default_timeout(180_000)
    page.goto(f"{app.url}/Runs?run={first.id}")
    settle(page)
    page.get_by_role("button", name="Try it").click()
    page.wait_for_url(re.compile(f"/Predict.*run={first.id}"))
    settle(page)

    # An example by a click; the first answer waits for the model.
    page.get_by_role("button", name=re.compile("^Example 1")).click()
    page.get_by_text(re.compile(r"\d ms, the first answer after loading")).wait_for()
    page.wait_for_url(re.compile("try="))

    # A text of one's own with two masks stays text, and the second answer comes at once.
    page.get_by_label("Text", exact=True).fill(HOSTILE)
    begun = time.monotonic()
    page.get_by_role("button", name="Predict", exact=True).click()
    page.get_by_text(re.compile(r"^\d+(\.\d+)? ms$")).wait_for()
    assert time.monotonic() - begun < SECONDS
    settle(page)
    assert page.evaluate("window.hit") is None
    expect(page.locator(".atelier-masked mark")).to_have_count(2)

    # The other run beside it, on the same input.
    page.get_by_role("combobox", name=re.compile("Compare with")).click()
    page.get_by_role("option", name=re.compile(f"^{second.name}")).click()
    page.locator(".st-key-answers-apart").wait_for()
    expect(page.locator(".atelier-masked")).to_have_count(2)
    assert f"versus=run%3A{second.id}" in page.url or f"versus=run:{second.id}" in page.url

    # The link opens the same two answers again, without asking.
    lines = (first.path / "tries.jsonl").read_text().splitlines()
    assert [len(json.loads(line)["answers"]) for line in lines] == [1, 1, 2]
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    page.locator(".st-key-answers-apart").wait_for()
    expect(page.get_by_label("Text", exact=True)).to_have_value(HOSTILE)
    assert len((first.path / "tries.jsonl").read_text().splitlines()) == 3

    # A file of rows.
    page.get_by_text("A file of rows", exact=True).click()
    settle(page)
    path = tmp_path / "rows.csv"
    path.write_text("text\nthe [MASK] was late\n=cmd [MASK]\n")
    page.locator("input[type=file]").set_input_files(str(path))
    page.get_by_role("button", name="Predict 2 rows").click()
    with page.expect_download() as caught:
        page.get_by_role("button", name=re.compile("All 2 rows with predictions")).click()
    kept = Path(caught.value.path()).read_text(encoding="utf-8-sig")
    assert "'=cmd [MASK]" in kept and kept.startswith("text,predicted,confidence")
    settle(page)
    assert not page.get_by_text("Traceback").count()
