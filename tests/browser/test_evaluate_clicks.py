"""Bars, parts and dots of the Evaluate page's views are clicked in a real browser: each opens exactly its rows."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App, settle
from tests.pages.fake_finished_runs import finished_run

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]


def click(page: Page, chart: str, x: float, y: float) -> None:
    """Click in the drawing of a chart, at shares of its width and height."""
    drawing = page.locator(f".st-key-{chart} .nsewdrag").first
    drawing.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = drawing.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_a_bar_of_the_reliability_diagram_opens_its_rows(app: App, window: Page) -> None:
    run = finished_run(rows=600)
    window.goto(f"{app.url}/Evaluate?run={run.id}&view=calibration")
    settle(window)
    click(window, "reliability-as-it-is", 0.7, 0.5)
    window.wait_for_url(re.compile("bin=10-11"))
    expect(window.get_by_text("of them right")).to_be_visible()
    window.get_by_role("button", name="with a confidence of 67 % to 73 %", exact=True).click()
    expect(window.get_by_text("of them right")).to_be_hidden()


def test_a_part_of_the_tree_opens_its_rows(app: App, window: Page) -> None:
    run = finished_run(rows=1200)
    window.goto(f"{app.url}/Evaluate?run={run.id}&view=slices")
    settle(window)
    click(window, "error-tree", 0.02, 0.5)
    window.wait_for_url(re.compile("slice=tree%3A1"))
    expect(window.get_by_text("share wrong").last).to_be_visible()
