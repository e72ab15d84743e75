"""How surprised a language model is by each row: a histogram of the loss per token."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import GRID, INK, MODEL, Theme
from lib.charts.template import styled
from lib.charts.text import rows_on

BARS = 30


def row_losses(
    values: Any,
    *,
    mean: float | None = None,
    split: str | None = None,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """Rows by their loss per token, float[rows] (natural logarithm; missing ones are left out), with a line at `mean`.

    `mean` is the loss over all tokens, in which long rows count more. The highest 1 % stand in the last bar. Raises
    ValueError when there is no loss.
    """
    found = np.asarray(values, dtype=float)
    found = found[np.isfinite(found)]
    if not len(found):
        raise ValueError("there are no losses")
    last = float(np.quantile(found, 0.99)) or 1.0
    edges = np.linspace(0.0, last * 1.0001, BARS + 1)
    counts, _ = np.histogram(np.clip(found, 0.0, edges[-1]), bins=edges)
    table = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "rows": counts})
    table.loc[table.index[-1], "to"] = max(float(found.max()), float(edges[-1]))
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges) * 0.92,
            marker={"color": MODEL[theme], "line": {"width": 0}},
            hovertext=[
                f"<b>{rows_on(int(row['rows']))}</b><br>loss {row['from']:.2f} to {row['to']:.2f}"
                for row in table.to_dict("records")
            ],
            hoverinfo="text",
        )
    )
    if mean is not None:
        figure.add_vline(x=mean, line={"color": INK[theme], "width": 1.5, "dash": "dot"})
        right = mean > last / 2
        figure.add_annotation(
            x=mean,
            y=1,
            yref="paper",
            yanchor="top",
            text=f"all tokens {mean:.2f}",
            showarrow=False,
            xanchor="right" if right else "left",
            xshift=-6 if right else 6,
            font={"size": 12},
        )
    figure.update_yaxes(
        title={"text": "rows"},
        showgrid=True,
        gridcolor=GRID[theme],
        showline=False,
        fixedrange=True,
        nticks=4,
    )
    figure.update_xaxes(title={"text": "loss per token"}, range=[0, edges[-1]], fixedrange=True, nticks=7)
    figure.update_layout(bargap=0, dragmode=False)
    half = f"Half of the rows have a loss of at most {np.median(found):.2f}"
    styled(
        figure,
        theme=theme,
        title=title or half,
        subtitle=f"{rows_on(len(found), split)} · the highest is {found.max():.2f}",
        plot_height=180,
        bottom=44,
    )
    alt = f"Loss per token of {rows_on(len(found), split)}: median {np.median(found):.2f}, highest {found.max():.2f}."
    return Chart(figure, alt, table)
