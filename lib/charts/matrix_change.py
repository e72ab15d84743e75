"""One run's confusion matrix minus another's on the same rows, as a picture in which every cell can be clicked."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lib.analysis.matrix_change import MatrixChange, Scale
from lib.charts.chart import Chart
from lib.charts.colours import DIVERGING, LESS, MORE, Theme
from lib.charts.matrix_layout import (
    NAMES_UP_TO,
    TEXT_UP_TO,
    Cell,
    MatrixLayout,
    axes,
    bands,
    cell_picture,
    outline,
    sizes,
)
from lib.charts.matrix_markers import MARKERS, head_markers, near, unseen_markers
from lib.charts.template import styled
from lib.charts.text import compact, escaped, rows_on, shortened

SCALES: dict[Scale, str] = {"count": "rows", "row": "share of the true label"}


def matrix_change(
    change: MatrixChange,
    *,
    order: Sequence[int] | np.ndarray | None = None,
    scale: Scale = "count",
    selected: Cell | None = None,
    theme: Theme = "light",
    split: str = "test",
    title: str | None = None,
    sides: tuple[str, str] = ("this run", "the other run"),
) -> Chart:
    """D = this − other: blue where this run puts more rows into a cell, orange where fewer, neutral at 0.

    The colours are symmetric around 0 and end at the largest change, in rows (count) or as a share of the rows of the
    true label (row). Markers, sizes and what is drawn at how many labels are those of `lib.charts.confusion`, and so
    is `clicked`; the bands hold the rows of each true label and the change in how often each label is predicted.
    `sides` are this and the other in words.
    """
    size = len(change)
    if not size:
        raise ValueError("the matrices have no labels")
    layout = MatrixLayout.of(change.this, order)
    more = change.this.predicted_rows - change.other.predicted_rows
    figure = go.Figure(
        [
            _heatmap(change, layout, scale, theme),
            *bands(
                [compact(int(n)) for n in change.this.support[layout.order]],
                [signed(int(n)) for n in more[layout.order]],
                layout,
                theme,
            ),
        ]
    )
    figure.add_traces(_overlay(change, layout, more))
    if selected is not None:
        outline(figure, layout, selected, theme)
    axes(figure, change.this, layout)
    top = _top(change, scale)
    end = f"±{top:,.0f} rows" if scale == "count" else f"±{100 * top:.0f} % of the true label"
    styled(
        figure,
        theme=theme,
        title=title or ("Which confusions grew, which shrank?" if top else "Both fill every cell alike"),
        subtitle=f"{_what(change, split)} · {sides[0]} minus {sides[1]}, colours end at {end}",
        key=((f"more rows in {sides[0]}", MORE[theme]), ("fewer", LESS[theme])),
        **sizes(layout),
    )
    figure.update_layout(hovermode="closest", hoverdistance=-1, dragmode=False, clickmode="event+select")
    if size > NAMES_UP_TO:  # most cells have no marker: one far away must not answer for them
        figure.update_layout(hoverdistance=near(size))
    return Chart(figure, _alt(change, split, sides[1]), change.table())


def signed(rows: int) -> str:
    """A change in at most five letters: "+12", "−3", "0", "+1.2k"."""
    return f"{'+' if rows > 0 else '−' if rows < 0 else ''}{compact(abs(rows))}"


def _top(change: MatrixChange, scale: Scale) -> float:
    """Where the colours end: the largest change, 0 for none. What is gathered is many cells in one."""
    true, predicted, _ = change.cells
    sizes = np.abs(change.values(scale))
    if change.this.is_reduced:
        named = (true < len(change) - 1) & (predicted < len(change) - 1)
        sizes = sizes[named] if named.any() else sizes
    return float(sizes.max(initial=0.0))


def _heatmap(change: MatrixChange, layout: MatrixLayout, scale: Scale, theme: Theme) -> go.Heatmap:
    size, (true, predicted, rows) = len(change), change.cells
    values = change.values(scale)
    top = _top(change, scale) or 1.0
    y, x = layout.place[true], layout.place[predicted]
    # One byte a cell, as 255 steps are more than eyes tell apart; a change is never drawn as none.
    z = np.zeros((size, size), dtype=np.int8)
    z[y, x] = np.sign(values) * np.clip(np.rint(np.abs(values) / top * 127), 1, 127)
    words = [signed(int(n)) for n in rows] if size <= TEXT_UP_TO else None
    return cell_picture(z, (-127, 127), DIVERGING[theme], words, at=(y, x))


def _overlay(change: MatrixChange, layout: MatrixLayout, more: np.ndarray) -> list[go.Scatter | go.Scattergl]:
    """The invisible markers: one trace for the cells, one for the labels."""
    size = len(change)
    if size <= NAMES_UP_TO:
        true, predicted = (part.ravel() for part in np.indices((size, size)))
        rows = change.counts.ravel()
    else:
        most = np.argsort(-np.abs(change.cells[2]), kind="stable")[:MARKERS]
        true, predicted, rows = (part[most] for part in change.cells)
    kind, options = unseen_markers(len(true))
    cells = kind(
        x=layout.place[predicted].astype(np.uint16),
        y=layout.place[true].astype(np.uint16),
        customdata=np.column_stack([true, predicted, rows]).astype(np.int32),
        hovertemplate="<b>%{customdata[2]:+,} rows</b><br>truly %{y}<br>predicted %{x}<extra></extra>",
        **options,
    )
    names = [escaped(shortened(label, 80)) for label in change.labels]
    if size <= NAMES_UP_TO:
        cells.update(hovertemplate=None, hoverinfo="text", hovertext=_cell_hovers(change, names))
    support, right = change.this.support, change.this.correct - change.other.correct
    hovers = [
        f"<b>truly {names[i]}</b><br>{rows_on(int(support[i]))}"
        + (f", {_more(int(right[i]))} right" if len(change.this.members[i]) == 1 else "")
        for i in layout.order
    ]
    hovers += [f"<b>predicted {names[j]}</b><br>{_more(int(more[j]))} rows" for j in layout.order]
    return [cells, head_markers(layout, hovers)]


def _more(rows: int) -> str:
    return f"{abs(rows):,} {'fewer' if rows < 0 else 'more'}"


def _cell_hovers(change: MatrixChange, names: list[str]) -> list[str]:
    counts, other, this = change.counts, change.other.counts, change.this.counts
    return [
        f"<b>{_more(int(counts[i, j]))} rows</b>: {this[i, j]:,} against {other[i, j]:,}"
        f"<br>truly {true}<br>predicted {guess}"
        for i, true in enumerate(names)
        for j, guess in enumerate(names)
    ]


def _what(change: MatrixChange, split: str) -> str:
    rows = rows_on(change.this.total, split)
    if change.this.is_reduced:
        labels = sum(len(names) for names in change.this.members)
        return f"the same {rows}, the {len(change) - 1} labels of {labels:,} that changed most"
    return f"the same {rows}"


def _alt(change: MatrixChange, split: str, other: str) -> str:
    start = f"Difference of two confusion matrices of {len(change):,} labels on {_what(change, split)}"
    true, predicted, rows = change.cells
    if not len(rows):
        return f"{start}: no cell differs."
    worst = int(np.abs(rows).argmax())
    return (
        f"{start}; most of all {change.labels[true[worst]]} predicted as {change.labels[predicted[worst]]}, "
        f"{_more(int(rows[worst]))} rows than in {other}."
    )
