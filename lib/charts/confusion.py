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
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.confusion import ConfusionMatrix
from lib.charts.chart import Chart
from lib.charts.colours import SEQUENTIAL, Theme
from lib.charts.matrix_layout import (
    NAMES_UP_TO,
    TEXT_UP_TO,
    Box,
    Cell,
    MatrixLayout,
    axes,
    bands,
    cell_picture,
    outline,
    outline_box,
    sizes,
)
from lib.charts.matrix_markers import near, overlay
from lib.charts.template import styled
from lib.charts.text import compact, rows_on

Colour = Literal["row", "column", "count"]

COLOUR_TITLES: dict[Colour, str] = {
    "row": "share of true label",
    "column": "share of predicted label",
    "count": "rows (log scale)",
}


def confusion(
    matrix: ConfusionMatrix,
    *,
    order: Sequence[int] | np.ndarray | None = None,
    colour: Colour = "row",
    hide_diagonal: bool = False,
    selected: Cell | None = None,
    box: Box | None = None,
    brush: bool = False,
    theme: Theme = "light",
    split: str = "test",
    title: str | None = None,
) -> Chart:
    """The matrix: true labels from top to bottom, predicted ones from left to right.

    `order` is a permutation of label positions (`matrix.order(…)`). Cells are coloured by their share of the
    true label (row), of the predicted label (column), or by log(1 + rows) (count); `hide_diagonal` leaves the
    right ones blank and scales the colours to the mistakes. `selected` is outlined: (i, j) a cell, (i, None)
    all that truly are i, (None, j) all predicted j; `box` the cells of many labels, where they stand together.
    With `brush` dragging draws a box (see `brushed`), and clicks pick nothing.

    Each marker's customdata starts [i, j], positions in `matrix.labels`; [i, −1] for a true label, [−1, j]
    for a predicted one. Up to 30 labels the cells hold their counts, up to 50 the axes name the labels and every
    cell can be clicked; above, those that hold rows; above 300, the mistaken ones (see `reduced` for one to read).
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
    figure.add_traces(overlay(matrix, layout, hide_diagonal, theme))
    if selected is not None:
        outline(figure, layout, selected, theme)
    elif box is not None:
        outline_box(figure, layout, box, theme)
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
    if size > NAMES_UP_TO:
        # Most cells have no marker here: one far away must not answer for them.
        figure.update_layout(hoverdistance=near(size))
    if brush:
        # Streamlit lets a chart either be clicked or be dragged over.
        figure.update_layout(dragmode="select")
    return Chart(figure, _alt(matrix, split), _table(matrix))


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
