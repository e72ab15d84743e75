"""Options and score of several runs as parallel axes: one line a run, coloured by its score."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.scores import title as score_title
from lib.charts.chart import Chart
from lib.charts.colours import INK, MODEL, MUTED, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, shortened

# More axes than this cannot be told apart on a laptop.
MOST_AXES = 6
# Where the largest value is so many times the smallest, as with learning rates, the axis counts in powers of ten.
LOG_FROM = 20.0


def parallel(
    options: Mapping[str, Sequence[float]],
    scores: Sequence[float],
    score: str,
    *,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """`options`: values by the option's title, one a run; `scores` the runs' main score, the last axis.

    Raises ValueError for fewer than three runs or no option.
    """
    if len(scores) < 3 or not options:
        raise ValueError("parallel axes need three runs and an option that differs")
    shown = dict(list(options.items())[:MOST_AXES])
    dimensions = [_axis(name, np.asarray(values, dtype=float)) for name, values in shown.items()]
    name = score_title(score)
    dimensions.append({"label": escaped(shortened(name, 24)), "values": np.asarray(scores, dtype=float)})
    dull = "#B9B4A8" if theme == "light" else "#59636F"
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions,
            line={"color": list(scores), "colorscale": [[0, dull], [1, MODEL[theme]]], "showscale": False},
            labelfont={"color": INK[theme], "size": 12},
            tickfont={"color": MUTED[theme], "size": 11},
            rangefont={"color": MUTED[theme], "size": 1},
        )
    )
    figure.update_layout(dragmode=False, xaxis={"fixedrange": True}, yaxis={"fixedrange": True})
    more = f" · {MOST_AXES} of {len(options)} options" if len(options) > len(shown) else ""
    styled(
        figure,
        theme=theme,
        title=title or "Which options go with a good score?",
        subtitle=f"{len(scores)} runs · the bluer the line, the higher {name} on each run’s test rows{more}",
        plot_height=230,
        extra_top=34,
        bottom=24,
        left=56,
        right=48,
    )
    alt = (
        f"Parallel axes of {', '.join(shown)} and {name} for {len(scores)} runs, from {min(scores):.3g} to "
        f"{max(scores):.3g}."
    )
    return Chart(
        figure,
        alt,
        pd.DataFrame({**{key: list(values) for key, values in shown.items()}, score: list(scores)}),
    )


def _axis(name: str, values: np.ndarray) -> dict[str, object]:
    label = escaped(shortened(name, 24))
    distinct = np.unique(values)
    log = distinct[0] > 0 and distinct[-1] / distinct[0] >= LOG_FROM
    places = np.log10(values) if log else values
    ticks = distinct if len(distinct) <= 6 else distinct[np.linspace(0, len(distinct) - 1, 5).astype(int)]
    return {
        "label": label,
        "values": places,
        "tickvals": (np.log10(ticks) if log else ticks).tolist(),
        "ticktext": [f"{value:.3g}" for value in ticks],
    }
