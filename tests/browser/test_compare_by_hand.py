"""The difference of two matrices in a real browser: a click on a cell opens the rows that moved, ✕ clears it."""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App, settle

sys.path.append(str(Path(__file__).resolve().parents[1] / "pages"))

from fake_compared_runs import pair

from lib.analysis.matrix_change import MatrixChange

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("labels", [4, 100])
def test_a_click_on_a_cell_of_the_difference_opens_exactly_its_rows(
    app: App, window: Page, labels: int
) -> None:
    first, second = pair(labels=[f"label {number:03d}" for number in range(labels)], rows=2400)
    sides = [pd.read_parquet(run.predictions_path).query("split == 'test'") for run in (first, second)]
    change = MatrixChange.of(sides[1]["gold"], sides[0]["predicted"], sides[1]["predicted"])
    page = window
    page.set_default_timeout(180_000)
    page.goto(f"{app.url}/Evaluate?run={second.id}&view=compare&with={first.id}")
    settle(page)
    chart = page.locator(".st-key-matrix-change .js-plotly-plot")
    chart.scroll_into_view_if_needed()
    settle(page)
    grown = change.counts - np.diag(np.diag(change.counts))
    place = divmod(int(np.abs(grown).argmax()), labels)
    # Where a place lies on screen is asked of Plotly's own axes.
    x, y = chart.evaluate(
        """(plot, [row, column]) => {
            const box = plot.getBoundingClientRect(), {xaxis, yaxis} = plot._fullLayout;
            return [box.x + xaxis._offset + xaxis.d2p(column), box.y + yaxis._offset + yaxis.d2p(row)];
        }""",
        list(place),
    )
    page.mouse.move(x - 1, y - 1)
    page.mouse.click(x, y)
    page.wait_for_url(re.compile("predicted="))
    settle(page)
    true, predicted = change.labels[place[0]], change.labels[place[1]]
    assert (
        f"true={true.replace(' ', '+')}" in page.url
        and f"predicted={predicted.replace(' ', '+')}" in page.url
    )
    net = f"net {change.counts[place]:+,}".replace("-", "−")
    expect(page.get_by_text(re.compile(re.escape(net)))).to_be_visible(timeout=60_000)
    page.get_by_role("button", name=re.compile(f"truly {true}, predicted {predicted}")).click()
    expect(page.get_by_text("With different answers.")).to_be_visible(timeout=60_000)
    assert "predicted=" not in page.url
