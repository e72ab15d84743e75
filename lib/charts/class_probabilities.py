"""How well two labels are kept apart: rows of one above the line, rows of the other below, by probability."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, GRID, MUTED, Theme, label_colours
from lib.charts.template import styled
from lib.charts.text import escaped, percent, rows_on, shortened


def class_probabilities(
    table: pd.DataFrame,
    labels: Sequence[str],
    *,
    selected: tuple[int, int] | None = None,
    split: str = "test",
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """The bars of `lib.analysis.class_probabilities.class_probabilities` for two `labels`; from a half on the first is
    predicted.

    A bar's customdata is [its place, 0 or 1: which label is true]; the `selected` one is outlined. Raises ValueError
    for other than two labels, or no rows.
    """
    if len(labels) != 2:
        raise ValueError(f"there are {len(labels)} labels, not two")
    counts = [table[f"rows {label}"].to_numpy(dtype=int) for label in labels]
    total = int(sum(part.sum() for part in counts))
    if not total:
        raise ValueError("there are no rows")
    colours, middle = label_colours(labels), (table["from"] + table["to"]) / 2
    names = [escaped(shortened(label, 24)) for label in labels]
    figure = go.Figure()
    for side, (label, part) in enumerate(zip(labels, counts, strict=True)):
        figure.add_bar(
            x=middle,
            y=part if side == 0 else -part,
            width=0.046,
            marker={
                "color": colours[label],
                "line": {
                    "color": ACCENT[theme],
                    "width": [3 if selected == (place, side) else 0 for place in range(len(part))],
                },
            },
            hovertext=[
                f"<b>{rows_on(int(count))}</b> truly {names[side]}<br>{percent(low)} to {percent(high)} {names[0]}"
                for count, low, high in zip(part, table["from"], table["to"], strict=True)
            ],
            hoverinfo="text",
            customdata=[[place, side] for place in range(len(part))],
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )
    figure.add_vline(x=0.5, line={"color": MUTED[theme], "width": 1.5, "dash": "dot"})
    most = max(int(part.max()) for part in counts)
    ticks = sorted({0, most // 2, most})
    figure.update_yaxes(
        tickmode="array",
        tickvals=[-tick for tick in reversed(ticks) if tick] + ticks,
        ticktext=[f"{tick:,}" for tick in reversed(ticks) if tick] + [f"{tick:,}" for tick in ticks],
        range=[-1.1 * most, 1.1 * most],
        title={"text": "rows"},
        showgrid=True,
        gridcolor=GRID[theme],
        showline=False,
        zeroline=True,
        zerolinecolor=MUTED[theme],
        fixedrange=True,
    )
    figure.update_xaxes(
        range=[0, 1],
        tickformat=".0%",
        dtick=0.25,
        title={"text": f"probability of {names[0]}"},
        fixedrange=True,
    )
    figure.update_layout(barmode="relative", bargap=0, dragmode=False, clickmode="event+select")
    half = len(table) // 2
    right = int(counts[0][half:].sum() + counts[1][:half].sum())
    edges = int(sum(part[[0, -1]].sum() for part in counts))
    styled(
        figure,
        theme=theme,
        title=title or "How well are the two labels kept apart?",
        subtitle=f"{rows_on(total, split)} · {percent(right / total)} on the right side of a half · "
        f"{percent(edges / total)} within 5 % of an end",
        plot_height=240,
        key=[
            (f"truly {shortened(label, 20)} ({'above' if not side else 'below'})", colours[label])
            for side, label in enumerate(labels)
        ],
        bottom=48,
    )
    alt = (
        f"Probability of {labels[0]} in {rows_on(total, split)}: of {int(counts[0].sum()):,} that truly are, "
        f"{int(counts[0][half:].sum()):,} have at least a half; of {int(counts[1].sum()):,} others, "
        f"{int(counts[1][half:].sum()):,}."
    )
    return Chart(
        figure, alt, table.assign(**{"from": np.round(table["from"], 2), "to": np.round(table["to"], 2)})
    )
