"""A learning curve: the score by the number of training rows, with the law fitted to it and where that leads."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.budget import Budget
from lib.analysis.intervals import number
from lib.analysis.scores import title as score_title
from lib.charts.chart import Chart
from lib.charts.colours import BAND, GRID, MODEL, MUTED, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, rows_on, shortened


def learning_curve(
    found: Budget, *, more: int, test_rows: int, theme: Theme = "light", title: str | None = None
) -> Chart:
    """A dot with a 95 % interval for each size, the fitted law through them, and its band on to `more` rows."""
    last = float(found.rows[-1] + more)
    x = np.geomspace(float(found.rows[0]), last, 60)
    fit, low, high = found.at(x)
    name, colour = escaped(shortened(score_title(found.score), 40)), MODEL[theme]
    known = x <= found.rows[-1]
    figure = go.Figure()
    figure.add_scatter(x=x, y=high, mode="lines", line={"width": 0}, hoverinfo="skip")
    figure.add_scatter(
        x=x, y=low, mode="lines", line={"width": 0}, fill="tonexty", fillcolor=BAND[theme], hoverinfo="skip"
    )
    figure.add_scatter(
        x=x[known], y=fit[known], mode="lines", line={"color": colour, "width": 2}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=np.append(found.rows[-1], x[~known]),
        y=np.append(found.at(found.rows[-1:])[0], fit[~known]),
        mode="lines",
        line={"color": colour, "width": 2, "dash": "dot"},
        hoverinfo="skip",
    )
    ends = np.array(found.intervals)
    figure.add_scatter(
        x=found.rows,
        y=found.scores,
        mode="markers",
        marker={"size": 9, "color": colour},
        error_y={
            "type": "data", "symmetric": False, "array": ends[:, 1] - found.scores,
            "arrayminus": found.scores - ends[:, 0], "color": colour, "thickness": 1.5, "width": 0,
        },
        hovertext=[
            f"<b>{rows_on(int(n), 'training')}</b><br>{name} {number(value, decimals=3)} "
            f"({number(a, decimals=3)}–{number(b, decimals=3)})"
            for n, value, (a, b) in zip(found.rows, found.scores, found.intervals, strict=True)
        ],
        hoverinfo="text",
    )  # fmt: skip
    figure.add_vline(
        x=float(found.rows[-1]), line={"color": MUTED[theme], "width": 1, "dash": "dot"}, layer="below"
    )
    ticks = [*found.rows.tolist(), int(last)]
    figure.update_xaxes(
        type="log", title={"text": "training rows (log scale)"}, fixedrange=True,
        tickvals=ticks, ticktext=[f"{n:,}" for n in ticks],
    )  # fmt: skip
    figure.update_yaxes(
        title={"text": name}, showgrid=True, gridcolor=GRID[theme], showline=False, fixedrange=True
    )
    figure.update_layout(dragmode=False, hovermode="closest")
    styled(
        figure,
        theme=theme,
        title=title or f"What would {more:,} more labels buy?",
        subtitle=f"{score_title(found.score)} with 95 % intervals on {rows_on(test_rows, 'test')}; dotted: the fitted "
        "law goes on",
        plot_height=260,
        bottom=44,
    )
    there = ", ".join(f"{n:,} rows {value:.3f}" for n, value in zip(found.rows, found.scores, strict=True))
    alt = f"{score_title(found.score)} by training rows: {there}; fitted {fit[-1]:.3f} at {int(last):,} rows."
    table = pd.DataFrame(
        {"training_rows": found.rows, found.score: found.scores, "low": ends[:, 0], "high": ends[:, 1]}
    )
    return Chart(figure, alt, table)
