"""Where an adapter changes a model: a cell for each weight matrix, layers down and kinds of matrices across."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, SEQUENTIAL, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, percent, shortened

CELL = 19
# Names of matrices are long: the last parts of them tell them apart.
_LETTERS = 16


def adapter_map(
    table: pd.DataFrame, *, selected: str | None = None, theme: Theme = "light", title: str | None = None
) -> Chart:
    """‖ΔW‖ / ‖W‖ of `lib.analysis.adapter_map.adapter_table`; `selected` is the name of a matrix, outlined.

    A cell's customdata is [number of its line in the table]. The colours end at the 99th percentile, which is said
    when it cuts any off.
    """
    matrices = list(dict.fromkeys(table["matrix"]))
    columns = {name: place for place, name in enumerate(matrices)}
    across = table["matrix"].map(columns).to_numpy()
    down = table["place"].to_numpy()
    height = int(down.max()) + 1
    grid = np.full((height, len(matrices)), np.nan)
    grid[down, across] = table["share"]
    shares = table["share"].to_numpy(dtype=float)
    highest = float(np.nanmax(shares)) if np.isfinite(shares).any() else 0.0
    limit = float(np.nanquantile(shares, 0.99)) if highest else 1.0
    figure = go.Figure(
        go.Heatmap(
            z=grid,
            colorscale=SEQUENTIAL[theme],
            zmin=0,
            zmax=limit or 1.0,
            xgap=1,
            ygap=1,
            hoverinfo="skip",
            colorbar={"tickformat": ".2~%", "thickness": 10, "len": 0.9, "outlinewidth": 0, "nticks": 5},
        )
    )
    # Heatmaps report no clicks to Streamlit: invisible markers do, and the nearest one answers.
    figure.add_scatter(
        x=across,
        y=down,
        mode="markers",
        marker={"size": 12, "opacity": 0},
        customdata=[[int(number)] for number in range(len(table))],
        hovertext=[_said(row) for row in table.to_dict("records")],
        hoverinfo="text",
        unselected={"marker": {"opacity": 0}},
        selected={"marker": {"opacity": 0}},
    )
    if selected is not None:
        for number in np.flatnonzero((table["name"] == selected).to_numpy()):
            x, y = int(across[number]), int(down[number])
            outline = {"color": ACCENT[theme], "width": 2.5}
            figure.add_shape(type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, line=outline)
    lines = table.drop_duplicates("place").sort_values("place")
    several = lines["stack"].nunique() > 1
    names = [
        _line(stack, layer, several) for stack, layer in zip(lines["stack"], lines["layer"], strict=True)
    ]
    step = max(1, height // 32)
    figure.update_xaxes(
        tickvals=list(range(len(matrices))),
        ticktext=[escaped(_last(name)) for name in matrices],
        tickangle=-45,
        range=[-0.5, len(matrices) - 0.5],
        fixedrange=True,
        showline=False,
    )
    figure.update_yaxes(
        title={"text": "layer"},
        tickvals=list(range(0, height, step)),
        ticktext=names[::step],
        range=[height - 0.5, -0.5],
        fixedrange=True,
        showline=False,
    )
    figure.update_layout(hovermode="closest", hoverdistance=-1, dragmode=False, clickmode="event+select")
    middle = float(np.nanmedian(shares)) if np.isfinite(shares).any() else 0.0
    most = table.iloc[int(np.nanargmax(shares)) if np.isfinite(shares).any() else 0]
    cut = f" · colours end at {percent(limit)}, the highest is {percent(highest)}" if highest > limit else ""
    headline = (
        f"The adapter changes {escaped(_last(str(most['matrix'])))} of {_place(most)} most: by {percent(highest)}"
        if highest
        else "The adapter has changed nothing"
    )
    styled(
        figure,
        theme=theme,
        title=title or headline,
        subtitle=f"‖ΔW‖ / ‖W‖ (Frobenius) of {len(table):,} weight matrices, median {percent(middle)}{cut}",
        plot_height=min(max(height * CELL, 150), 620),
        bottom=80,
    )
    alt = (
        f"Change of {len(table):,} weight matrices by the adapter: median {percent(middle)}, "
        f"highest {percent(highest)} in {most['name']}."
    )
    return Chart(figure, alt, table.drop(columns=["spectrum", "place"]))


def _said(row: dict[Any, Any]) -> str:
    return (
        f"<b>{escaped(row['name'])}</b><br>‖ΔW‖ / ‖W‖ {percent(float(row['share']))}"
        f"<br>effective rank {float(row['effective_rank']):.1f} of {row['rank']}"
    )


def _line(stack: str, layer: int, several: bool) -> str:
    if layer < 0:
        return "outside"
    return f"{escaped(shortened(stack.split('.')[0], 8))} {layer}" if several else str(layer)


def _place(row: "pd.Series[Any]") -> str:
    return "what lies outside of layers" if int(row["layer"]) < 0 else f"layer {row['layer']}"


def _last(name: str) -> str:
    """The last part of a matrix's name, with the one before it where that is but a letter or a number."""
    parts = name.split(".")
    short = ".".join(parts[-2:]) if len(parts[-1]) < 3 and len(parts) > 1 else parts[-1]
    return shortened(short, _LETTERS)
