"""The confusion matrix as a picture in which every cell and every label can be clicked.

Plotly's heatmaps draw fast but report no clicks to Streamlit (streamlit#8760). So a layer of invisible
markers lies over the heatmap: one in the middle of every cell, and one in the band of totals beside every
label. Their `customdata` says what was clicked; `clicked` reads it.

The markers are small on purpose. The figure is stretched to the page, from 350 to 1,000 px, so no marker size
fits the cells at every width; markers larger than their cell would overlap and the wrong one could answer.
Instead the hover distance is as wide as the figure: Plotly then answers every click with the nearest marker,
and nearest-marker regions of a grid are exactly its cells, at any width and height.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.confusion import ConfusionMatrix
from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, BAND, MUTED, SEQUENTIAL, Theme
from lib.charts.template import styled
from lib.charts.text import compact, escaped, percent, rows_on, shortened

Colour = Literal["row", "column", "count"]
Cell = tuple[int | None, int | None]

# Up to so many labels: counts in the cells; names at the axes; a marker in every cell; any detail at all.
TEXT_UP_TO, NAMES_UP_TO, EVERY_CELL_UP_TO = 30, 50, 300
# Beyond that only mistaken cells get a marker, those with most rows: the page message stays below 2 MB.
MARKERS = 20_000

COLOUR_TITLES: dict[Colour, str] = {
    "row": "share of true label",
    "column": "share of predicted label",
    "count": "rows (log scale)",
}


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


def confusion(
    matrix: ConfusionMatrix,
    *,
    order: Sequence[int] | np.ndarray | None = None,
    colour: Colour = "row",
    hide_diagonal: bool = False,
    selected: Cell | None = None,
    theme: Theme = "light",
    split: str = "test",
    title: str | None = None,
) -> Chart:
    """The matrix: true labels from top to bottom, predicted ones from left to right.

    `order` is a permutation of label positions (`matrix.order(…)`). Cells are coloured by their share of the
    true label (row), of the predicted label (column), or by log(1 + rows) (count); `hide_diagonal` leaves the
    right ones blank and scales the colours to the mistakes. `selected` is outlined: (i, j) a cell, (i, None)
    all that truly are i, (None, j) all predicted j.

    Each marker's customdata starts [i, j], positions in `matrix.labels`; [i, −1] for a true label, [−1, j]
    for a predicted one. Up to 30 labels the cells hold their counts, up to 50 the axes name the labels, up
    to 300 every cell can be clicked; above, the most mistaken cells (see `reduced` for a matrix to read).
    The figure fits any width; its height follows from the labels.
    """
    size = len(matrix)
    if not size:
        raise ValueError("the matrix has no labels")
    layout = MatrixLayout.of(matrix, order)
    rows, columns = (
        [compact(int(n)) for n in side[layout.order]] for side in (matrix.support, matrix.predicted_rows)
    )
    figure = go.Figure(
        [_heatmap(matrix, layout, colour, hide_diagonal, theme), *bands(rows, columns, layout, theme)]
    )
    figure.add_traces(_overlay(matrix, layout, hide_diagonal))
    if selected is not None:
        outline(figure, layout, selected, theme)
    axes(figure, matrix, layout)
    mixed = (matrix.true != matrix.predicted).any()
    headline = title or (
        "Which labels does the model confuse?" if mixed or matrix.is_reduced else "No mistakes"
    )
    figure = styled(
        figure,
        theme=theme,
        title=headline,
        subtitle=f"{_what(matrix, split)} · colour: {COLOUR_TITLES[colour]}",
        **sizes(layout),
    )
    figure.update_layout(hovermode="closest", hoverdistance=-1, dragmode=False, clickmode="event+select")
    if size > EVERY_CELL_UP_TO:
        # Most cells have no marker here: one far away must not answer for them.
        figure.update_layout(hoverdistance=12, dragmode="select")
    return Chart(figure, _alt(matrix, split), _table(matrix))


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


def clicked(customdata: Any) -> Cell | None:
    """What a clicked marker stands for, from its customdata: a `selected` for `confusion`, None if unreadable.

    Streamlit hands it over as a list, or as {"0": i, "1": j} when the figure held it as an array.
    """
    if isinstance(customdata, Mapping):
        values: list[Any] = [customdata.get("0"), customdata.get("1")]
    elif isinstance(customdata, Sequence | np.ndarray) and not isinstance(customdata, str):
        values = list(customdata[:2])
    else:
        return None
    if len(values) < 2 or any(value is None for value in values):
        return None
    true, predicted = (int(value) if int(value) >= 0 else None for value in values)
    return None if true is None and predicted is None else (true, predicted)


def brushed(
    box: Mapping[str, Sequence[float]], order: Sequence[int] | np.ndarray
) -> tuple[list[int], list[int]]:
    """The label positions inside a dragged box, true and predicted, from Streamlit's {"x": …, "y": …}.

    The corners come in any order and between cells; a cell counts when its middle is inside.
    """
    spans = []
    for axis in ("y", "x"):
        low, high = sorted(float(end) for end in box[axis][:2])
        first, last = max(int(np.ceil(low)), 0), min(int(np.floor(high)), len(order) - 1)
        spans.append([int(position) for position in np.asarray(order)[first : max(last + 1, first)]])
    return spans[0], spans[1]


def _heatmap(
    matrix: ConfusionMatrix, layout: MatrixLayout, colour: Colour, hide_diagonal: bool, theme: Theme
) -> go.Heatmap:
    size = len(matrix)
    values = np.log1p(matrix.rows) if colour == "count" else matrix.cell_shares(colour)
    shown = matrix.true != matrix.predicted if hide_diagonal else np.ones(len(values), dtype=bool)
    top = 1.0 if colour != "count" and not hide_diagonal else float(values[shown].max(initial=0.0)) or 1.0
    y, x = layout.place[matrix.true[shown]], layout.place[matrix.predicted[shown]]
    # 256 steps are more than eyes tell apart, and one byte a cell keeps 1,000 × 1,000 at 1.4 MB.
    z = np.zeros((size, size), dtype=np.uint8)
    z[y, x] = np.maximum(np.rint(values[shown] / top * 255), 1)
    words = [compact(int(rows)) for rows in matrix.rows[shown]] if size <= TEXT_UP_TO else None
    return cell_picture(z, (0, 255), SEQUENTIAL[theme], words, at=(y, x))


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


def unseen_markers(size: int) -> tuple[type[go.Scatter] | type[go.Scattergl], dict[str, Any]]:
    """The kind of trace for so many labels, and what makes its markers invisible, picked or not."""
    unseen = {"marker": {"opacity": 0}}
    marker = {"size": 6, "opacity": 0, "color": "#808080"}
    options: dict[str, Any] = {"mode": "markers", "marker": marker, "selected": unseen, "unselected": unseen}
    return go.Scatter if size <= NAMES_UP_TO else go.Scattergl, options


def head_markers(layout: MatrixLayout, hovers: Sequence[str]) -> go.Scatter | go.Scattergl:
    """A marker on the outer cell of each row, then of each column; `hovers` are HTML in that order."""
    size = len(layout.order)
    kind, options = unseen_markers(size)
    places = np.arange(size)
    # At −1 and at `size`, so that the border to the outer cells lies where it is drawn.
    return kind(
        x=np.concatenate([np.full(size, -1), places]),
        y=np.concatenate([places, np.full(size, size)]),
        customdata=[[int(i), -1] for i in layout.order] + [[-1, int(j)] for j in layout.order],
        hovertext=list(hovers),
        hoverinfo="text",
        **options,
    )


def _overlay(
    matrix: ConfusionMatrix, layout: MatrixLayout, hide_diagonal: bool
) -> list[go.Scatter | go.Scattergl]:
    """The invisible markers: one trace for the cells, one for the labels."""
    size = len(matrix)
    kind, options = unseen_markers(size)
    if size <= EVERY_CELL_UP_TO:
        true, predicted = (part.ravel() for part in np.indices((size, size)))
        rows = matrix.counts.ravel()
    else:
        wrong = np.flatnonzero(matrix.true != matrix.predicted)
        most = wrong[np.argsort(-matrix.rows[wrong], kind="stable")[:MARKERS]]
        true, predicted, rows = matrix.true[most], matrix.predicted[most], matrix.rows[most]
    cells = kind(
        x=layout.place[predicted].astype(np.uint16),
        y=layout.place[true].astype(np.uint16),
        # As an array, not a list: a quarter of the size. %{x} and %{y} are the ticks' names.
        customdata=np.column_stack([true, predicted, rows]).astype(np.int32),
        hovertemplate="<b>%{customdata[2]:,} rows</b><br>truly %{y}<br>predicted %{x}<extra></extra>",
        **options,
    )
    if size <= NAMES_UP_TO:
        cells.update(hovertemplate=None, hoverinfo="text", hovertext=_cell_hovers(matrix, hide_diagonal))
    names = [escaped(shortened(label, 80)) for label in matrix.labels]
    recall = matrix.correct / np.maximum(matrix.support, 1)
    precision = matrix.correct / np.maximum(matrix.predicted_rows, 1)
    truly = [
        f"{rows_on(n)}, {percent(r)} predicted right" for n, r in zip(matrix.support, recall, strict=True)
    ]
    guessed = [
        f"{rows_on(n)}, {percent(p)} right" for n, p in zip(matrix.predicted_rows, precision, strict=True)
    ]
    for i, gathered in enumerate(matrix.members):
        if len(gathered) > 1:  # its own cell holds mistakes too
            truly[i], guessed[i] = (
                f"{rows_on(n[i])} of {len(gathered):,} labels"
                for n in (matrix.support, matrix.predicted_rows)
            )
    hovers = [f"<b>truly {names[i]}</b><br>{truly[i]}" for i in layout.order]
    hovers += [f"<b>predicted {names[j]}</b><br>{guessed[j]}" for j in layout.order]
    return [cells, head_markers(layout, hovers)]


def _cell_hovers(matrix: ConfusionMatrix, hide_diagonal: bool) -> list[str]:
    names = [escaped(shortened(label, 80)) for label in matrix.labels]
    counts, recall, precision = matrix.counts, matrix.shares("row"), matrix.shares("column")
    return [
        f"<b>{counts[i, j]:,} row{'' if counts[i, j] == 1 else 's'}</b><br>truly {true}<br>predicted {guess}"
        f"<br>{percent(recall[i, j])} of the true, {percent(precision[i, j])} of the predicted"
        for i, true in enumerate(names)
        for j, guess in enumerate(names)
    ]


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
    line = {"color": ACCENT[theme], "width": 3}
    figure.add_shape(type="rect", x0=x0, x1=x1, y0=y0, y1=y1, line=line, layer="above")


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
        # Dragging scrolls the page on a phone; above 300 labels it draws the box that is read by `brushed`.
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


def _what(matrix: ConfusionMatrix, split: str) -> str:
    """Rows and mistakes; which labels are shown where some are gathered, as then mistakes are hidden."""
    rows = rows_on(matrix.total, split)
    if matrix.is_reduced:
        labels = sum(len(names) for names in matrix.members)
        return f"{rows}, the {len(matrix) - 1} most confused of {labels:,} labels"
    return f"{rows}, {matrix.total - int(matrix.correct.sum()):,} wrong"


def _alt(matrix: ConfusionMatrix, split: str) -> str:
    start = f"Confusion matrix of {len(matrix):,} labels on {_what(matrix, split)}"
    worst = matrix.top_confusions(1)
    if worst.empty:
        return f"{start}."
    gold, predicted, rows = worst.iloc[0][["gold", "predicted", "rows"]]
    return f"{start}; most often {gold} taken for {predicted}, {rows_on(int(rows))}."


def _table(matrix: ConfusionMatrix) -> pd.DataFrame:
    """The filled cells: true, predicted, rows, share_of_true, share_of_predicted."""
    names = np.array(matrix.labels, dtype=object)
    return pd.DataFrame(
        {
            "true": names[matrix.true],
            "predicted": names[matrix.predicted],
            "rows": matrix.rows,
            "share_of_true": matrix.cell_shares("row"),
            "share_of_predicted": matrix.cell_shares("column"),
        }
    )
