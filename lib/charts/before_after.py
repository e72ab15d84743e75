"""Perplexity of each row before and after training: below the diagonal the row has become likelier."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.before_after import likelier
from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, GRID, MODEL, MUTED, Theme
from lib.charts.template import styled
from lib.charts.text import percent, rows_on

# More dots than this only make a blot, and a slow page.
MOST_DOTS = 5_000
# e to this is the highest perplexity drawn.
MOST_LOSS = 30.0


def before_after(
    pairs: pd.DataFrame,
    *,
    selected: int | None = None,
    split: str = "test",
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """A dot for each row of `lib.analysis.before_after.before_after`, both axes logarithmic; `selected` stands apart.

    A dot's customdata is [row]. Of more than 5,000 rows an even sample is drawn, the selected one always. Raises
    ValueError when there are no rows.
    """
    if pairs.empty:
        raise ValueError("there are no rows judged both times")
    table = pd.DataFrame({"row": pairs["row"]})
    for side in ("untuned", "tuned"):
        table[f"perplexity {side}"] = np.exp(pairs[side].astype(float).clip(upper=MOST_LOSS))
    drawn = table
    if len(table) > MOST_DOTS:
        places = np.linspace(0, len(table) - 1, MOST_DOTS).astype(int)
        drawn = table.iloc[np.union1d(places, np.flatnonzero(table["row"] == selected))]
    values = table[["perplexity untuned", "perplexity tuned"]].to_numpy()
    low, high = float(values.min()) / 1.15, float(values.max()) * 1.15
    span = [float(np.log10(low)), float(np.log10(high))]
    figure = go.Figure()
    diagonal = {"color": MUTED[theme], "width": 1.5, "dash": "dot"}
    figure.add_shape(type="line", x0=low, y0=low, x1=high, y1=high, line=diagonal)
    chosen = (drawn["row"] == selected).to_numpy()
    for part, colour, size, opacity in (
        (drawn[~chosen], MODEL[theme], 7, 0.3 if len(drawn) > 1_000 else 0.6),
        (drawn[chosen], ACCENT[theme], 13, 1.0),
    ):
        figure.add_scatter(
            x=part["perplexity untuned"],
            y=part["perplexity tuned"],
            mode="markers",
            marker={"size": size, "color": colour, "opacity": opacity},
            customdata=[[int(row)] for row in part["row"]],
            hovertext=[
                f"row {int(row) + 1:,}<br>before {before:,.1f}<br>after {after:,.1f}"
                for row, before, after in part.itertuples(index=False)
            ],
            hoverinfo="text",
            unselected={"marker": {"opacity": opacity}},
        )
    # 1, 2, 5, 10 …, where there is room for at least two of them.
    ticks: dict[str, Any] = {"dtick": "D2"} if high / low > 6 else {"nticks": 6}
    axis = {"type": "log", "range": span, "fixedrange": True, "tickformat": ",~r"} | ticks
    figure.update_xaxes(title={"text": "perplexity before training"}, **axis)
    figure.update_yaxes(
        title={"text": "perplexity after training"}, showgrid=True, gridcolor=GRID[theme], **axis
    )
    figure.update_layout(hovermode="closest", dragmode=False, clickmode="event+select", hoverdistance=30)
    better, changed, least, most = likelier(pairs)
    noise = ": within noise" if changed and least <= 0.5 <= most else ""
    notes = [
        rows_on(len(table), split),
        f"95 % interval of that share {percent(least)} to {percent(most)}{noise}",
        "below the line is better",
    ]
    if len(drawn) < len(table):
        notes.insert(1, f"{len(drawn):,} of them drawn")
    styled(
        figure,
        theme=theme,
        title=title or f"Training made {better:,} of {rows_on(len(table), split)} likelier",
        subtitle=" · ".join(notes),
        plot_height=300,
        bottom=44,
    )
    middle = table.median()
    alt = (
        f"Perplexity of {rows_on(len(table), split)} before and after training: {better:,} have become likelier, "
        f"the median went from {middle['perplexity untuned']:.1f} to {middle['perplexity tuned']:.1f}."
    )
    return Chart(figure, alt, table)
