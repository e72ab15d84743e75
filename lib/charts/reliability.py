"""How often the model is right when it says how sure it is: a bar a bin, the gap to what was said, rows below."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, FAINT, GRID, MODEL, MUTED, SECOND, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, percent, rows_on

_CLEAR = "rgba(0,0,0,0)"


def reliability(
    bins: pd.DataFrame,
    *,
    split: str | None = None,
    happens: str = "right",
    said: str = "confidence",
    note: str = "",
    selected: tuple[int, int] | None = None,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """The bins of `lib.analysis.calibration.reliability`: the share that `happens` against what was `said`.

    Each bin can be clicked (its place in `bins` is the customdata); `selected` is the (first, last) of the outlined
    one. `note` joins the subtitle. Raises ValueError when there is no bin.
    """
    if bins.empty:
        raise ValueError("there are no bins")
    drawn, shown = escaped(said), escaped(happens)
    middle, width = (bins["low"] + bins["high"]) / 2, bins["high"] - bins["low"]
    gap = bins["accuracy"] - bins["confidence"]
    records = bins.to_dict("records")
    hover = [
        f"<b>{rows_on(int(row['rows']), split)}</b><br>{drawn} {percent(row['low'])} to {percent(row['high'])}, "
        f"mean {percent(row['confidence'])}<br>{shown} {percent(row['accuracy'])} "
        f"(95 % interval {percent(row['accuracy_low'])} to {percent(row['accuracy_high'])})"
        for row in records
    ]
    places = [[number] for number in range(len(bins))]
    figure = go.Figure()
    figure.add_shape(
        type="line",
        x0=0,
        y0=0,
        x1=1,
        y1=1,
        line={"color": MUTED[theme], "width": 1.5, "dash": "dash"},
        layer="below",
    )
    shared = {"x": middle, "width": width * 0.94, "hoverinfo": "skip"}
    figure.add_bar(y=bins["accuracy"], marker={"color": FAINT[theme], "line": {"width": 0}}, **shared)
    figure.add_bar(
        y=gap.abs(),
        base=np.minimum(bins["accuracy"], bins["confidence"]),
        marker={"color": SECOND[theme], "line": {"width": 0}},
        opacity=0.45,
        **shared,
    )
    figure.add_scatter(
        x=bins["confidence"],
        y=bins["accuracy"],
        mode="markers",
        marker={"size": 7, "color": MODEL[theme]},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": bins["accuracy_high"] - bins["accuracy"],
            "arrayminus": bins["accuracy"] - bins["accuracy_low"],
            "color": MODEL[theme],
            "thickness": 1.5,
            "width": 3,
        },
        hoverinfo="skip",
        unselected={"marker": {"opacity": 1}},
    )
    figure.add_bar(
        x=middle,
        width=width * 0.94,
        y=bins["rows"],
        yaxis="y2",
        marker={"color": FAINT[theme], "line": {"width": 0}},
        hoverinfo="skip",
        unselected={"marker": {"opacity": 1}},
    )
    # What is clicked and pointed at: the whole height of a bin, however low its bars are.
    tops = ((1, "y"), (max(1, int(bins["rows"].max())), "y2"))
    for top, axis in tops:
        figure.add_bar(
            x=middle,
            y=[top] * len(bins),
            width=width,
            yaxis=axis,
            customdata=places,
            marker={"color": _CLEAR, "line": {"width": 0}},
            hovertext=hover,
            hoverinfo="text",
            unselected={"marker": {"opacity": 1}},
        )
    for row in records:
        if selected == (row["first"], row["last"]):
            figure.add_shape(
                type="rect",
                x0=row["low"],
                x1=row["high"],
                y0=0,
                y1=1,
                line={"color": ACCENT[theme], "width": 2},
            )
    figure.update_layout(
        barmode="overlay",
        bargap=0,
        dragmode=False,
        hovermode="closest",
        xaxis={
            "range": [0, 1],
            "fixedrange": True,
            "tickformat": ".0%",
            "nticks": 6,
            "title": {"text": f"{drawn}, mean of a bin"},
            "anchor": "y2",
        },
        yaxis={
            "range": [0, 1.02],
            "domain": [0.3, 1],
            "fixedrange": True,
            "tickformat": ".0%",
            "nticks": 6,
            "showgrid": True,
            "gridcolor": GRID[theme],
            "showline": False,
            "title": {"text": f"share of rows {shown}"},
        },
        yaxis2={
            "domain": [0, 0.2],
            "fixedrange": True,
            "nticks": 3,
            "rangemode": "tozero",
            "showline": False,
            "title": {"text": "rows"},
        },
    )
    rows = int(bins["rows"].sum())
    about = rows_on(rows, split) + (f" · {note}" if note else "")
    styled(
        figure,
        theme=theme,
        title=title or f"When the {said} is 80 %, are 80 % of the rows {happens}?",
        subtitle=about,
        key=[(f"share {happens}", MODEL[theme]), (f"gap to the {said}", SECOND[theme])],
        plot_height=330,
        bottom=44,
    )
    worst = bins.iloc[int((gap.abs() * bins["rows"]).to_numpy().argmax())]
    alt = (
        f"Reliability of {rows_on(rows, split)} in {len(bins)} bins: mean {said} "
        f"{percent(_mean(bins, 'confidence'))}, {happens} {percent(_mean(bins, 'accuracy'))}; the gap that weighs most "
        f"is where the {said} is about {percent(worst['confidence'])} and {percent(worst['accuracy'])} are {happens}."
    )
    return Chart(figure, alt, bins)


def _mean(bins: pd.DataFrame, name: str) -> float:
    return float((bins[name] * bins["rows"]).sum() / max(bins["rows"].sum(), 1))
