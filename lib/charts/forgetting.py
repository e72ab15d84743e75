"""Perplexity of general passages before and after training: what moved to the right is known less well now."""

import numpy as np
import plotly.graph_objects as go

from lib.analysis.forgetting import Forgetting
from lib.charts.chart import Chart
from lib.charts.colours import GRID, MODEL, MUTED, SECOND, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, shortened

ROW = 26


def forgetting(
    found: Forgetting, *, selected: int | None = None, theme: Theme = "light", title: str | None = None
) -> Chart:
    """A line for each passage from the perplexity before training to that after it, the most forgotten first.

    A dot's customdata is [row of the passage]; that of `selected` is drawn larger.
    """
    table = found.passages.assign(change=found.passages["tuned"] - found.passages["untuned"])
    table = table.sort_values("change", ascending=False, kind="stable", ignore_index=True)
    before, after = (np.exp(table[side].clip(upper=30.0)) for side in ("untuned", "tuned"))
    figure = go.Figure()
    for place, (x0, x1) in enumerate(zip(before, after, strict=True)):
        colour = SECOND[theme] if x1 > x0 else MODEL[theme]
        figure.add_shape(
            type="line",
            x0=x0,
            x1=x1,
            y0=place,
            y1=place,
            line={"color": colour, "width": 2},
            opacity=0.6,
            layer="below",
        )
    hover = [
        f"<b>{escaped(name)}</b>, {tokens:,} tokens<br>before {x0:.1f}, after {x1:.1f}"
        for name, tokens, x0, x1 in zip(table["name"], table["tokens"], before, after, strict=True)
    ]
    sizes = [13 if row == selected else 9 for row in table["row"]]
    for values, colours in (
        (before, [MUTED[theme]] * len(table)),
        (after, [SECOND[theme] if x1 > x0 else MODEL[theme] for x0, x1 in zip(before, after, strict=True)]),
    ):
        figure.add_scatter(
            x=values,
            y=list(range(len(table))),
            mode="markers",
            marker={"size": sizes, "color": colours, "opacity": 1},
            customdata=[[int(row)] for row in table["row"]],
            hovertext=hover,
            hoverinfo="text",
            unselected={"marker": {"opacity": 1}},
        )
    low, high = float(min(before.min(), after.min())) / 1.1, float(max(before.max(), after.max())) * 1.1
    figure.update_xaxes(
        type="log",
        range=[float(np.log10(low)), float(np.log10(high))],
        title={"text": "perplexity"},
        showgrid=True,
        gridcolor=GRID[theme],
        showline=False,
        fixedrange=True,
        tickformat=",~r",
        **({"dtick": "D2"} if high / low > 6 else {"nticks": 6}),
    )
    figure.update_yaxes(
        tickvals=list(range(len(table))),
        ticktext=[escaped(shortened(name, 20)) for name in table["name"]],
        range=[len(table) - 0.4, -0.6],
        showline=False,
        fixedrange=True,
    )
    figure.update_layout(hovermode="closest", dragmode=False, clickmode="event+select", hoverdistance=ROW)
    ends = f"{found.interval[0]:.2f} to {found.interval[1]:.2f}"
    noise = ": within noise" if found.within_noise else ""
    styled(
        figure,
        theme=theme,
        title=title or f"Perplexity on general text went from {found.untuned:.1f} to {found.tuned:.1f}",
        subtitle=f"{int(table['tokens'].sum()):,} tokens in {len(table)} passages · {found.ratio:.2f} times, "
        f"95 % interval {ends}{noise}",
        key=(("before", MUTED[theme]), ("after, worse", SECOND[theme]), ("after, better", MODEL[theme])),
        plot_height=max(len(table), 2) * ROW,
        bottom=44,
    )
    alt = (
        f"Perplexity of {len(table)} general passages: {found.untuned:.1f} before training, {found.tuned:.1f} after, "
        f"{found.ratio:.2f} times (95 % interval {ends})."
    )
    return Chart(figure, alt, table.drop(columns="row"))
