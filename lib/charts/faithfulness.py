"""How far the score falls when the most relevant words are hidden, against words hidden at random."""

import pandas as pd
import plotly.graph_objects as go

from lib.analysis.faithfulness import Faithfulness
from lib.analysis.intervals import number
from lib.charts.chart import Chart
from lib.charts.colours import GRID, MODEL, MUTED, Theme
from lib.charts.template import styled
from lib.charts.text import escaped

# A mean fall of the probability below this is nothing that anybody would notice.
LITTLE = 0.01


def faithfulness_chart(
    found: Faithfulness,
    *,
    units: str = "words",
    measure: str = "probability",
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """Two lines for the map, a band of mean ± 1 sd for random orders in each: hidden above, only these left below.

    `units` are what is hidden; `measure` names the y axis.
    """
    ticks = [f"{share} %" for share in found.shares]
    places = list(range(len(ticks)))
    figure = go.Figure()
    panels = (
        ("", found.comprehensiveness, found.random_comprehensiveness),
        ("2", found.sufficiency, found.random_sufficiency),
    )
    for axis, values, random in panels:
        upper = [mean + sd for mean, sd in random]
        lower = [mean - sd for mean, sd in random]
        on = {"xaxis": f"x{axis}", "yaxis": f"y{axis}", "hoverinfo": "skip"}
        figure.add_scatter(
            x=[*places, *reversed(places)], y=[*upper, *reversed(lower)], fill="toself", fillcolor=GRID[theme],
            line={"width": 0}, mode="lines", **on,
        )  # fmt: skip
        figure.add_scatter(
            x=places, y=[mean for mean, _ in random], mode="lines",
            line={"color": MUTED[theme], "width": 1.5, "dash": "dot"}, **on,
        )  # fmt: skip
        figure.add_scatter(
            x=places, y=list(values), mode="lines+markers", line={"color": MODEL[theme], "width": 2},
            marker={"size": 7, "color": MODEL[theme]}, **{**on, "hoverinfo": "text"},
            hovertext=[
                f"{tick}: {_plain(value)}<br>at random {_plain(mean)} ± {_plain(sd)}"
                for tick, value, (mean, sd) in zip(ticks, values, random, strict=True)
            ],
        )  # fmt: skip
    notes = (
        ("y domain", f"Top {units} hidden: higher is better"),
        ("y2 domain", "Only these left: lower is better"),
    )
    for reference, words in notes:
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=1, yref=reference, yanchor="bottom", yshift=4, text=escaped(words),
            showarrow=False, font={"size": 12, "color": MUTED[theme]},
        )  # fmt: skip
    shared = {"tickmode": "array", "tickvals": places, "fixedrange": True, "range": [-0.3, len(places) - 0.7]}
    zero = {
        "zeroline": True,
        "zerolinecolor": GRID[theme],
        "zerolinewidth": 1,
        "fixedrange": True,
        "nticks": 4,
    }
    figure.update_layout(
        xaxis={**shared, "ticktext": [""] * len(places), "anchor": "y"},
        xaxis2={
            **shared,
            "ticktext": ticks,
            "anchor": "y2",
            "title": {"text": f"share of the {escaped(units)}"},
        },
        yaxis={**zero, "domain": [0.58, 1.0]},
        yaxis2={**zero, "domain": [0.0, 0.42], "matches": "y"},
        dragmode=False,
    )
    mean, sd = found.random_aopc
    usual = "Not better than random for this row"
    if found.beats_random:
        usual = f"Hiding what it names lowers the {measure} more than chance"
        if measure == "probability" and found.aopc < LITTLE:
            usual += ", but hardly at all"
    styled(
        figure,
        theme=theme,
        title=title or usual,
        subtitle=f"Fall of the {measure}, this row; mean (AOPC) {_plain(found.aopc)}, "
        f"at random {_plain(mean)} ± {_plain(sd)}",
        plot_height=250,
        key=(("this map", MODEL[theme]), ("random, mean ± 1 sd of 5", MUTED[theme])),
        extra_top=26,
        bottom=8,
    )
    data = pd.DataFrame(
        {
            "share_percent": found.shares,
            "comprehensiveness": found.comprehensiveness,
            "random_comprehensiveness": [mean for mean, _ in found.random_comprehensiveness],
            "random_comprehensiveness_sd": [sd for _, sd in found.random_comprehensiveness],
            "sufficiency": found.sufficiency,
            "random_sufficiency": [mean for mean, _ in found.random_sufficiency],
            "random_sufficiency_sd": [sd for _, sd in found.random_sufficiency],
        }
    )
    alt = (
        f"{usual}: with the top {units} hidden the {measure} falls by {_plain(found.aopc)} on average over "
        f"{', '.join(ticks)}; at random by {_plain(mean)} ± {_plain(sd)}."
    )
    return Chart(figure, alt, data)


def _plain(value: float) -> str:
    """Two significant digits, and nothing below a thousandth."""
    return number(0.0 if abs(value) < 0.0005 else value, digits=2)
