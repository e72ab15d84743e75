"""How far off predicted numbers are, and whether more often above or below the truth."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.amounts import amount
from lib.charts.chart import Chart
from lib.charts.colours import GRID, MODEL, MUTED, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, percent, rows_on, shortened

_BINS = 30


def errors(
    values: np.ndarray,
    *,
    unit: str = "",
    spread: float = 0.0,
    split: str = "test",
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """Rows by error (predicted minus true), float[n]; the outermost 1 % on each side stand in the outermost bars."""
    unit = shortened(unit, 20)
    found = np.asarray(values, dtype=float)
    reach = float(np.quantile(np.abs(found), 0.99)) or float(np.abs(found).max()) or 1.0
    # An odd number of bars, so that one of them is around no error at all.
    edges = np.linspace(-reach, reach, _BINS + 2)
    counts, _ = np.histogram(np.clip(found, edges[0], edges[-1]), bins=edges)
    table = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "rows": counts})
    figure = go.Figure()
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        width=np.diff(edges) * 0.92,
        marker={"color": MODEL[theme], "line": {"width": 0}},
        hovertext=[
            f"{rows_on(int(row['rows']))}<br>{escaped(amount(row['from'], spread=spread))} to "
            f"{escaped(amount(row['to'], unit, spread=spread))}"
            for row in table.to_dict("records")
        ],
        hoverinfo="text",
    )
    figure.add_vline(x=0, line={"color": MUTED[theme], "width": 1.5})
    words = f" in {escaped(unit)}" if unit else ""
    figure.update_xaxes(
        title={"text": f"predicted minus true{words}"}, nticks=6, tickformat=",~r", fixedrange=True
    )
    figure.update_yaxes(
        title={"text": "rows"},
        nticks=5,
        fixedrange=True,
        showgrid=True,
        gridcolor=GRID[theme],
        showline=False,
    )
    figure.update_layout(dragmode=False, bargap=0)
    above, median = float((found > 0).mean()), float(np.median(np.abs(found)))
    half = amount(median, unit, spread=spread)
    styled(
        figure,
        theme=theme,
        title=title or "How far off are the predictions?",
        subtitle=f"{rows_on(len(found), split)} · half of them off by {half} at most · too high for {percent(above)}",
        plot_height=220,
        bottom=44,
    )
    alt = f"Errors of {rows_on(len(found), split)}: half are off by {half} at most, {percent(above)} are too high."
    return Chart(figure, alt, table)
