"""What quality costs: teacher, student and control by how good they are, and how slow or large."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.distilled import Estimate, Side, interval_of
from lib.analysis.intervals import described, number
from lib.analysis.scores import title as score_title
from lib.charts.chart import Chart
from lib.charts.colours import GRID, INK, MODEL, MUTED, SECOND, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, rows_on

Cost = Literal["batch 32", "batch 1", "disk"]
COSTS: dict[Cost, str] = {
    "batch 32": "milliseconds for 32 rows at once (median)",
    "batch 1": "milliseconds for one row (median)",
    "disk": "MB on disk",
}
NAMES: dict[Side, str] = {"teacher": "teacher", "student": "student", "control": "no teacher"}
_SYMBOLS: dict[Side, str] = {"teacher": "diamond", "student": "circle", "control": "circle-open"}
_HEIGHT = 230


@dataclass(frozen=True)
class Point:
    """One model: its quality, what it costs on the axis (ms or MB), and what else there is to say of it."""

    side: Side
    quality: Estimate
    cost: float
    size_mb: float
    parameters: int
    p95_ms: float | None = None


def tradeoff(
    points: Sequence[Point],
    score: str,
    *,
    cost: Cost = "batch 32",
    rows: int,
    higher_is_better: bool = True,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """Quality on the rows with its 95 % interval against the cost, which starts at 0; dotted steps join the best.

    The control has the student's own costs: it stands a little beside it, so that both can be seen.
    """
    name = score_title(score)
    table = pd.DataFrame(
        [
            {
                "model": NAMES[point.side],
                name: point.quality.value,
                "low": point.quality.low,
                "high": point.quality.high,
                COSTS[cost]: point.cost,
                "95th percentile (ms)": point.p95_ms,
                "MB on disk": point.size_mb,
                "parameters": point.parameters,
            }
            for point in points
        ]
    )
    most = max(point.cost for point in points)
    colours = {"teacher": SECOND[theme], "student": MODEL[theme], "control": MUTED[theme]}
    figure = go.Figure()
    _front(figure, points, theme, higher_is_better=higher_is_better)
    aside = {"control": 0.02 * most}
    for point in points:
        ends = interval_of(point.quality)
        at = point.cost + aside.get(point.side, 0.0)
        if ends is not None:
            figure.add_shape(
                type="line",
                x0=at, x1=at, y0=ends[0], y1=ends[1],
                line={"color": colours[point.side], "width": 2},
                opacity=0.55,
                layer="below",
            )  # fmt: skip
        figure.add_scatter(
            x=[at],
            y=[point.quality.value],
            mode="markers",
            marker={
                "size": 11,
                "symbol": _SYMBOLS[point.side],
                "color": colours[point.side],
                "line": {"width": 2, "color": colours[point.side]},
            },
            hovertext=[_hover(point, name, cost)],
            hoverinfo="text",
        )
    _name(figure, points, most, colours, aside, theme)
    low = min(np.nanmin([point.quality.value, point.quality.low]) for point in points)
    high = max(np.nanmax([point.quality.value, point.quality.high]) for point in points)
    room = 0.12 * ((high - low) or abs(high) or 1.0)
    axis = escaped(name) if higher_is_better else f"{escaped(name)} (lower is better)"
    figure.update_yaxes(
        title={"text": axis}, range=[low - room, high + room], nticks=6, tickformat=",~r",
        showgrid=True, gridcolor=GRID[theme], showline=False, fixedrange=True,
    )  # fmt: skip
    figure.update_xaxes(
        title={"text": COSTS[cost]}, range=[0, 1.55 * most], nticks=6, tickformat=",~r", fixedrange=True
    )
    figure.update_layout(hovermode="closest", dragmode=False)
    aside_note = " · the control costs what the student does" if len(points) > 2 else ""
    styled(
        figure,
        theme=theme,
        title=title or f"What does the student's {'size' if cost == 'disk' else 'speed'} cost?",
        subtitle=f"{name} with 95 % interval · {rows_on(rows, 'test')}{aside_note}",
        plot_height=_HEIGHT,
        bottom=44,
    )
    said = "; ".join(
        f"{NAMES[point.side]} {number(point.quality.value)} at {number(point.cost)}" for point in points
    )
    return Chart(figure, f"{name} on {rows_on(rows, 'test')} against {COSTS[cost]}: {said}.", table)


def _front(figure: go.Figure, points: Sequence[Point], theme: Theme, *, higher_is_better: bool) -> None:
    """Steps along the models that no other beats in both quality and cost (Pareto)."""
    sign = 1 if higher_is_better else -1
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.cost, -sign * point.quality.value)):
        if not best or sign * point.quality.value > sign * best[-1].quality.value:
            best.append(point)
    figure.add_scatter(
        x=[point.cost for point in best],
        y=[point.quality.value for point in best],
        mode="lines",
        line_shape="hv",
        line={"color": MUTED[theme], "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )


def _hover(point: Point, name: str, cost: Cost) -> str:
    lines = [
        f"<b>{NAMES[point.side]}</b>",
        f"{escaped(name)} {described(point.quality.value, interval_of(point.quality))}",
    ]
    if cost != "disk":
        slowest = f", 95th percentile {number(point.p95_ms, digits=3)} ms" if point.p95_ms else ""
        lines.append(f"{number(point.cost, digits=3)} ms{slowest}")
    return "<br>".join([*lines, f"{point.size_mb:,.0f} MB, {point.parameters / 1e6:,.1f} M parameters"])


def _name(
    figure: go.Figure,
    points: Sequence[Point],
    most: float,
    colours: dict[str, str],
    aside: dict[str, float],
    theme: Theme,
) -> None:
    """Names beside the marks; student and control, which stand side by side, above and below, off the steps."""
    value = {point.side: point.quality.value for point in points}
    control = value.get("control")
    for point in points:
        shift = 0
        if point.side != "teacher":
            student_above = control is None or value["student"] >= control
            shift = 12 if (point.side == "student") == student_above else -12
        figure.add_annotation(
            x=point.cost + (aside["control"] if point.side != "teacher" else 0),
            y=point.quality.value,
            text=f"{NAMES[point.side]}, {point.size_mb:,.0f} MB",
            font={"size": 12, "color": INK[theme]},
            showarrow=False,
            xanchor="left",
            xshift=11,
            yshift=shift,
        )
