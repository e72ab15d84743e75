"""Taking a model along in a real browser: a card, one button, a download that is whole."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import App, settle
from tests.export.finished import finished_run


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_zip_and_a_report_are_made_downloaded_and_reopened_by_the_link(
    app: App, window: Page, tmp_path: Path
) -> None:
    run = finished_run("text-classification", tmp_path / "bases", name="<b>tickets</b>")
    window.goto(f"{app.url}/Runs?run={run.id}")
    window.get_by_role("button", name="Export").click()
    settle(window)
    for title, verb, suffix in (("Zip file", "zip", ".zip"), ("Report", "report", ".html")):
        window.locator(f".st-key-format-open-{verb}").get_by_role("button", name="Choose").click()
        settle(window)
        window.get_by_role("button", name=f"Make the {title.lower()}").click()
        row = window.locator(f"[class*=st-key-export-][class*=-{verb}-]").first
        with window.expect_download() as waiting:
            row.get_by_role("button", name="Download").click()
        waiting.value.save_as(tmp_path / f"made{suffix}")
    assert f"run={run.id}" in window.url and "format=report" in window.url and "job=" in window.url
    with zipfile.ZipFile(tmp_path / "made.zip") as archive:
        assert archive.testzip() is None
        assert any(name.endswith("/model.safetensors") for name in archive.namelist())
    assert "<h1>&lt;b&gt;tickets" in (tmp_path / "made.html").read_text(encoding="utf-8")
    window.context.set_offline(True)
    report = window.context.new_page()
    report.goto((tmp_path / "made.html").as_uri())
    assert report.locator("h1").inner_text() == "<b>tickets</b>"
    assert report.locator("b").count() == 0
    assert report.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
