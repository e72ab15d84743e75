"""What the model thinks of one text: the probability of each label."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import BAND, Theme, label_colours
from lib.charts.template import styled
from lib.charts.text import escaped, percent, shortened


def probabilities(
    labels: Sequence[str],
    scores: Sequence[float],
    *,
    gold: str | None = None,
    top: int = 10,
    colours: Mapping[str, str] | None = None,
    theme: Theme = "light",
    title: str | None = None,
    gold_is: str = "true",
) -> Chart:
    """Bars from the likeliest label down, the `top` of them; `gold` is marked, and shown even if it is lower.
    `gold_is` says which label that is: the true one, or one that was given and may be wrong.

    `scores` are the probabilities, float[labels] in [0, 1]. `colours` are the run's (`label_colours` of all
    its labels); without, those of `labels`. Raises ValueError when the lengths differ or nothing is there.
    """
    values = np.asarray(scores, dtype=float)
    if len(values) != len(labels) or not len(values):
        raise ValueError(f"{len(labels)} labels but {len(values)} probabilities")
    order = np.argsort(-values, kind="stable")
    table = pd.DataFrame({"label": np.array(labels, dtype=object)[order], "probability": values[order]})
    table["gold"] = table["label"] == gold
    shown = pd.concat([table.head(top), table.iloc[top:].query("gold")])
    rest = table.drop(shown.index)
    palette = colours or label_colours(labels)
    names = [escaped(shortened(label, 20)) for label in shown["label"]]
    ticks = [f"<b>{name} ✓</b>" if gold else name for name, gold in zip(names, shown["gold"], strict=True)]
    places = list(range(len(shown)))
    figure = go.Figure()
    # The empty track makes a bar readable as a share of the whole.
    figure.add_bar(y=places, x=[1] * len(shown), orientation="h", marker_color=BAND[theme], hoverinfo="skip")
    figure.add_bar(
        y=places,
        x=shown["probability"],
        orientation="h",
        marker={"color": [palette.get(label, "#7F7F7F") for label in shown["label"]], "line": {"width": 0}},
        hovertext=[
            f"<b>{escaped(shortened(label, 80))}</b><br>{percent(value)}"
            for label, value in zip(shown["label"], shown["probability"], strict=True)
        ],
        hoverinfo="text",
    )
    for place, value in zip(places, shown["probability"], strict=True):
        figure.add_annotation(x=1, y=place, text=percent(value), showarrow=False, xanchor="left", xshift=8)
    figure.update_yaxes(
        tickmode="array",
        tickvals=places,
        ticktext=ticks,
        range=[len(shown) - 0.4, -0.6],
        showline=False,
        fixedrange=True,
        tickfont={"size": 13},
    )
    figure.update_xaxes(range=[0, 1], showticklabels=False, showline=False, fixedrange=True)
    figure.update_layout(barmode="overlay", bargap=0.35, dragmode=False)
    best = table.iloc[0]
    notes = []
    if gold is not None:
        notes.append(f"✓ the {gold_is} label")
    if len(rest):
        notes.append(f"{len(rest):,} more labels share {percent(float(rest['probability'].sum()))}")
    styled(
        figure,
        theme=theme,
        title=title or f"{best['label']}, {percent(best['probability'])}",
        subtitle=" · ".join(notes),
        plot_height=max(len(shown), 2) * 28,
        right=58,
    )
    listed = ", ".join(
        f"{label} {percent(value)}"
        for label, value in zip(table["label"].head(3), table["probability"].head(3), strict=True)
    )
    return Chart(figure, f"Probabilities of {len(table):,} labels: {listed}.", table)
