"""Predicted numbers against the true ones: the nearer to the line, the better."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.amounts import amount
from lib.charts.chart import Chart
from lib.charts.colours import GRID, MODEL, MUTED, SECOND, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, rows_on, shortened

# More dots than this only make a blot, and a slow page.
MOST_DOTS = 5_000


def true_against_predicted(
    gold: np.ndarray,
    predicted: np.ndarray,
    *,
    unit: str = "",
    spread: float = 0.0,
    rows: np.ndarray | None = None,
    selected: int | None = None,
    split: str = "test",
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """A dot for each row and the line on which predictions are exact.

    gold, predicted: float[n], finite. `rows` are numbers to know the dots by (their customdata), `selected` one of
    them, drawn apart. Of more than 5,000 rows an even sample is drawn, the selected one always.
    """
    unit = shortened(unit, 20)
    numbers = np.arange(len(gold)) if rows is None else np.asarray(rows)
    table = pd.DataFrame({"row": numbers, "true": np.asarray(gold), "predicted": np.asarray(predicted)})
    drawn = table
    if len(table) > MOST_DOTS:
        places = np.linspace(0, len(table) - 1, MOST_DOTS).astype(int)
        drawn = table.iloc[np.union1d(places, np.flatnonzero(numbers == selected))]
    ends = np.array([table[["true", "predicted"]].min().min(), table[["true", "predicted"]].max().max()])
    pad = 0.04 * (float(np.ptp(ends)) or 1.0)
    span = [float(ends[0] - pad), float(ends[1] + pad)]
    figure = go.Figure()
    figure.add_shape(
        type="line",
        x0=span[0],
        y0=span[0],
        x1=span[1],
        y1=span[1],
        line={"color": MUTED[theme], "width": 1.5},
    )
    chosen = (drawn["row"] == selected).to_numpy()
    for part, colour, size, opacity in (
        (drawn[~chosen], MODEL[theme], 7, 0.25 if len(drawn) > 1_000 else 0.55),
        (drawn[chosen], SECOND[theme], 12, 1.0),
    ):
        figure.add_scatter(
            x=part["true"],
            y=part["predicted"],
            mode="markers",
            marker={"size": size, "color": colour, "opacity": opacity},
            customdata=[[int(row)] for row in part["row"]],
            hovertext=[_said(row, unit, spread) for row in part.to_dict("records")],
            hoverinfo="text",
            unselected={"marker": {"opacity": opacity}},
        )
    words = f" in {escaped(unit)}" if unit else ""
    figure.update_xaxes(
        title={"text": f"true{words}"}, range=span, nticks=6, tickformat=",~r", fixedrange=True
    )
    figure.update_yaxes(
        title={"text": f"predicted{words}"}, range=span, nticks=6, tickformat=",~r", fixedrange=True, showgrid=True,
        gridcolor=GRID[theme],
    )  # fmt: skip
    figure.update_layout(hovermode="closest", dragmode=False, clickmode="event+select")
    notes = [rows_on(len(table), split), "the nearer to the line, the better"]
    if len(drawn) < len(table):
        notes.insert(1, f"{len(drawn):,} of them drawn")
    styled(
        figure,
        theme=theme,
        title=title or "Do the predictions follow the truth?",
        subtitle=" · ".join(notes),
        plot_height=330,
        bottom=44,
    )
    error = float(np.abs(table["predicted"] - table["true"]).mean())
    alt = (
        f"Predicted against true numbers of {rows_on(len(table), split)}, "
        f"{amount(error, unit, spread=spread)} from the line on average."
    )
    return Chart(figure, alt, table)


def _said(row: Mapping[Any, Any], unit: str, spread: float) -> str:
    true, predicted = (escaped(amount(row[name], unit, spread=spread)) for name in ("true", "predicted"))
    return f"true {true}<br>predicted {predicted}"
