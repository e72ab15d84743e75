"""What a row costs on average at every threshold, and where it is cheapest."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.thresholds import Curve
from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, FAINT, GRID, MODEL, SECOND, Theme
from lib.charts.template import styled
from lib.charts.text import rows_on


def expected_cost(
    curve: Curve,
    *,
    false_alarm: float,
    miss: float,
    threshold: float,
    chosen: float | None = None,
    validation: Curve | None = None,
    split: str | None = None,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """The mean cost of a row by threshold, 0 to 1, with the points of `threshold` and of the one `chosen` elsewhere.

    `validation` draws the curve of the rows that it was chosen on, too.
    """
    table = _table(curve, false_alarm, miss)
    figure = go.Figure()
    if validation is not None:
        other = _table(validation, false_alarm, miss)
        figure.add_scatter(
            x=other["threshold"],
            y=other["cost"],
            mode="lines",
            line={"color": FAINT[theme], "width": 2, "shape": "hv"},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=table["threshold"],
        y=table["cost"],
        mode="lines",
        line={"color": MODEL[theme], "width": 2, "shape": "hv"},
        hovertext=[
            f"threshold {row['threshold']:.3f}<br>{row['cost']:.4g} a row" for row in table.to_dict("records")
        ],
        hoverinfo="text",
    )
    marks = [(threshold, ACCENT[theme], "circle", 11)]
    if chosen is not None:
        marks.insert(0, (chosen, SECOND[theme], "diamond", 13))
    for place, colour, symbol, size in marks:
        figure.add_scatter(
            x=[place],
            y=[curve.at(place).cost(false_alarm, miss)],
            mode="markers",
            marker={"size": size, "color": colour, "symbol": symbol},
            hoverinfo="skip",
        )
    figure.update_xaxes(title={"text": "threshold"}, range=[-0.01, 1.01], fixedrange=True, nticks=6)
    figure.update_yaxes(
        title={"text": "mean cost of a row"},
        rangemode="tozero",
        showgrid=True,
        gridcolor=GRID[theme],
        showline=False,
        fixedrange=True,
        nticks=5,
    )
    figure.update_layout(dragmode=False, hovermode="closest")
    rows = rows_on(curve.positives + curve.negatives, split)
    key = [(f"{split or 'these'} rows", MODEL[theme])]
    key += [("validation rows", FAINT[theme])] if validation is not None else []
    key += [("cheapest on validation rows", SECOND[theme])] if chosen is not None else []
    key += [("current threshold", ACCENT[theme])]
    cost = curve.at(threshold).cost(false_alarm, miss)
    styled(
        figure,
        theme=theme,
        title=title or "Which threshold costs least?",
        subtitle=f"{rows} · a false alarm costs {false_alarm:g}, a miss {miss:g}",
        key=key,
        plot_height=240,
        bottom=44,
    )
    alt = f"Mean cost of {rows} by threshold: {cost:.4g} a row at {threshold:.3f}"
    alt += f", {curve.at(chosen).cost(false_alarm, miss):.4g} at {chosen:.3f}." if chosen is not None else "."
    return Chart(figure, alt, table)


def _table(curve: Curve, false_alarm: float, miss: float) -> pd.DataFrame:
    """Thresholds from 0 to 1 with the cost from each up to the next."""
    places = curve.thinned()
    thresholds, costs = (
        np.minimum(curve.thresholds[places], 1.0)[::-1],
        curve.costs(false_alarm, miss)[places][::-1],
    )
    # Below the lowest probability the label is always given: as at that probability.
    return pd.DataFrame({"threshold": np.append(0.0, thresholds), "cost": np.append(costs[0], costs)})
