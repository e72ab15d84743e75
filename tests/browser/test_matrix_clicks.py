"""Cells of confusion matrices of 4 to 1,000 labels are clicked in a real browser, and their rows are there at once."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

from lib.analysis.confusion import ConfusionMatrix
from lib.runs.folder import RunFolder
from lib.settings import get_settings
from lib.ui.review_selection import GATHERED_TO
from tests.browser.conftest import App, settle, start_app, stop_app
from tests.pages.fake_finished_runs import finished_run

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

# By the number of labels: rows that were judged, half of them on the test split.
SIZES = {4: 400, 10: 2_000, 20: 20_000, 100: 8_000, 1_000: 20_000}
MOST_SECONDS, MOST_BYTES, MOST_NODES = 2.0, 5_000_000, 15_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, dict[int, RunFolder]]]:
    """One app over hand-made runs of every size."""
    home = tmp_path_factory.mktemp("matrices") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(home))
        get_settings.cache_clear()
        runs = {
            size: finished_run(labels=[f"label {n:04d}" for n in range(size)], rows=rows)
            for size, rows in SIZES.items()
        }
        app = start_app(home)
        yield app, runs
        stop_app(app)
    get_settings.cache_clear()


@dataclass
class Watched:
    """A window whose messages are weighed."""

    page: Page
    messages: list[int] = field(default_factory=list)

    def check(self) -> None:
        """No message and no page is too large."""
        assert max(self.messages) <= MOST_BYTES
        assert self.page.evaluate("document.querySelectorAll('*').length") <= MOST_NODES


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A laptop's window, all of its messages weighed."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    window = Watched(page)
    page.on(
        "websocket",
        lambda socket: [
            socket.on(event, lambda data: window.messages.append(len(data)))
            for event in ("framereceived", "framesent")
        ],
    )
    yield window
    context.close()


def rows_of_test(run: RunFolder) -> pd.DataFrame:
    frame = pd.read_parquet(run.predictions_path, columns=["split", "gold", "predicted"])
    return frame[frame["split"] == "test"]


def open_matrix(page: Page, app: App, run: RunFolder) -> None:
    page.goto(f"{app.url}/Evaluate?run={run.id}")
    page.locator(".st-key-confusion-matrix .nsewdrag").first.wait_for()
    settle(page)
    # Plotly is there before its layer that takes clicks is.
    page.wait_for_timeout(1_500)


def point_of(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a place of the matrix's axes is on screen, as Plotly draws it."""
    drawing = page.locator(".st-key-confusion-matrix .js-plotly-plot").first
    drawing.evaluate("element => element.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(400)
    left, top = drawing.evaluate(
        """(plot, [x, y]) => {
            const box = plot.getBoundingClientRect(), { xaxis, yaxis } = plot._fullLayout;
            return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)];
        }""",
        [x, y],
    )
    return left, top


def click_cell(page: Page, x: float, y: float) -> float:
    """Click a cell; returns the seconds until its rows are listed."""
    where = point_of(page, x, y)
    page.mouse.move(where[0] - 2, where[1])
    page.mouse.move(*where)
    begun = time.monotonic()
    page.mouse.click(*where)
    page.locator(".st-key-clear-selection").wait_for()
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    return time.monotonic() - begun


def selected_rows(page: Page) -> int:
    """How many rows the list says it holds."""
    words = page.locator("strong", has_text=re.compile(r"^[\d,]+ rows?$")).first.inner_text()
    return int(words.split()[0].replace(",", ""))


@pytest.mark.parametrize(
    "size", [pytest.param(4, marks=pytest.mark.slow), 10, pytest.param(20, marks=pytest.mark.slow), 100]
)
def test_a_click_on_a_cell_lists_its_rows(
    served: tuple[App, dict[int, RunFolder]], watched: Watched, size: int
) -> None:
    app, runs = served
    page, frame = watched.page, rows_of_test(runs[size])
    matrix = ConfusionMatrix.of(frame["gold"], frame["predicted"])
    worst = matrix.top_confusions(1).iloc[0]
    true, predicted = (matrix.position(str(worst[side])) for side in ("gold", "predicted"))
    open_matrix(page, app, runs[size])
    seconds = click_cell(page, predicted, true)
    chip = page.locator(".st-key-clear-selection")
    # What else the machine does must not count: the quickest of up to three clicks.
    for _ in range(2):
        if seconds < MOST_SECONDS:
            break
        chip.get_by_role("button").click()
        chip.wait_for(state="detached")
        settle(page)
        seconds = click_cell(page, predicted, true)
    assert seconds < MOST_SECONDS
    assert selected_rows(page) == worst["rows"]
    assert chip.inner_text().startswith(f"truly {worst['gold']}, predicted {worst['predicted']}")
    watched.check()
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    chip.wait_for()
    settle(page)
    assert selected_rows(page) == worst["rows"]
    chip.get_by_role("button").click()
    chip.wait_for(state="detached")
    settle(page)
    assert "true=" not in page.url and "predicted=" not in page.url
    watched.check()


@pytest.mark.slow
def test_the_gathered_cell_of_a_thousand_labels_lists_the_rows_of_all_of_them(
    served: tuple[App, dict[int, RunFolder]], watched: Watched
) -> None:
    app, runs = served
    page, frame = watched.page, rows_of_test(runs[1_000])
    matrix = ConfusionMatrix.of(frame["gold"], frame["predicted"]).reduced(GATHERED_TO)
    open_matrix(page, app, runs[1_000])
    click_cell(page, GATHERED_TO, 0)
    assert selected_rows(page) == matrix.rows_in(true=0, predicted=GATHERED_TO)
    watched.check()


def test_a_thousand_labels_are_picked_and_brushed(
    served: tuple[App, dict[int, RunFolder]], watched: Watched
) -> None:
    app, runs = served
    page, frame = watched.page, rows_of_test(runs[1_000])
    names = [f"label {n:04d}" for n in range(1_000)]
    open_matrix(page, app, runs[1_000])
    page.get_by_role("button", name="Options").first.click()
    page.get_by_text(f"Only the {GATHERED_TO} most mistaken labels").click()
    page.get_by_text("All 1,000 labels").wait_for()
    page.keyboard.press("Escape")
    settle(page)
    page.wait_for_timeout(2_000)
    wrong = ConfusionMatrix.of(frame["gold"], frame["predicted"], labels=names).top_confusions(1).iloc[0]
    click_cell(page, names.index(str(wrong["predicted"])), names.index(str(wrong["gold"])))
    # Marks can share a pixel: the one that answers is near.
    cell = re.search(r"true=label\+(\d+)&predicted=label\+(\d+)", page.url)
    assert cell is not None
    true, predicted = (names[int(number)] for number in cell.groups())
    assert abs(names.index(true) - names.index(str(wrong["gold"]))) <= 3
    assert selected_rows(page) == int(((frame["gold"] == true) & (frame["predicted"] == predicted)).sum()) > 0
    watched.check()
    page.get_by_text("Drag a box").click()
    settle(page)
    page.wait_for_timeout(2_000)
    (left, top), (right, bottom) = point_of(page, 99.5, 199.5), point_of(page, 349.5, 399.5)
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move((left + right) / 2, (top + bottom) / 2, steps=4)
    page.mouse.move(right, bottom, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile("box="))
    settle(page)
    box = re.search(r"box=([\d.-]+)~([\d.-]+)", page.url.replace("%7E", "~"))
    assert box is not None
    (first, last), (low, high) = ([int(end) for end in side.split("-")] for side in box.groups())
    # A drag ends on a pixel of the screen, and a label is about one wide.
    ends = zip((first, last, low, high), (200, 399, 100, 349), strict=True)
    assert all(abs(found - meant) <= 2 for found, meant in ends)
    inside = frame["gold"].isin(names[first : last + 1]) & frame["predicted"].isin(names[low : high + 1])
    assert selected_rows(page) == int(inside.sum()) > 0
    watched.check()
    page.goto(page.url)
    chip = page.locator(".st-key-clear-selection")
    chip.wait_for()
    settle(page)
    assert selected_rows(page) == int(inside.sum())
    chip.get_by_role("button").click()
    chip.wait_for(state="detached")
    settle(page)
    assert "box=" not in page.url
    watched.check()
