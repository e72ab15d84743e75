"""Which types of entities are taken for which, as a picture whose cells, missed column and spurious row can be clicked.

Cells are clicked through invisible markers in their middles, as in `lib.charts.confusion`, which says why.
"""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.entity_matrix import EntityMatrix
from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, BAND, MUTED, SEQUENTIAL, Theme
from lib.charts.confusion import COLOUR_TITLES, Colour
from lib.charts.matrix_layout import Cell
from lib.charts.template import styled
from lib.charts.text import compact, escaped, percent, shortened

MISSED, SPURIOUS = "missed", "spurious"
_LETTERS = 14
_UNSEEN = {"marker": {"opacity": 0}}


def entity_matrix(
    matrix: EntityMatrix,
    *,
    colour: Colour = "row",
    selected: Cell | None = None,
    theme: Theme = "light",
    split: str = "test",
    title: str | None = None,
) -> Chart:
    """True types from top to bottom, predicted ones from left to right, the spurious last row, the missed last column.

    A cell "43+3" holds 43 pairs with the same borders and 3 with others. Colours are shares of the true type (row), of
    the predicted type (column), or log(1 + entities) (count). `selected` is outlined. Each marker's customdata is
    [i, j], places in `matrix.names`; [i, −1] for a row, [−1, j] for a column: `lib.charts.confusion.clicked` reads it.
    Raises ValueError when there is no type.
    """
    size = len(matrix)
    if not size:
        raise ValueError("there are no types of entities")
    band = max(1.0, 0.12 * size)
    figure = go.Figure([_heatmap(matrix, colour, theme), *_bands(matrix, band, theme), *_overlay(matrix)])
    for ends in ({"x0": size - 0.5, "x1": size - 0.5, "y0": -0.5, "y1": size + 0.5},
                 {"y0": size - 0.5, "y1": size - 0.5, "x0": -0.5, "x1": size + 0.5}):  # fmt: skip
        figure.add_shape(type="line", line={"color": MUTED[theme], "width": 1.5}, **ends)
    if selected is not None:
        _outline(figure, size, band, selected, theme)
    _axes(figure, matrix, band)
    entities = int(matrix.support[:-1].sum())
    wrong = entities - matrix.right + int(matrix.support[-1])
    styled(
        figure,
        theme=theme,
        title=title
        or ("Which entities does the model confuse?" if wrong else "Every entity is found, and no other"),
        subtitle=f"{_entities(entities, split)}, {matrix.right:,} exactly found; +n: n with other borders · colour: "
        f"{COLOUR_TITLES[colour].replace('label', 'type').replace('rows', 'entities')}",
        plot_height=round(min(max((size + 1 + band) * (40 if size < 9 else 28), 200), 860)),
        bottom=60 if size < 8 else 100,
        right=8,
    )
    figure.update_layout(hovermode="closest", hoverdistance=-1, dragmode=False, clickmode="event+select")
    return Chart(figure, _alt(matrix, split, entities), _table(matrix))


def _heatmap(matrix: EntityMatrix, colour: Colour, theme: Theme) -> go.Heatmap:
    counts = matrix.pairs.astype(float)
    if colour == "count":
        values = np.log1p(counts) / max(float(np.log1p(counts).max()), 1e-9)
    else:
        whole = matrix.support[:, None] if colour == "row" else matrix.predicted[None, :]
        values = counts / np.maximum(whole, 1)
    z = np.where(counts > 0, np.maximum(np.rint(values * 255), 1), 0).astype(object)
    z[-1, -1] = None
    return go.Heatmap(
        z=z.tolist(),
        text=_cells(matrix),
        texttemplate="%{text}",
        zmin=0,
        zmax=255,
        colorscale=SEQUENTIAL[theme],
        showscale=False,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
    )


def _cells(matrix: EntityMatrix) -> list[list[str]]:
    size = len(matrix)

    def written(i: int, j: int) -> str:
        same, other = int(matrix.same_borders[i, j]), int(matrix.pairs[i, j] - matrix.same_borders[i, j])
        if size in (i, j):
            return compact(other) if other else ""
        return (compact(same) if same else "") + (f"+{compact(other)}" if other else "")

    return [[written(i, j) for j in range(size + 1)] for i in range(size + 1)]


def _bands(matrix: EntityMatrix, band: float, theme: Theme) -> list[go.Heatmap]:
    """The totals beside the rows and below the columns. Text shrinks only in a grid, hence the empty second lines."""
    places, last, gap = list(range(len(matrix) + 1)), len(matrix) + 0.5, 0.06
    options: dict[str, Any] = {
        "colorscale": [[0, BAND[theme]], [1, BAND[theme]]],
        "showscale": False,
        "hoverinfo": "skip",
        "xgap": 1,
        "ygap": 1,
        "texttemplate": "%{text}",
        "textfont": {"color": MUTED[theme]},
    }
    rows, columns = ([compact(int(n)) for n in sums] for sums in (matrix.support, matrix.predicted))
    left = [-0.5 - band, -0.5 - gap, band - 0.5]
    below = [last - 1 - band, last + gap, last + band]
    return [
        go.Heatmap(x=left, y=places, z=[[0, None]] * len(rows), text=[[n, " "] for n in rows], **options),
        go.Heatmap(
            x=places,
            y=below,
            z=[[None] * len(rows), [0] * len(rows)],
            text=[[" "] * len(rows), columns],
            **options,
        ),
    ]


