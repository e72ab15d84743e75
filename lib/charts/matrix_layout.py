"""Where the cells, names and totals of a confusion matrix stand in its picture, and what is drawn around them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lib.analysis.confusion import ConfusionMatrix
from lib.charts.colours import ACCENT, BAND, MUTED, Theme
from lib.charts.text import escaped, shortened

Cell = tuple[int | None, int | None]
# Positions of labels: true ones, predicted ones.
Box = tuple[Sequence[int], Sequence[int]]

# Up to so many labels: counts in the cells; names at the axes and a marker in every cell; any detail at all.
TEXT_UP_TO, NAMES_UP_TO, DETAIL_UP_TO = 30, 50, 300


@dataclass(frozen=True)
class MatrixLayout:
    """Where things stand, in places along the axes: label `order[p]` stands at place p, bands outside."""

    order: np.ndarray
    place: np.ndarray
    row_band: float
    column_band: float

    @classmethod
    def of(cls, matrix: ConfusionMatrix, order: Sequence[int] | np.ndarray | None) -> "MatrixLayout":
        """The places for labels in that order: a permutation of label positions, None for the matrix's own."""
        given = np.arange(len(matrix)) if order is None else np.asarray(order, dtype=np.int64)
        if not np.array_equal(np.sort(given), np.arange(len(matrix))):
            raise ValueError("order must hold every position of the matrix's labels once")
        place = np.empty(len(matrix), dtype=np.int64)
        place[given] = np.arange(len(matrix))
        thin = max(1.0, 0.035 * len(matrix))
        # On a phone a cell is narrower than a number; the band beside the rows must hold one all the same.
        wide = 0.12 * len(matrix) if len(matrix) <= TEXT_UP_TO else thin
        return cls(given, place, max(thin, wide), thin)


def sizes(layout: MatrixLayout) -> dict[str, Any]:
    """The height of the drawing and the room below and beside it, in px, as `styled` takes them."""
    size = len(layout.order)
    cell = 40 if size <= 8 else 30 if size <= 16 else 24 if size <= TEXT_UP_TO else 17
    return {
        "plot_height": round(min(max((size + layout.column_band) * cell, 220), 860)),
        # The names below stand upright where they would not fit side by side.
        "bottom": 24 if size > NAMES_UP_TO else 60 if size <= 8 else 100,
        "right": 8,
    }


def cell_picture(
    z: np.ndarray,
    ends: tuple[int, int],
    colours: Sequence[Any],
    words: Sequence[str] | None,
    *,
    at: tuple[np.ndarray, np.ndarray],
) -> go.Heatmap:
    """The coloured cells of a square matrix; `words`, where there is room for some, in those `at` (rows, columns)."""
    size = len(z)
    gap = 1 if size <= NAMES_UP_TO else 0
    heatmap = go.Heatmap(
        z=z,
        zmin=ends[0],
        zmax=ends[1],
        colorscale=colours,
        showscale=False,
        xgap=gap,
        ygap=gap,
        hoverinfo="skip",
    )
    if words is not None:
        text = np.full((size, size), "", dtype=object)
        text[at] = words
        heatmap.update(text=text.tolist(), texttemplate="%{text}")
    return heatmap


def bands(
    rows: Sequence[str], columns: Sequence[str], layout: MatrixLayout, theme: Theme
) -> list[go.Heatmap]:
    """The bands left of the rows and below the columns, which stand for the labels when clicked.

    `rows` and `columns` hold what stands in them, in the order of places.
    """
    size, places, gap = len(rows), np.arange(len(rows)), 0.06
    options: dict[str, Any] = {
        "colorscale": [[0, BAND[theme]], [1, BAND[theme]]],
        "showscale": False,
        "hoverinfo": "skip",
        "xgap": 1 if size <= NAMES_UP_TO else 0,
        "ygap": 1 if size <= NAMES_UP_TO else 0,
    }
    if size <= TEXT_UP_TO:
        options |= {"texttemplate": "%{text}", "textfont": {"color": MUTED[theme]}}
    # Plotly shrinks text to its cell only where there are cells both beside and below each other, hence
    # the second, empty line of blanks in each band, over the matrix.
    left = [-0.5 - layout.row_band, -0.5 - gap, layout.row_band - 0.5]
    below = [size - 1.5 - layout.column_band, size - 0.5 + gap, size - 0.5 + layout.column_band]
    return [
        go.Heatmap(x=left, y=places, z=[[0, None]] * size, text=[[n, " "] for n in rows], **options),
        go.Heatmap(
            x=places, y=below, z=[[None] * size, [0] * size], text=[[" "] * size, list(columns)], **options
        ),
    ]


def outline(figure: go.Figure, layout: MatrixLayout, selected: Cell, theme: Theme) -> None:
    """Draw a frame around the selected part."""
    size, (true, predicted) = len(layout.order), selected
    x0, x1, y0, y1 = -0.5, size - 0.5, -0.5, size - 0.5
    if true is not None:
        y0, y1 = layout.place[true] - 0.5, layout.place[true] + 0.5
        x0 = x0 if predicted is not None else x0 - layout.row_band
    if predicted is not None:
        x0, x1 = layout.place[predicted] - 0.5, layout.place[predicted] + 0.5
        y1 = y1 if true is not None else y1 + layout.column_band
    _frame(figure, (x0, x1), (y0, y1), theme)


def outline_box(figure: go.Figure, layout: MatrixLayout, box: Box, theme: Theme) -> None:
    """Draw a frame around the cells of many labels; another order can part them, and then there is none to draw."""
    ends = []
    for side in box:
        places = layout.place[np.asarray(side, dtype=np.int64)]
        if places.max() - places.min() + 1 != len(places):
            return
        ends.append((places.min() - 0.5, places.max() + 0.5))
    _frame(figure, ends[1], ends[0], theme)


def _frame(figure: go.Figure, x: tuple[float, float], y: tuple[float, float], theme: Theme) -> None:
    line = {"color": ACCENT[theme], "width": 3}
    figure.add_shape(type="rect", x0=x[0], x1=x[1], y0=y[0], y1=y[1], line=line, layer="above")


def axes(figure: go.Figure, matrix: ConfusionMatrix, layout: MatrixLayout) -> None:
    """Name the labels along both axes, and keep room for the bands."""
    size = len(matrix)
    letters = 14 if size <= NAMES_UP_TO else 60
    common = {
        "tickmode": "array",
        "tickvals": list(range(size)),
        "ticktext": [escaped(shortened(matrix.labels[i], letters)) for i in layout.order],
        "showticklabels": size <= NAMES_UP_TO,
        "showline": False,
        # Dragging scrolls the page on a phone; with `brush` it draws the box that is read by `brushed`.
        "fixedrange": True,
    }
    # A little room beyond the outer cells, or half of an outline around them would be cut off.
    near, room = -0.5 - layout.row_band, 0.006 * size
    figure.update_xaxes(common, range=[near, size - 0.5 + room], title={"text": "predicted →"})
    figure.update_xaxes(autotickangles=[0, -90], ticklabeloverflow="allow")
    figure.update_yaxes(
        common, range=[size - 0.5 + layout.column_band, -0.5 - room], title={"text": "← true"}
    )
    if size > 16:
        figure.update_layout(xaxis_tickfont_size=10, yaxis_tickfont_size=10)
