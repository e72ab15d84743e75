"""How long the texts are, and what a limit would cut off."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import GRID, INK, MODEL, Theme
from lib.charts.template import styled
from lib.charts.text import rows_on

BARS = 40


def lengths(
    values: Any,
    *,
    unit: str = "words",
    max_length: int | None = None,
    split: str | None = None,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """A histogram of lengths, int[rows], with a line at `max_length` and the share of rows above it.

    The longest 1 % are gathered in the last bar when they would squeeze the rest together; the subtitle says
    so. Raises ValueError when there are no lengths.
    """
    found = np.asarray(values, dtype=np.int64)
    if not len(found):
        raise ValueError("there are no lengths")
    longest, usual = int(found.max()), int(np.quantile(found, 0.99))
    cut = longest > 1.5 * max(usual, 10)
    last = max(usual if cut else longest, 1)
    if max_length is not None and max_length < longest:
        last = max(last, max_length)
    step = max(1, int(np.ceil((last + 1) / BARS)))
    edges = np.arange(0, last + step + 1, step)
    counts, _ = np.histogram(np.minimum(found, edges[-1] - 1), bins=edges)
    gathered = int((found >= edges[-1]).sum())
    over = 0 if max_length is None else int((found > max_length).sum())
    inside = [f"{low}" if step == 1 else f"{low}–{low + step - 1}" for low in edges[:-1]]
    if gathered:
        inside[-1] = f"{edges[-2]} to {longest:,}"
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:] - 1) / 2,
            y=counts,
            width=step * 0.92,
            marker={"color": MODEL[theme], "line": {"width": 0}},
            hovertext=[
                f"<b>{rows_on(int(n))}</b><br>{name} {unit}" for n, name in zip(counts, inside, strict=True)
            ],
            hoverinfo="text",
        )
    )
    finding = f"Half of the texts have at most {int(np.median(found)):,} {unit}"
    if max_length is not None:
        percent = _percent(over, len(found))
        finding = (
            f"A limit of {max_length:,} {unit} cuts {percent} of the texts"
            if over
            else f"No text is longer than the limit of {max_length:,} {unit}"
        )
        if max_length <= edges[-1]:
            figure.add_shape(
                type="line",
                x0=max_length + 0.5,
                x1=max_length + 0.5,
                y0=0,
                y1=1,
                yref="paper",
                line={"color": INK[theme], "width": 1.5, "dash": "dot"},
            )
            left = max_length > edges[-1] / 2
            figure.add_annotation(
                x=max_length + 0.5,
                y=1,
                yref="paper",
                yanchor="top",
                text=f"limit {max_length:,}<br>{percent} longer",
                align="right" if left else "left",
                showarrow=False,
                xanchor="right" if left else "left",
                xshift=-6 if left else 6,
                font={"size": 12},
            )
    figure.update_yaxes(showgrid=True, gridcolor=GRID[theme], showline=False, fixedrange=True, nticks=4)
    figure.update_xaxes(
        range=[-0.7, edges[-1]], title={"text": f"{unit} per text"}, fixedrange=True, nticks=7
    )
    figure.update_layout(bargap=0, dragmode=False)
    note = f" · the last bar holds {gathered:,} up to {longest:,}" if gathered else ""
    styled(
        figure,
        theme=theme,
        title=title or finding,
        subtitle=f"{rows_on(len(found), split)}{note}",
        plot_height=200,
        bottom=40,
    )
    data = pd.DataFrame({"from": edges[:-1], "to": edges[1:] - 1, "rows": counts})
    if gathered:
        data.loc[data.index[-1], "to"] = longest
    middle = f"median {int(np.median(found)):,}, longest {longest:,}"
    alt = f"Lengths of {rows_on(len(found), split)} in {unit}: {middle}. {finding}."
    return Chart(figure, alt, data)


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole
    return "0 %" if not part else "less than 1 %" if share < 1 else f"{share:.0f} %"
