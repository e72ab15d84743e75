"""The whole path in a real browser: upload, train, watch, review, predict; with a reload and a killed worker."""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from lib.data.examples import load_example
from lib.runs.folder import RunFolder, list_runs
from tests.browser.conftest import App, settle, start_app, stop_app

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    settle(page)


def wait_for(what: Callable[[], bool], *, seconds: float, words: str) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, words
        time.sleep(0.1)


def only_run() -> RunFolder:
    [run] = list_runs()
    return run


def upload(page: Page, app: App, file: Path) -> None:
    page.goto(f"{app.url}/Data")
    settle(page)
    page.set_input_files("input[type=file]", str(file))
    page.get_by_role("button", name="Save the data set").wait_for()
    settle(page)


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    load_example("support-tickets").frame.to_csv(path, index=False)
    return path


def test_from_an_uploaded_csv_to_a_reviewed_model(app: App, window: Page, tickets: Path) -> None:
    page = window
    upload(page, app, tickets)
    expect(page.get_by_text("The test rows are locked")).to_be_visible()
    press(page, "Save the data set")
    press(page, "Train a model on this")
    expect(page.get_by_text("Fine-tune MiniLM-L6 on 320 rows")).to_be_visible()
    press(page, "Start training")
    page.wait_for_url(re.compile("/Runs.*run="))
    run = only_run()
    steps_before = watch_until_checkpoint(run)

    # A reload in mid-run finds the run again, and the run has not noticed.
    page.reload()
    settle(page)
    expect(page.get_by_text("Training · step")).to_be_visible()
    assert run.state().step >= steps_before
    assert run.state().state == "running"

    # A killed worker is shown as what it is, and resumed with one click.
    os.kill(run.state().pid or 0, signal.SIGKILL)
    resume = page.get_by_role("button", name="Resume").first
    resume.wait_for(timeout=30_000)
    assert run.state().state == "lost"
    resume.click()
    wait_for(lambda: run.state().state == "running", seconds=60, words="the run was not resumed")
    wait_for(lambda: not run.state().is_active, seconds=600, words="the run did not end")
    assert run.state().state == "succeeded", run.read_log()
    page.get_by_role("button", name="Look at its mistakes").first.wait_for()

    press(page, "Look at its mistakes")
    page.wait_for_url(re.compile("/Evaluate.*run="))
    review_a_cell(page)
    predict_one(page)


def watch_until_checkpoint(run: RunFolder) -> int:
    """Wait until the run has something to resume from, and return its step."""
    wait_for(
        lambda: not run.state().is_active or any(run.checkpoints_path.glob("checkpoint-*/complete.json")),
        seconds=300,
        words="no checkpoint was written",
    )
    assert run.state().state == "running", run.read_log()
    return run.state().step


def review_a_cell(page: Page) -> None:
    """Click a cell of the matrix: its rows appear, the address names it, and a reload restores it."""
    matrix = page.get_by_test_id("stPlotlyChart").filter(has_text="Which labels does the model confuse?")
    matrix.wait_for()
    settle(page)
    expect(page.get_by_text(re.compile(r"on 40 test rows|40 test rows")).first).to_be_visible()
    x, y = place_of_cell(page, matrix, row=0, column=0)
    page.mouse.click(x, y)
    page.wait_for_url(re.compile("true=.*predicted=|predicted=.*true="))
    settle(page)
    chip = page.get_by_role("button", name=re.compile("^truly .*, predicted "))
    words = chip.get_by_role("paragraph").inner_text()

    address = page.url
    page.goto("about:blank")
    page.goto(address)
    settle(page)
    expect(chip.get_by_role("paragraph")).to_have_text(words)

    chip.click()
    page.wait_for_url(lambda url: "true=" not in url and "predicted=" not in url)


def place_of_cell(page: Page, matrix: Locator, *, row: int, column: int) -> tuple[float, float]:
    """Where the middle of a cell lies in the window, asked of Plotly's own axes."""
    matrix.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    x, y = matrix.locator(".js-plotly-plot").evaluate(
        """(plot, [row, column]) => {
            const box = plot.getBoundingClientRect(), axes = plot._fullLayout;
            return [box.x + axes.xaxis._offset + axes.xaxis.l2p(column),
                    box.y + axes.yaxis._offset + axes.yaxis.l2p(row)];
        }""",
        [row, column],
    )
    return x, y


def predict_one(page: Page) -> None:
    page.get_by_role("button", name="Look inside the model").click()
    page.wait_for_url(re.compile("/Explain"))
    page.get_by_text("Attention weights of every head").first.wait_for(timeout=90_000)
    page.get_by_role("button", name="Try the model").click()
    page.wait_for_url(re.compile("/Predict"))
    settle(page)
    box = page.get_by_label("Text", exact=True)
    box.fill("The parcel has been stuck in the depot for two weeks and the courier does not answer")
    page.get_by_role("button", name="Predict").first.click()
    page.get_by_text("How likely is each label?").wait_for(timeout=90_000)
    expect(page.get_by_test_id("stMetricValue")).to_have_text("delivery")


def test_restarting_the_app_leaves_a_run_alone_and_finds_it_again(
    app: App, window: Page, tickets: Path
) -> None:
    from lib.plan.planner import plan_run
    from lib.runs.folder import create_run
    from lib.runs.spec import DataSpec, Spec

    wish = Spec(
        task="text-classification",
        data=DataSpec(file=str(tickets)),
        model="starter:minilm-l6",
        options={"preset": "quick", "epochs": 3},
    )
    window.goto(app.url)
    settle(window)
    run = create_run(plan_run(wish).spec)
    wait_for(
        lambda: run.state().state == "running", seconds=30, words="the app's queue did not start the run"
    )
    worker = run.state().pid
    stop_app(app)
    assert run.state().state == "running"
    again = start_app(app.home)
    try:
        window.goto(f"{again.url}/Runs?run={run.id}")
        settle(window)
        expect(window.get_by_text(run.name).first).to_be_visible()
        assert run.state().pid in (worker, None)
        wait_for(lambda: not run.state().is_active, seconds=300, words="the run did not end")
        assert run.state().state == "succeeded", run.read_log()
        window.get_by_role("button", name="Look at its mistakes").first.wait_for()
    finally:
        app.process = again.process


def test_two_windows_do_not_disturb_each_other(app: App, window: Page, tickets: Path) -> None:
    upload(window, app, tickets)
    second = window.context.new_page()
    second.goto(f"{app.url}/Data")
    settle(second)
    second.get_by_role("button", name="Support tickets").first.click()
    settle(second)
    press(window, "Save the data set")
    expect(window.get_by_text("Train a model on this")).to_be_visible()
    expect(second.get_by_role("button", name="Save the data set")).to_be_visible()


BAD_UPLOADS = [
    ("empty.csv", b""),
    ("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(500)),
]


@pytest.mark.parametrize(("name", "content"), BAD_UPLOADS, ids=[row[0] for row in BAD_UPLOADS])
def test_a_wrong_file_gets_a_sentence_and_nothing_is_saved(
    app: App, window: Page, tmp_path: Path, name: str, content: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    window.goto(f"{app.url}/Data")
    settle(window)
    window.set_input_files("input[type=file]", str(file))
    window.get_by_test_id("stAlert").first.wait_for()
    assert "Traceback" not in window.content()
    assert not list((app.home / "data").glob("*/v*"))
