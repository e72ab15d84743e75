"""How training goes: the loss and the scores against the steps taken."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.scores import title as score_title
from lib.charts.chart import Chart
from lib.charts.colours import FAINT, GRID, MODEL, MUTED, OKABE_ITO, SECOND, Theme
from lib.charts.template import styled
from lib.charts.text import escaped

POINTS = 2000
PLOT_HEIGHT = 240


def decimated(x: np.ndarray, y: np.ndarray, points: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """At most so many points of a curve: the lowest and highest of each bucket, so that spikes stay.

    x, y: float[n], x rising and y finite. First and last points are kept too.
    """
    if len(x) <= points:
        return x, y
    edges = np.linspace(0, len(x), points // 2, dtype=np.int64)
    kept = {0, len(x) - 1}
    for start, stop in pairwise(edges):
        bucket = y[start:stop]
        kept.update((start + int(bucket.argmin()), start + int(bucket.argmax())))
    chosen = np.array(sorted(kept))
    return x[chosen], y[chosen]


def smoothed(values: np.ndarray, *, span: int | None = None) -> np.ndarray:
    """Exponential moving average, float[n]; each value counts as 2 / (span + 1), early ones corrected for.

    The span is a twentieth of the values unless given, at least 5 and at most 200.
    """
    span = span or min(max(len(values) // 20, 5), 200)
    return pd.Series(values).ewm(span=span, adjust=True).mean().to_numpy()


def loss_curves(
    metrics: pd.DataFrame, *, best_step: int | None = None, theme: Theme = "light", title: str | None = None
) -> Chart:
    """Training loss (every value faint, smoothed strong) and validation loss against the step.

    `metrics` has the columns of metrics.jsonl: step, epoch, split, name, value. `best_step` is marked: the
    checkpoint that is kept. Values that are not finite are left out and the subtitle says from which step.
    """
    losses = metrics[metrics["name"] == "loss"]
    figure, ends, notes = go.Figure(), [], []
    steps, values, broken = _series(losses[losses["split"] == "train"])
    if broken is not None:
        notes.append(f"not a number at step {broken:,}")
    if len(steps):
        if len(steps) > 10:
            _line(figure, steps, values, "train, each", FAINT[theme], width=1, hover=False)
            values = smoothed(values)
            notes.append("training loss smoothed")
        _line(figure, steps, values, "train", MODEL[theme])
        ends.append(("train", steps[-1], values[-1], MODEL[theme]))
    steps, values, broken = _series(losses[losses["split"] == "validation"])
    if broken is not None:
        notes.append(f"validation not a number at step {broken:,}")
    if len(steps):
        _line(figure, steps, values, "validation", SECOND[theme], markers=True)
        ends.append(("validation", steps[-1], values[-1], SECOND[theme]))
    return _finished(figure, losses, ends, notes, "Loss", title or "Is the loss falling?", best_step, theme)


def score_curves(
    metrics: pd.DataFrame,
    *,
    names: Sequence[str] | None = None,
    best_step: int | None = None,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """Validation scores against the step, those named or all but the loss; up to four are drawn."""
    wanted = metrics[(metrics["split"] == "validation") & (metrics["name"] != "loss")]
    found = list(dict.fromkeys(wanted["name"]))
    drawn = [name for name in (names or found) if name in found][:4]
    wanted = wanted[wanted["name"].isin(drawn)]
    colours = (MODEL[theme], SECOND[theme], OKABE_ITO[2], OKABE_ITO[3])
    figure, ends, notes = go.Figure(), [], []
    for name, colour in zip(drawn, colours, strict=False):
        steps, values, broken = _series(wanted[wanted["name"] == name])
        if broken is not None:
            notes.append(f"{score_title(name)} not a number at step {broken:,}")
        if len(steps):
            _line(figure, steps, values, score_title(name), colour, markers=True)
            ends.append((score_title(name), steps[-1], values[-1], colour))
    return _finished(
        figure, wanted, ends, notes, "Validation scores", title or "Is it getting better?", best_step, theme
    )


def _series(part: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Steps and finite values in the order of steps, and the first step without a finite value."""
    part = part.sort_values("step", kind="stable").drop_duplicates("step", keep="last")
    steps = part["step"].to_numpy(dtype=float)
    values = pd.to_numeric(part["value"], errors="coerce").to_numpy(dtype=float)
    finite = np.isfinite(values)
    return steps[finite], values[finite], None if finite.all() else int(steps[~finite][0])


