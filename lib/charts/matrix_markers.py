"""The markers that take the clicks on a confusion matrix: on its cells, and on the totals beside its labels.

Beyond 50 labels most cells are empty, and only those that hold rows have a marker: drawing ten thousand anew after each
click takes longer than finding the rows.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lib.analysis.confusion import ConfusionMatrix
from lib.charts.colours import MODEL, Theme
from lib.charts.matrix_layout import DETAIL_UP_TO, NAMES_UP_TO, MatrixLayout
from lib.charts.text import escaped, percent, rows_on, shortened

# The most markers, those with most rows: the page message stays below 2 MB.
MARKERS = 20_000
# Up to so many are shapes of the page, which redraw at once; more would be too many nodes, and WebGL draws them.
DRAWN_UP_TO = 3_000


def unseen_markers(count: int) -> tuple[type[go.Scatter] | type[go.Scattergl], dict[str, Any]]:
    """The kind of trace for so many markers, and what makes them invisible, picked or not."""
    unseen = {"marker": {"opacity": 0}}
    marker = {"size": 6, "opacity": 0, "color": "#808080"}
    options: dict[str, Any] = {"mode": "markers", "marker": marker, "selected": unseen, "unselected": unseen}
    return go.Scatter if count <= DRAWN_UP_TO else go.Scattergl, options


def near(size: int) -> int:
    """How far from a marker a click still means it, in px, where only some cells have one."""
    return 6 if size <= DETAIL_UP_TO else 12


def head_markers(layout: MatrixLayout, hovers: Sequence[str]) -> go.Scatter | go.Scattergl:
    """A marker on the outer cell of each row, then of each column; `hovers` are HTML in that order."""
    size = len(layout.order)
    kind, options = unseen_markers(2 * size)
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


def overlay(
    matrix: ConfusionMatrix, layout: MatrixLayout, hide_diagonal: bool, theme: Theme
) -> list[go.Scatter | go.Scattergl]:
    """The markers, unseen where the cells are large enough to be: one trace for the cells, one for the labels."""
    size = len(matrix)
    if size <= NAMES_UP_TO:
        true, predicted = (part.ravel() for part in np.indices((size, size)))
        rows = matrix.counts.ravel()
    else:
        wanted = np.flatnonzero((matrix.true != matrix.predicted) | (size <= DETAIL_UP_TO))
        most = wanted[np.argsort(-matrix.rows[wanted], kind="stable")[:MARKERS]]
        true, predicted, rows = matrix.true[most], matrix.predicted[most], matrix.rows[most]
    kind, options = unseen_markers(len(true))
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
    if size > DETAIL_UP_TO:
        # A cell is less than a pixel here: what can be clicked has to be seen.
        seen = {"marker": {"opacity": 0.55}}
        cells.update(
            marker={"size": 4, "opacity": 0.55, "color": MODEL[theme]}, selected=seen, unselected=seen
        )
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
