"""All heads of a model side by side, layers from top to bottom, each as a small picture that can be clicked.

The pictures are one image; what is clicked are invisible markers over it, one a head, as in lib.charts.confusion.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, Theme
from lib.charts.png import png_uri
from lib.charts.template import styled
from lib.charts.text import escaped, percent

# Cells of all small pictures together: beyond, each is pooled further, and the message stays below 2 MB.
MOST_CELLS = 1_000_000
TITLES = {
    "entropy": "Spread",
    "distance": "Mean distance",
    "special": "On special tokens",
    "first": "On the first token",
    "previous": "On the token before",
    "next": "On the token after",
}


def attention_mosaic(
    pooled: np.ndarray,
    figures: Mapping[str, np.ndarray],
    *,
    selected: tuple[int, int] | None = None,
    where: str = "",
    unit: str = "tokens",
    theme: Theme = "light",
    title: str = "Attention weights of every head",
) -> Chart:
    """float[layers, heads, queries, keys] in [0, 1], small already; `selected` (layer, head) from 0 is outlined.

    `figures` maps names of TITLES to float[layers, heads]. Each head's colours run from 0 to its own largest cell, by
    square roots, or only its peak would show. `where` says of which row; the customdata of a marker is [layer, head].
    """
    layers, heads = pooled.shape[:2]
    image = png_uri(_cells(pooled), theme)
    figure = go.Figure(_markers(layers, heads, figures, unit))
    figure.add_layout_image(
        source=image, x=0.5, y=0.5, sizex=heads, sizey=layers, xref="x", yref="y", xanchor="left", yanchor="top",
        sizing="stretch", layer="below",
    )  # fmt: skip
    if selected is not None:
        layer, head = selected
        figure.add_shape(
            type="rect", x0=head + 0.5, x1=head + 1.5, y0=layer + 0.5, y1=layer + 1.5,
            line={"color": ACCENT[theme], "width": 3}, layer="above",
        )  # fmt: skip
    ticks = {"fixedrange": True, "showline": False, "tickmode": "array"}
    figure.update_xaxes(ticks, tickvals=_ticks(heads), range=[0.45, heads + 0.55], title={"text": "head"})
    figure.update_yaxes(ticks, tickvals=_ticks(layers), range=[layers + 0.55, 0.45], title={"text": "layer"})
    cell = 60 if layers <= 6 else 46 if layers <= 12 else 28
    figure = styled(
        figure,
        theme=theme,
        title=title,
        subtitle=f"{where} · {layers} layers × {heads} heads; colour from 0 to each head’s own maximum",
        plot_height=min(max(layers * cell, 180), 860),
        bottom=44,
        right=8,
    )
    figure.update_layout(hovermode="closest", hoverdistance=-1, dragmode=False, clickmode="event+select")
    alt = f"Attention of {layers} layers of {heads} heads on {where}"
    return Chart(figure, f"{alt}.", _table(layers, heads, figures))


def _cells(pooled: np.ndarray) -> np.ndarray:
    """One uint8 image of all heads, a see-through gap between them."""
    layers, heads, queries, keys = pooled.shape
    side = max(int(np.sqrt(MOST_CELLS / (layers * heads))), 4)
    if max(queries, keys) > side:
        pooled = _smaller(pooled, side)
        queries, keys = pooled.shape[2:]
    top = pooled.max(axis=(2, 3), keepdims=True)
    shown = np.rint(254 * np.sqrt(np.clip(pooled / np.maximum(top, 1e-9), 0, 1))).astype(np.uint8)
    # A picture of few cells is drawn larger, so that the gap stays thin.
    larger = max(1, 32 // max(queries, keys))
    shown = shown.repeat(larger, axis=2).repeat(larger, axis=3)
    gap = max(1, round(0.04 * shown.shape[2]))
    padded = np.pad(shown, ((0, 0), (0, 0), (gap, gap), (gap, gap)), constant_values=255)
    height, width = padded.shape[2:]
    return padded.transpose(0, 2, 1, 3).reshape(layers * height, heads * width)


def _smaller(pooled: np.ndarray, side: int) -> np.ndarray:
    """Fewer cells for each head: keys summed, queries averaged."""
    for axis, length in ((3, pooled.shape[3]), (2, pooled.shape[2])):
        blocks = min(side, length)
        starts = np.arange(blocks) * length // blocks
        pooled = np.add.reduceat(pooled, starts, axis=axis)
        if axis == 2:
            pooled = pooled / np.diff(np.append(starts, length))[:, None]
    return pooled


def _markers(layers: int, heads: int, figures: Mapping[str, np.ndarray], unit: str) -> go.Scatter:
    layer, head = (part.ravel() for part in np.indices((layers, heads)))
    hovers = [
        "<br>".join([f"<b>layer {i + 1}, head {j + 1}</b>", *_said(figures, int(i), int(j), unit)])
        for i, j in zip(layer, head, strict=True)
    ]
    unseen = {"marker": {"opacity": 0}}
    return go.Scatter(
        x=head + 1,
        y=layer + 1,
        customdata=np.column_stack([layer, head]).astype(np.int32),
        hovertext=hovers,
        hoverinfo="text",
        mode="markers",
        marker={"size": 6, "opacity": 0, "color": "#808080"},
        selected=unseen,
        unselected=unseen,
    )


def _said(figures: Mapping[str, np.ndarray], layer: int, head: int, unit: str) -> list[str]:
    lines = []
    for name, values in figures.items():
        value = float(values[layer, head])
        if not np.isnan(value):
            said = (
                f"{value:.1f} {unit}"
                if name == "distance"
                else f"{value:.2f}"
                if name == "entropy"
                else percent(value)
            )
            lines.append(f"{escaped(TITLES[name]).lower()} {said}")
    return lines


def _ticks(count: int) -> list[int]:
    step = 1 if count <= 16 else 5 if count <= 60 else 10
    return [1, *range(step, count + 1, step)] if step > 1 else list(range(1, count + 1))


def _table(layers: int, heads: int, figures: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """One row a head: layer and head from 1, then the figures."""
    layer, head = (part.ravel() + 1 for part in np.indices((layers, heads)))
    return pd.DataFrame(
        {"layer": layer, "head": head, **{name: values.ravel() for name, values in figures.items()}}
    )


def clicked_head(customdata: Any) -> tuple[int, int] | None:
    """(layer, head) from 0 that a clicked marker stands for; None if unreadable."""
    if isinstance(customdata, Mapping):
        customdata = [customdata.get("0"), customdata.get("1")]
    try:
        layer, head = (int(value) for value in list(customdata)[:2])
    except (TypeError, ValueError):
        return None
    return layer, head
