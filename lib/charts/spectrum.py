"""In how many directions an adapter changes one weight matrix: the singular values of the change."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import GRID, MODEL, MUTED, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, shortened


def spectrum(
    values: Sequence[float], *, name: str, effective: float, theme: Theme = "light", title: str | None = None
) -> Chart:
    """Bars from the largest singular value down, and a line at the effective rank. Raises ValueError for none."""
    if not len(values):
        raise ValueError("there are no singular values")
    table = pd.DataFrame({"number": range(1, len(values) + 1), "singular value": list(values)})
    total = float(table["singular value"].sum())
    figure = go.Figure(
        go.Bar(
            x=table["number"],
            y=table["singular value"],
            marker={"color": MODEL[theme], "line": {"width": 0}},
            hovertext=[
                f"<b>{number}</b>: {value:.3g}<br>{100 * value / total if total else 0:.0f} % of their sum"
                for number, value in table.itertuples(index=False)
            ],
            hoverinfo="text",
        )
    )
    if effective:
        right = effective > 0.6 * len(values)
        figure.add_vline(x=effective + 0.5, line={"color": MUTED[theme], "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=effective + 0.5,
            y=1,
            yref="paper",
            yanchor="top",
            text=f"effective rank {effective:.1f}",
            showarrow=False,
            xanchor="right" if right else "left",
            xshift=-6 if right else 6,
        )
    figure.update_xaxes(
        title={"text": "direction"}, range=[0.4, len(values) + 0.6], fixedrange=True, nticks=9, tickformat="d"
    )
    figure.update_yaxes(
        title={"text": "singular value"},
        showgrid=True,
        gridcolor=GRID[theme],
        showline=False,
        fixedrange=True,
        nticks=5,
    )
    figure.update_layout(bargap=0.25, dragmode=False)
    styled(
        figure,
        theme=theme,
        title=title or f"It uses {effective:.1f} of the {len(values)} directions it has",
        subtitle=f"Singular values of scale · B A beside {shortened(name, 70)}",
        plot_height=240,
        bottom=44,
    )
    alt = (
        f"Singular values of the change of {escaped(name)}: largest {table['singular value'].iloc[0]:.3g}, "
        f"effective rank {effective:.1f} of {len(values)}."
    )
    return Chart(figure, alt, table)
