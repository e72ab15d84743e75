"""How the probabilities of labels change from one text to another: before and after, label by label."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import BAND, MUTED, Theme, label_colours
from lib.charts.template import styled
from lib.charts.text import escaped, percent, shortened


def changed_probabilities(
    labels: Sequence[str],
    before: Sequence[float],
    after: Sequence[float],
    *,
    top: int = 8,
    colours: Mapping[str, str] | None = None,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """A bar for the probability after the change, a tick where it was before; the labels that matter most first.

    `before` and `after` are float[labels] in [0, 1]. Raises ValueError when lengths differ or nothing is there.
    """
    old, new = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if not len(labels) == len(old) == len(new) or not len(labels):
        raise ValueError(f"{len(labels)} labels, {len(old)} probabilities before and {len(new)} after")
    table = pd.DataFrame({"label": list(labels), "before": old, "after": new, "change": new - old})
    order = np.argsort(-np.maximum(old, new), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    shown = table.head(top)
    palette = colours or label_colours(labels)
    places = list(range(len(shown)))
    told = [
        (str(name), f"{percent(float(was))} before, {percent(float(now))} after")
        for name, was, now in zip(shown["label"], shown["before"], shown["after"], strict=True)
    ]
    figure = go.Figure()
    figure.add_bar(y=places, x=[1] * len(shown), orientation="h", marker_color=BAND[theme], hoverinfo="skip")
    figure.add_bar(
        y=places,
        x=shown["after"],
        orientation="h",
        marker={"color": [palette.get(label, "#7F7F7F") for label in shown["label"]], "line": {"width": 0}},
        hovertext=[f"<b>{escaped(shortened(name, 80))}</b><br>{words}" for name, words in told],
        hoverinfo="text",
    )
    figure.add_scatter(
        y=places,
        x=shown["before"],
        mode="markers",
        marker={"symbol": "line-ns", "size": 20, "line": {"width": 2.5, "color": MUTED[theme]}},
        hoverinfo="skip",
    )
    for place, change in zip(places, shown["change"], strict=True):
        figure.add_annotation(
            x=1, y=place, text=points(change), showarrow=False, xanchor="left", xshift=8, font={"size": 12}
        )
    figure.update_yaxes(
        tickmode="array",
        tickvals=places,
        ticktext=[escaped(shortened(label, 20)) for label in shown["label"]],
        range=[len(shown) - 0.4, -0.6],
        showline=False,
        fixedrange=True,
        tickfont={"size": 13},
    )
    figure.update_xaxes(range=[0, 1], showticklabels=False, showline=False, fixedrange=True)
    figure.update_layout(barmode="overlay", bargap=0.35, dragmode=False)
    most = int(table["change"].abs().argmax())
    name, was, now = (table[column].iloc[most] for column in ("label", "before", "after"))
    hidden = len(table) - len(shown)
    styled(
        figure,
        theme=theme,
        title=title or f"{name}: {percent(float(was))} before, {percent(float(now))} after",
        subtitle="Bar: after; tick: before; right: change in percentage points"
        + (f" · {hidden:,} labels of lower probability not shown" if hidden else ""),
        plot_height=max(len(shown), 2) * 30,
        right=66,
    )
    listed = "; ".join(f"{name} {words}" for name, words in told[:4])
    alt = f"Probabilities before and after the change: {listed}."
    return Chart(figure, alt, table)


def points(change: float) -> str:
    """A difference of probabilities in percentage points: "+3.1", "−12.0", "0.0"."""
    said = f"{100 * change:+.1f}".replace("-", "−")
    return "0.0" if said in ("+0.0", "−0.0") else said
