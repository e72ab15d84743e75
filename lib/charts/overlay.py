"""The curves of several runs in one picture, each with its number at its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import GRID, Theme, label_colours
from lib.charts.curves import POINTS, decimated, smoothed
from lib.charts.template import styled
from lib.charts.text import escaped, shortened

By = Literal["step", "epoch", "time"]
AXES: dict[By, str] = {"step": "step", "epoch": "epoch", "time": "minutes since the first step"}
# So many points in all, raw ones included: about 4 MB less what a page message may hold.
ALL_POINTS = 120_000
HEIGHT = 300


@dataclass(frozen=True, eq=False)
class Curve:
    """One run's values: x, y float64[points], x rising; `group` decides the colour, `number` stands at the end."""

    number: int
    name: str
    x: np.ndarray
    y: np.ndarray
    group: int = 0


def overlay(
    curves: Sequence[Curve],
    *,
    what: str,
    by: By = "step",
    smooth: bool = False,
    note: str = "",
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """All curves over one axis. With `smooth`, what was measured is faint and its moving average strong.

    Values that are not finite are left out. At most 2,000 points a line (the lowest and highest of each bucket), fewer
    where very many lines share the page. `what` is the measure's name, `note` more for the subtitle.
    """
    names = {group: f"{group:06d}" for group in {curve.group for curve in curves}}
    colours = label_colours(names.values())
    points = max(50, min(POINTS, ALL_POINTS // max(1, len(curves) * (2 if smooth else 1))))
    figure, ends = go.Figure(), []
    for curve in curves:
        finite = np.isfinite(curve.x) & np.isfinite(curve.y)
        x, y = curve.x[finite], curve.y[finite]
        if not len(x):
            continue
        colour = colours[names[curve.group]]
        name = f"{curve.number} {escaped(shortened(curve.name, 60))}"
        if smooth and len(x) > 10:
            _line(figure, x, y, points, colour, hover=None, faint=True)
            y = smoothed(y)
        _line(
            figure,
            x,
            y,
            points,
            colour,
            hover=f"<b>{name}</b><br>%{{y:.4g}} at %{{x:.4g}}<extra></extra>",
            markers=not smooth,
        )
        ends.append((curve.number, float(x[-1]), float(y[-1]), colour))
    strong = [np.asarray(trace.y) for trace in figure.data if trace.opacity != 0.25]
    low = min((float(y.min()) for y in strong), default=0.0)
    high = max((float(y.max()) for y in strong), default=1.0)
    last = max((x for _, x, _, _ in ends), default=1.0) or 1.0
    pad = max((high - low) * 0.06, abs(high) * 0.01, 1e-9)
    bounds = low - pad, high + pad
    _numbers(figure, ends, last, bounds)
    figure.update_xaxes(title={"text": AXES[by]}, nticks=7, range=[0, last * 1.03], fixedrange=True)
    figure.update_yaxes(
        title={"text": escaped(what)}, showgrid=True, gridcolor=GRID[theme], showline=False, nticks=6,
        range=list(bounds), fixedrange=True,
    )  # fmt: skip
    figure.update_layout(hovermode="closest", dragmode=False)
    parts = [what, f"{len(ends)} run{'' if len(ends) == 1 else 's'}, numbered as in the table"]
    if smooth:
        parts.append("smoothed; each value faint")
    styled(
        figure,
        theme=theme,
        title=title or "Which run learns fastest, and which best?",
        subtitle=" · ".join([*parts, *([note] if note else [])]),
        plot_height=HEIGHT,
        bottom=44,
        right=34,
    )
    said = ", ".join(f"run {number} {value:.3g}" for number, _, value, _ in ends[:12])
    alt = (
        f"{what} of {len(ends)} runs by {by}; last values: {said or 'none'}{' …' if len(ends) > 12 else ''}."
    )
    return Chart(figure, alt, _table(curves, by))


def _line(
    figure: go.Figure,
    x: np.ndarray,
    y: np.ndarray,
    points: int,
    colour: str,
    *,
    hover: str | None,
    faint: bool = False,
    markers: bool = False,
) -> None:
    x, y = decimated(x, y, points)
    figure.add_scatter(
        x=x.astype(np.float32),
        y=y.astype(np.float32),
        mode="lines+markers" if markers and len(x) <= 40 else "lines",
        line={"color": colour, "width": 1 if faint else 2},
        marker={"size": 5, "color": colour},
        opacity=0.25 if faint else 1.0,
        **({"hovertemplate": hover} if hover else {"hoverinfo": "skip"}),
    )


def _numbers(
    figure: go.Figure, ends: list[tuple[int, float, float, str]], last: float, bounds: tuple[float, float]
) -> None:
    """The runs' numbers right of their last points, moved up where two would touch."""
    scale = HEIGHT / (bounds[1] - bounds[0])
    taken: list[tuple[float, float]] = []
    for number, x, y, colour in sorted(ends, key=lambda end: end[2]):
        wanted = height = (y - bounds[0]) * scale
        while any(abs(x - other) < 0.05 * last and abs(height - used) < 13 for other, used in taken):
            height += 2
        taken.append((x, height))
        figure.add_annotation(
            x=x, y=y, yshift=height - wanted, xshift=5, xanchor="left", text=f"<b>{number}</b>", showarrow=False,
            font={"size": 12, "color": colour},
        )  # fmt: skip


def _table(curves: Sequence[Curve], by: By) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"run": curve.number, "name": curve.name, by: curve.x, "value": curve.y})
        for curve in curves
    ]
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["run", "name", by, "value"])
    )