def _line(
    figure: go.Figure,
    steps: np.ndarray,
    values: np.ndarray,
    name: str,
    colour: str,
    *,
    width: float = 2.2,
    markers: bool = False,
    hover: bool = True,
) -> None:
    x, y = decimated(steps, values)
    options: dict[str, Any] = {"hoverinfo": "skip"}
    if hover:
        options = {"hovertemplate": f"{escaped(name)} %{{y:.3g}}<extra></extra>"}
    figure.add_scatter(
        x=x,
        y=y,
        name=escaped(name),
        mode="lines+markers" if markers and len(x) <= 60 else "lines",
        line={"color": colour, "width": width},
        marker={"size": 6, "color": colour},
        **options,
    )


def _finished(
    figure: go.Figure,
    metrics: pd.DataFrame,
    ends: list[tuple[str, float, float, str]],
    notes: list[str],
    what: str,
    title: str,
    best_step: int | None,
    theme: Theme,
) -> Chart:
    shown = [trace.y for trace in figure.data if len(trace.y)]
    low = min((float(np.min(y)) for y in shown), default=0.0)
    high = max((float(np.max(y)) for y in shown), default=1.0)
    pad = max((high - low) * 0.06, abs(high) * 0.01, 1e-9)
    y_range = [low - pad, high + pad]
    last = max((x for _, x, _, _ in ends), default=1.0)
    _direct_labels(figure, ends, last, y_range)
    if best_step is not None and shown:
        figure.add_shape(
            type="line",
            x0=best_step,
            x1=best_step,
            y0=0,
            y1=1,
            yref="paper",
            line={"color": MUTED[theme], "width": 1, "dash": "dot"},
            layer="below",
        )
        left = best_step > last / 2
        figure.add_annotation(
            x=best_step,
            y=1,
            yref="paper",
            yanchor="bottom",
            text=f"best, step {best_step:,}",
            showarrow=False,
            xanchor="right" if left else "left",
            font={"size": 12, "color": MUTED[theme]},
        )
    figure.update_xaxes(
        title={"text": "step"}, nticks=6, range=[0, last * 1.01], hoverformat=",d", fixedrange=True
    )
    figure.update_yaxes(
        showgrid=True, gridcolor=GRID[theme], showline=False, nticks=5, range=y_range, fixedrange=True
    )
    figure.update_layout(hovermode="x unified", dragmode=False)
    epochs = metrics["epoch"].dropna()
    where = [f"step {int(metrics['step'].max()):,}"] if len(metrics) else ["nothing measured yet"]
    if len(epochs):
        where.append(f"epoch {float(epochs.max()):.3g}")
    longest = max((len(name) for name, *_ in ends), default=0)
    styled(
        figure,
        theme=theme,
        title=title,
        subtitle=" · ".join([what, ", ".join(where), *notes]),
        plot_height=PLOT_HEIGHT,
        extra_top=14 if best_step is not None else 0,
        bottom=40,
        right=18 + round(longest * 6.8) + 34,
    )
    values = ", ".join(f"{name} {value:.3g}" for name, _, value, _ in ends)
    alt = f"{what} up to {', '.join(where)}: {values or 'no values'}."
    if best_step is not None:
        alt = f"{alt[:-1]}; best at step {best_step:,}."
    return Chart(figure, alt, metrics.reset_index(drop=True))


def _direct_labels(
    figure: go.Figure, ends: list[tuple[str, float, float, str]], last: float, y_range: list[float]
) -> None:
    """Names and last values right of the curves' ends, moved apart where they would touch."""
    scale = PLOT_HEIGHT / (y_range[1] - y_range[0])
    lowest = -np.inf
    for name, _, value, colour in sorted(ends, key=lambda end: end[2]):
        wanted = (value - y_range[0]) * scale
        lowest = max(wanted, lowest + 17)
        figure.add_annotation(
            x=last,
            y=value,
            yshift=lowest - wanted,
            text=f"{escaped(name)} <b>{value:.2f}</b>",
            showarrow=False,
            xanchor="left",
            xshift=8,
            font={"size": 12, "color": colour},
        )