def _overlay(matrix: EntityMatrix) -> list[go.Scatter]:
    size = len(matrix)
    options: dict[str, Any] = {
        "mode": "markers",
        "marker": {"size": 6, "opacity": 0, "color": "#808080"},
        "selected": _UNSEEN,
        "unselected": _UNSEEN,
        "hoverinfo": "text",
    }
    cells = [(i, j) for i in range(size + 1) for j in range(size + 1) if (i, j) != (size, size)]
    heads = [(i, -1) for i in range(size + 1)] + [(-1, j) for j in range(size + 1)]
    return [
        go.Scatter(
            x=[j for _, j in cells],
            y=[i for i, _ in cells],
            customdata=[list(cell) for cell in cells],
            hovertext=[_hover(matrix, i, j) for i, j in cells],
            **options,
        ),
        go.Scatter(
            x=[j if i < 0 else -1 for i, j in heads],
            y=[i if j < 0 else size + 1 for i, j in heads],
            customdata=[list(cell) for cell in heads],
            hovertext=[_head(matrix, i, j) for i, j in heads],
            **options,
        ),
    ]


def _hover(matrix: EntityMatrix, i: int, j: int) -> str:
    size, count = len(matrix), int(matrix.pairs[i, j])
    lines = [f"<b>{_entities(count)}</b>"]
    if i == size:
        lines += [
            "spurious: nothing is true there",
            f"predicted {_name(matrix, j)}",
            f"{_share(count, matrix.predicted[j])} of the predicted",
        ]
    elif j == size:
        lines += [
            f"truly {_name(matrix, i)}",
            "missed: nothing is predicted there",
            f"{_share(count, matrix.support[i])} of the true",
        ]
    else:
        other = count - int(matrix.same_borders[i, j])
        lines += [f"truly {_name(matrix, i)}", f"predicted {_name(matrix, j)}"]
        lines += [f"{other:,} with other borders"] if other else []
        lines += [
            f"{_share(count, matrix.support[i])} of the true, {_share(count, matrix.predicted[j])} of the predicted"
        ]
    return "<br>".join(lines)


def _head(matrix: EntityMatrix, i: int, j: int) -> str:
    if j < 0:
        what = "spurious" if i == len(matrix) else f"truly {_name(matrix, i)}"
        return f"<b>{what}</b><br>{_entities(int(matrix.support[i]))}"
    what = "missed" if j == len(matrix) else f"predicted {_name(matrix, j)}"
    return f"<b>{what}</b><br>{_entities(int(matrix.predicted[j]))}"


def _outline(figure: go.Figure, size: int, band: float, selected: Cell, theme: Theme) -> None:
    true, predicted = selected
    x0, x1, y0, y1 = -0.5, size + 0.5, -0.5, size + 0.5
    if true is not None:
        y0, y1 = true - 0.5, true + 0.5
        x0 = x0 if predicted is not None else x0 - band
    if predicted is not None:
        x0, x1 = predicted - 0.5, predicted + 0.5
        y1 = y1 if true is not None else y1 + band
    line = {"color": ACCENT[theme], "width": 3}
    figure.add_shape(type="rect", x0=x0, x1=x1, y0=y0, y1=y1, line=line, layer="above")


def _axes(figure: go.Figure, matrix: EntityMatrix, band: float) -> None:
    size = len(matrix)
    names = [escaped(shortened(label, _LETTERS)) for label in matrix.labels]
    common = {"tickmode": "array", "tickvals": list(range(size + 1)), "showline": False, "fixedrange": True}
    # A little room beyond the outer cells, or half of an outline around them would be cut off.
    room = 0.006 * size
    figure.update_xaxes(
        common,
        ticktext=[*names, f"<i>{MISSED}</i>"],
        range=[-0.5 - band, size + 0.5 + room],
        title={"text": "predicted →"},
        autotickangles=[0, -90],
        ticklabeloverflow="allow",
    )
    figure.update_yaxes(
        common,
        ticktext=[*names, f"<i>{SPURIOUS}</i>"],
        range=[size + 0.5 + band, -0.5 - room],
        title={"text": "← true"},
    )


def _name(matrix: EntityMatrix, place: int) -> str:
    return escaped(shortened(matrix.labels[place], 80))


def _entities(count: int, split: str = "") -> str:
    return f"{count:,} {split + ' ' if split else ''}{'entity' if count == 1 else 'entities'}"


def _share(count: int, whole: Any) -> str:
    return percent(count / max(int(whole), 1))


def _alt(matrix: EntityMatrix, split: str, entities: int) -> str:
    missed, spurious = int(matrix.predicted[-1]), int(matrix.support[-1])
    start = (
        f"Entity confusion matrix of {_entities(entities, split)}: {matrix.right:,} exactly found, {missed:,} missed, "
        f"{spurious:,} spurious"
    )
    mixed = matrix.pairs[:-1, :-1].copy()
    np.fill_diagonal(mixed, 0)
    if not mixed.any():
        return f"{start}."
    i, j = np.unravel_index(int(mixed.argmax()), mixed.shape)
    return (
        f"{start}; most often {matrix.labels[i]} taken for {matrix.labels[j]}, {_entities(int(mixed[i, j]))}."
    )


def _table(matrix: EntityMatrix) -> pd.DataFrame:
    """The filled cells: true, predicted, entities, same_borders, other_borders (both of pairs only)."""
    true, predicted = np.nonzero(matrix.pairs)
    count, same = matrix.pairs[true, predicted], matrix.same_borders[true, predicted]
    rows, columns = (np.array([*matrix.labels, name], dtype=object) for name in (SPURIOUS, MISSED))
    paired = (true < len(matrix)) & (predicted < len(matrix))
    return pd.DataFrame(
        {
            "true": rows[true],
            "predicted": columns[predicted],
            "entities": count,
            "same_borders": np.where(paired, same, 0),
            "other_borders": np.where(paired, count - same, 0),
        }
    )
