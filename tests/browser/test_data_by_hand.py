"""A person brings files in a browser: several at once, and one that has to be read in a way they type."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lib.data.store import list_datasets
from tests.browser.conftest import App, settle

pytestmark = pytest.mark.browser
ROWS = [f"message number {n} about {n % 3}" for n in range(60)]


def bring(window: Page, app: App, *files: Path) -> None:
    window.goto(f"{app.url}/Data")
    settle(window)
    window.locator("input[type=file]").first.set_input_files(files)
    expect(window.get_by_role("button", name="Save the data set")).to_be_visible(timeout=60_000)
    settle(window)


def test_files_come_together_and_a_typed_delimiter_is_used(app: App, window: Page, tmp_path: Path) -> None:
    parts = {"train": ROWS[:40], "dev": ROWS[40:50], "test": ROWS[50:]}
    for name, rows in parts.items():
        lines = [f"{row},{('red', 'green', 'blue')[n % 3]}" for n, row in enumerate(rows)]
        (tmp_path / f"moods_{name}.csv").write_text("\n".join(["text,label", *lines]))
    bring(window, app, *(tmp_path / f"moods_{name}.csv" for name in parts))
    window.get_by_role("button", name="Save the data set").click()
    expect(window.get_by_text("Train a model on this").first).to_be_visible(timeout=60_000)
    assert list_datasets()[0].counts == {"train": 40, "validation": 10, "test": 10}

    odd = tmp_path / "odd.txt"
    odd.write_text("\n".join(["text<>label", *(f"{row}, well<>{'xy'[n % 2]}" for n, row in enumerate(ROWS))]))
    bring(window, app, odd)
    window.get_by_role("button", name="Read as").click()
    field = window.get_by_role("combobox", name="Between fields")
    field.fill("<>")
    field.press("Enter")
    expect(window.get_by_role("button", name="“<>” between fields")).to_be_visible(timeout=60_000)
    settle(window)
    window.get_by_role("button", name="Save the data set").click()
    expect(window.get_by_text("Train a model on this").first).to_be_visible(timeout=60_000)
    assert list_datasets()[0].column_names == ("text", "label")
