"""Rows of a dot and its interval each: the drawing that classes and baselines share."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lib.charts.colours import GRID, Theme

ROW = 26


def dots(
    names: Sequence[str],
    values: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    theme: Theme,
    colours: Sequence[str],
    hover: Sequence[str],
    customdata: Sequence[int] | None = None,
) -> go.Figure:
    """One line per name from the top down, each a dot with an interval (NaN ends draw none).

    `names` and `hover` are drawn as they are, so escape what comes from people; all arguments have one
    length. The y axis is numeric with `names` as ticks, so that equal names stay apart.
    """
    places = list(range(len(names)))
    figure = go.Figure()
    for place, colour in zip(places, colours, strict=True):
        if np.isfinite([low[place], high[place]]).all():
            figure.add_shape(
                type="line",
                x0=low[place],
                x1=high[place],
                y0=place,
                y1=place,
                line={"color": colour, "width": 2},
                opacity=0.55,
                layer="below",
            )
    figure.add_scatter(
        x=values,
        y=places,
        mode="markers",
        marker={"size": 9, "color": list(colours), "opacity": 1},
        hovertext=list(hover),
        hoverinfo="text",
        customdata=None if customdata is None else [[int(number)] for number in customdata],
        # A selection elsewhere on the page must not fade the dots.
        unselected={"marker": {"opacity": 1}},
    )
    figure.update_yaxes(
        tickmode="array",
        tickvals=places,
        ticktext=list(names),
        range=[len(names) - 0.4, -0.6],
        showline=False,
        fixedrange=True,
    )
    figure.update_xaxes(showgrid=True, gridcolor=GRID[theme], fixedrange=True, showline=False)
    figure.update_layout(hovermode="closest", dragmode=False)
    return figure
