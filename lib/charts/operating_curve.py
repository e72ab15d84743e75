"""What every threshold of one label reaches: precision against recall, or recall against false alarms."""

from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.thresholds import Curve
from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, GRID, MODEL, MUTED, Theme
from lib.charts.template import styled
from lib.charts.text import percent, rows_on

Kind = Literal["precision-recall", "roc"]


def operating_curve(
    curve: Curve,
    kind: Kind,
    *,
    threshold: float,
    split: str | None = None,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """The curve with the point of `threshold` on it; each point can be clicked (its threshold is the customdata).

    The dashed line is what giving the label by chance reaches. Raises ValueError when no row, or every row, is true.
    """
    if not curve.positives or not curve.negatives:
        raise ValueError("a curve needs rows that have the label and rows that do not")
    places = curve.thinned()
    table = pd.DataFrame(
        {
            "threshold": np.minimum(curve.thresholds[places], 1.0),
            "precision": curve.precision[places],
            "recall": curve.recall[places],
            "false_positive_rate": curve.false_positive_rate[places],
        }
    )
    x, y = ("recall", "precision") if kind == "precision-recall" else ("false_positive_rate", "recall")
    now = curve.at(threshold)
    figure = go.Figure()
    base = curve.positives / (curve.positives + curve.negatives)
    start = base if kind == "precision-recall" else 0
    figure.add_shape(
        type="line",
        x0=0,
        x1=1,
        y0=start,
        y1=base if kind == "precision-recall" else 1,
        line={"color": MUTED[theme], "width": 1.5, "dash": "dash"},
    )
    figure.add_scatter(
        x=table[x],
        y=table[y],
        mode="lines+markers",
        line={"color": MODEL[theme], "width": 2},
        marker={"size": 9, "color": "rgba(0,0,0,0)"},
        customdata=[[float(value)] for value in table["threshold"]],
        hovertext=[
            f"<b>threshold {row['threshold']:.3f}</b><br>precision {percent(row['precision'])}, "
            f"recall {percent(row['recall'])}, false alarms {percent(row['false_positive_rate'])}"
            for row in table.to_dict("records")
        ],
        hoverinfo="text",
        unselected={"marker": {"opacity": 1}},
    )
    at = (now.recall, now.precision) if kind == "precision-recall" else (now.false_positive_rate, now.recall)
    figure.add_scatter(
        x=[at[0]],
        y=[at[1]],
        mode="markers",
        marker={"size": 12, "color": ACCENT[theme]},
        hoverinfo="skip",
        unselected={"marker": {"opacity": 1}},
    )
    names = {"recall": "recall", "precision": "precision", "false_positive_rate": "false-positive rate"}
    axis = {"range": [-0.02, 1.02], "fixedrange": True, "tickformat": ".0%", "nticks": 6}
    figure.update_xaxes(title={"text": names[x]}, **axis)
    figure.update_yaxes(
        title={"text": names[y]}, showgrid=True, gridcolor=GRID[theme], showline=False, **axis
    )
    figure.update_layout(dragmode=False, hovermode="closest")
    rows = rows_on(curve.positives + curve.negatives, split)
    area = (
        f"average precision {curve.average_precision:.3f}"
        if kind == "precision-recall"
        else f"ROC AUC {curve.roc_auc:.3f}"
    )
    usual = (
        "How much of what is given is right?"
        if kind == "precision-recall"
        else "How many false alarms for what is found?"
    )
    styled(
        figure,
        theme=theme,
        title=title or usual,
        subtitle=f"{rows}, {curve.positives:,} of them true · {area}",
        plot_height=260,
        bottom=44,
    )
    alt = (
        f"{'Precision against recall' if kind == 'precision-recall' else 'Recall against false-positive rate'} of "
        f"{rows}, {area}; at threshold {threshold:.3f} precision {percent(now.precision)} and recall "
        f"{percent(now.recall)}."
    )
    return Chart(figure, alt, table)
