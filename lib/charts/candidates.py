"""What a model would put in place of a hidden word: its likeliest tokens."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import BAND, MODEL, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, percent, shortened


def candidates(
    tokens: Sequence[str],
    scores: Sequence[float],
    *,
    number: int = 1,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """Bars from the likeliest token down; `scores` are probabilities in [0, 1], best first, of part of the vocabulary.

    `number` says which hidden word of the text it is, from 1. Raises ValueError when the lengths differ or nothing
    is there.
    """
    if len(tokens) != len(scores) or not len(tokens):
        raise ValueError(f"{len(tokens)} tokens but {len(scores)} probabilities")
    table = pd.DataFrame({"mask": number, "token": list(tokens), "probability": list(scores)})
    places = list(range(len(table)))
    figure = go.Figure()
    # The empty track makes a bar readable as a share of the whole.
    figure.add_bar(y=places, x=[1] * len(table), orientation="h", marker_color=BAND[theme], hoverinfo="skip")
    figure.add_bar(
        y=places,
        x=table["probability"],
        orientation="h",
        marker={"color": MODEL[theme], "line": {"width": 0}},
        hovertext=[
            f"<b>{escaped(shortened(token, 80))}</b><br>{percent(value)}"
            for token, value in zip(tokens, scores, strict=True)
        ],
        hoverinfo="text",
    )
    for place, value in zip(places, scores, strict=True):
        figure.add_annotation(x=1, y=place, text=percent(value), showarrow=False, xanchor="left", xshift=8)
    figure.update_yaxes(
        tickmode="array",
        tickvals=places,
        ticktext=[escaped(shortened(token, 20)) for token in tokens],
        range=[len(table) - 0.4, -0.6],
        showline=False,
        fixedrange=True,
        tickfont={"size": 13},
    )
    figure.update_xaxes(range=[0, 1], showticklabels=False, showline=False, fixedrange=True)
    figure.update_layout(barmode="overlay", bargap=0.35, dragmode=False)
    left = max(0.0, 1 - float(table["probability"].sum()))
    styled(
        figure,
        theme=theme,
        title=title or f"Which word could stand in place {number}?",
        subtitle=f"Probability of the likeliest tokens; all others share {percent(left)}",
        plot_height=max(len(table), 2) * 28,
        right=58,
    )
    listed = ", ".join(
        f"{token} {percent(value)}" for token, value in zip(tokens[:3], scores[:3], strict=True)
    )
    return Chart(figure, f"The {len(table)} likeliest tokens for hidden word {number}: {listed}.", table)
