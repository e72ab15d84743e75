"""How much better or worse one run is than another, row by row, as a histogram around no change."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.two_runs import MEASURES
from lib.charts.chart import Chart
from lib.charts.colours import GRID, LESS, MORE, MUTED, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, rows_on, shortened

BINS = 20


def gains(
    values: np.ndarray,
    *,
    kind: str,
    unit: str = "",
    split: str = "test",
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """`values`: float64[rows], above zero where this run is better; rows without a change are counted, not drawn.

    The bins are alike on both sides of 0. The outermost 1 % of the changes are gathered in the last bins, so that one
    row far out does not flatten the rest; the subtitle says so.
    """
    apart = values[np.abs(values) > 1e-9]
    size = np.abs(apart)
    end = float(np.quantile(size, 0.99)) if len(size) else 1.0
    edges = np.linspace(-end, end, 2 * BINS + 1)
    clipped = bool(len(size) and size.max() > end)
    # A hair inside, so that what lies at an end, or beyond it, is counted in the last bin.
    rows, _ = np.histogram(np.clip(apart, edges[0], np.nextafter(edges[-1], 0)), edges)
    middle = (edges[:-1] + edges[1:]) / 2
    colours = [MORE[theme] if place > 0 else LESS[theme] for place in middle]
    name = MEASURES[kind] + (f", {escaped(shortened(unit, 20))}" if unit else "")
    hovers = [
        f"<b>{rows_on(int(n))}</b><br>{name} {low:+.3g} to {high:+.3g}".replace("-", "−")
        for n, low, high in zip(rows, edges, edges[1:], strict=False)
    ]
    figure = go.Figure(
        go.Bar(
            x=middle,
            y=rows,
            width=edges[1] - edges[0],
            marker={"color": colours},
            hovertext=hovers,
            hoverinfo="text",
        )
    )
    figure.update_traces(marker_line_width=0)
    figure.add_vline(x=0, line={"color": MUTED[theme], "width": 1})
    figure.update_xaxes(title={"text": name}, nticks=7, fixedrange=True, range=[-end * 1.02, end * 1.02])
    figure.update_yaxes(
        title={"text": "rows"},
        showgrid=True,
        gridcolor=GRID[theme],
        showline=False,
        nticks=4,
        fixedrange=True,
    )
    figure.update_layout(bargap=0.08, dragmode=False, hovermode="closest")
    better, worse = int((apart > 0).sum()), int((apart < 0).sum())
    alike = len(values) - len(apart)
    more = " · the outermost 1 % stand in the last bars" if clipped else ""
    styled(
        figure,
        theme=theme,
        title=title or f"Better on {better:,} rows, worse on {worse:,}",
        subtitle=f"this run against the other on the same {rows_on(len(values), split)}; {alike:,} alike{more}",
        key=(("this run better", MORE[theme]), ("worse", LESS[theme])),
        plot_height=170,
        bottom=44,
    )
    alt = (
        f"Histogram of {name} by this run on {rows_on(len(values), split)}: better on {better:,}, worse on {worse:,}, "
        f"alike on {alike:,}."
    )
    table = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "rows": rows})
    return Chart(figure, alt, table)
