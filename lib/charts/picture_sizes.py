"""How large the pictures are: width against height, as dots whose size says how many pictures have it."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import GRID, MODEL, Theme
from lib.charts.template import styled
from lib.charts.text import rows_on

# So many sizes are drawn apart; rarer ones are put on a grid.
MOST_DOTS = 400


def picture_sizes(sizes: pd.DataFrame, *, theme: Theme = "light") -> Chart:
    """`sizes`: columns width and height, int pixels, one line a picture. Raises ValueError for none."""
    if sizes.empty:
        raise ValueError("there are no pictures")
    table = sizes.value_counts(["width", "height"]).reset_index(name="pictures")
    if len(table) > MOST_DOTS:
        step = max(1, int(np.ceil(sizes.max().max() / 40)))
        table = (
            (sizes // step * step + step // 2).value_counts(["width", "height"]).reset_index(name="pictures")
        )
    biggest = int(table["pictures"].max())
    figure = go.Figure(
        go.Scatter(
            x=table["width"],
            y=table["height"],
            mode="markers",
            marker={
                "color": MODEL[theme],
                "opacity": 0.7,
                "line": {"width": 0},
                "size": 6 + 22 * np.sqrt(table["pictures"] / biggest),
            },
            hovertext=[
                f"<b>{width:,} × {height:,} pixels</b><br>{number:,} picture{'' if number == 1 else 's'}"
                for width, height, number in table.itertuples(index=False)
            ],
            hoverinfo="text",
        )
    )
    usual = {
        "rangemode": "tozero",
        "fixedrange": True,
        "nticks": 6,
        "showgrid": True,
        "gridcolor": GRID[theme],
    }
    figure.update_xaxes(title={"text": "width, pixels"}, **usual)
    figure.update_yaxes(title={"text": "height, pixels"}, **usual)
    figure.update_layout(dragmode=False)
    width, height, number = (int(value) for value in table.iloc[0])
    same = number == len(sizes)
    finding = (
        f"All pictures have {width:,} × {height:,} pixels"
        if same
        else f"Half of the pictures have at most {int(sizes.max(axis=1).median()):,} pixels on their longer side"
    )
    smallest = int(sizes.min(axis=1).min())
    styled(
        figure,
        theme=theme,
        title=finding,
        subtitle=f"{rows_on(len(sizes))}; the shortest side has {smallest:,} pixels",
        plot_height=240,
        bottom=40,
    )
    return Chart(figure, f"Width and height of {rows_on(len(sizes))}. {finding}.", table)
