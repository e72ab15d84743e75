"""How often a model is wrong when it answers only its surest rows."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.coverage import Coverage
from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, GRID, MODEL, MUTED, Theme
from lib.charts.template import styled
from lib.charts.text import percent, rows_on

_POINTS = 300


def coverage(
    found: Coverage,
    *,
    share: float,
    split: str | None = None,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """The error among the surest rows against how many are answered, with the point of `share`.

    The dashed line is the error if the rows to answer were picked by chance.
    """
    places = np.unique(np.linspace(0, len(found) - 1, _POINTS).astype(int))
    table = pd.DataFrame(
        {
            "coverage": (places + 1) / len(found),
            "error": found.risk[places],
            "confidence": found.confidence[places],
        }
    )
    rows, error, _, _ = found.at(share)
    figure = go.Figure()
    figure.add_shape(
        type="line",
        x0=0,
        x1=1,
        y0=found.error,
        y1=found.error,
        line={"color": MUTED[theme], "width": 1.5, "dash": "dash"},
    )
    figure.add_scatter(
        x=table["coverage"],
        y=table["error"],
        mode="lines",
        line={"color": MODEL[theme], "width": 2},
        hovertext=[
            f"<b>{percent(row['coverage'])} answered</b><br>{percent(row['error'])} wrong, confidence from "
            f"{percent(row['confidence'])} on"
            for row in table.to_dict("records")
        ],
        hoverinfo="text",
    )
    figure.add_scatter(
        x=[rows / len(found)],
        y=[error],
        mode="markers",
        marker={"size": 12, "color": ACCENT[theme]},
        hoverinfo="skip",
    )
    figure.update_xaxes(
        title={"text": "share of rows answered, surest first"},
        range=[0, 1.02],
        fixedrange=True,
        tickformat=".0%",
        nticks=6,
    )
    figure.update_yaxes(
        title={"text": "share of the answers wrong"},
        rangemode="tozero",
        tickformat=".0%",
        showgrid=True,
        gridcolor=GRID[theme],
        showline=False,
        fixedrange=True,
        nticks=5,
    )
    figure.update_layout(dragmode=False, hovermode="closest")
    about = rows_on(len(found), split)
    low, high = found.interval
    styled(
        figure,
        theme=theme,
        title=title or "Is it right more often where it is surer?",
        subtitle=f"{about} · AURC {found.aurc:.3f} (95 % interval {low:.3f}–{high:.3f}); by chance {found.error:.3f}",
        plot_height=240,
        bottom=44,
    )
    alt = (
        f"Error by coverage of {about}: {percent(error)} of the surest {percent(rows / len(found))} are wrong, "
        f"{percent(found.error)} of all; AURC {found.aurc:.3f}."
    )
    return Chart(figure, alt, table)
