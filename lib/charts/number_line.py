"""Where a predicted number lies in the range of the numbers the model learned from."""

import pandas as pd
import plotly.graph_objects as go

from lib.analysis.amounts import amount
from lib.charts.chart import Chart
from lib.charts.colours import BAND, INK, MODEL, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, shortened


def number_line(
    value: float,
    *,
    low: float,
    high: float,
    spread: float,
    unit: str = "",
    gold: float | None = None,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """A band from the lowest to the highest training number, a dot at `value`, a diamond at `gold`, the true number."""
    unit = shortened(unit, 20)
    marks = [("predicted", value, MODEL[theme], "circle")]
    if gold is not None:
        marks.append(("true", gold, INK[theme], "diamond"))
    figure = go.Figure()
    figure.add_shape(
        type="rect",
        x0=low,
        x1=high,
        y0=-0.32,
        y1=0.32,
        fillcolor=BAND[theme],
        line={"width": 0},
        layer="below",
    )
    for name, number, colour, symbol in marks:
        said = escaped(amount(number, unit, spread=spread))
        figure.add_scatter(
            x=[number],
            y=[0],
            mode="markers",
            marker={"size": 14, "color": colour, "symbol": symbol, "opacity": 1},
            hovertext=[f"{name} {said}"],
            hoverinfo="text",
        )
        figure.add_annotation(
            x=number,
            y=0.4 if name == "predicted" else -0.4,
            yanchor="bottom" if name == "predicted" else "top",
            text=f"{name} <b>{said}</b>",
            showarrow=False,
            font={"size": 12, "color": colour},
        )
    ends = [low, high, *(number for _, number, *_ in marks)]
    pad = 0.12 * ((max(ends) - min(ends)) or 1.0)
    figure.update_xaxes(
        range=[min(ends) - pad, max(ends) + pad],
        nticks=6,
        tickformat=",~r",
        title={"text": escaped(f"in {unit}") if unit else "number"},
        fixedrange=True,
    )
    figure.update_yaxes(range=[-1, 1], visible=False, fixedrange=True)
    figure.update_layout(dragmode=False)
    inside = low <= value <= high
    where = "inside" if inside else "outside"
    span = f"{amount(low, spread=spread)} to {amount(high, unit, spread=spread)}"
    styled(
        figure,
        theme=theme,
        title=title
        or (
            "Where does it lie among the training numbers?"
            if inside
            else "Outside of what the model has seen"
        ),
        subtitle=f"the band is the range of the training rows, {span}",
        plot_height=96,
        bottom=44,
    )
    truth = f", truly {amount(gold, unit, spread=spread)}" if gold is not None else ""
    alt = f"Predicted {amount(value, unit, spread=spread)}{truth}, {where} the training range {span}."
    table = pd.DataFrame({"what": [name for name, *_ in marks], "number": [mark[1] for mark in marks]})
    return Chart(figure, alt, table)
