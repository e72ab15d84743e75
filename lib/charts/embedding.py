"""A map of rows as the model sees them: alike rows lie close together."""

from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, MUTED, SECOND, SEQUENTIAL, Theme, label_colours
from lib.charts.template import styled
from lib.charts.text import escaped, percent, rows_on, shortened

Colour = Literal["gold", "predicted", "correct", "loss"]
COLOURS: dict[Colour, str] = {
    "gold": "true label",
    "predicted": "predicted label",
    "correct": "mistakes",
    "loss": "loss",
}
# More labels than this cannot be told apart by colour: the most frequent keep one, the others are grey.
MOST_COLOURS = 8
_HEIGHT = 460


def embedding_map(
    points: pd.DataFrame,
    *,
    colour: Colour,
    split: str,
    chosen: np.ndarray | None = None,
    opened: int | None = None,
    together: float | None = None,
    theme: Theme = "light",
) -> Chart:
    """`points` hold x, y, row, gold, predicted, correct and loss; one mark each, whose customdata is its place.

    `chosen` (bool[rows]) are drawn in full and the others faintly; `opened` is the place of the row that is open.
    `together` is the mean share of a row's neighbours that have its label, for the subtitle.
    """
    figure = go.Figure()
    strong = np.ones(len(points), dtype=bool) if chosen is None else chosen
    key: list[tuple[str, str]] = []
    if colour == "loss":
        # Few rows are far off, and they would leave no colours for the rest.
        top = float(np.nanquantile(points["loss"].to_numpy(dtype=float), 0.95)) if len(points) else 1.0
        bar = {"title": {"text": "loss"}, "thickness": 10, "outlinewidth": 0}
        scale = {
            "colorscale": SEQUENTIAL[theme],
            "cmin": 0,
            "cmax": top or 1,
            "showscale": True,
            "colorbar": bar,
        }
        values = points["loss"].clip(upper=top).tolist()
        _marks(figure, points, np.arange(len(points)), strong, marker={"color": values, **scale})
    else:
        for name, places, shade in _groups(points, colour, theme):
            _marks(figure, points, places, strong, marker={"color": shade})
            key.append((shortened(name, 24), shade))
    if opened is not None:
        line = points.iloc[opened]
        figure.add_scattergl(
            x=[line["x"]], y=[line["y"]], mode="markers", hoverinfo="skip", customdata=[[opened]],
            marker={"size": 16, "color": "rgba(0,0,0,0)", "line": {"width": 2.5, "color": ACCENT[theme]}},
            unselected={"marker": {"opacity": 1}},
        )  # fmt: skip
    for axis in (figure.update_xaxes, figure.update_yaxes):
        axis(showticklabels=False, showline=False, zeroline=False, title=None)
    figure.update_yaxes(scaleanchor="x", scaleratio=1)
    figure.update_layout(dragmode="lasso", hovermode="closest")
    kept = f" · {percent(together)} of a row’s nearest rows share its label" if together is not None else ""
    styled(
        figure,
        theme=theme,
        title="Rows that the model takes for alike lie close together",
        subtitle=f"{rows_on(len(points), split)} by {COLOURS[colour]}{kept}",
        plot_height=_HEIGHT,
        key=key,
        bottom=8,
    )
    said = f"Map of {rows_on(len(points), split)} coloured by {COLOURS[colour]}"
    if together is not None:
        said += f"; {percent(together)} of a row's nearest rows share its label"
    return Chart(figure, f"{said}.", points.drop(columns=["nearest"], errors="ignore"))


def _groups(points: pd.DataFrame, colour: Colour, theme: Theme) -> list[tuple[str, np.ndarray, str]]:
    if colour == "correct":
        right = points["correct"].to_numpy(dtype=bool)
        return [("right", right.nonzero()[0], MUTED[theme]), ("wrong", (~right).nonzero()[0], SECOND[theme])]
    column = points[colour].astype("str")
    frequent = column.value_counts().index[:MOST_COLOURS]
    colours = label_colours(points["gold"].astype("str"))
    groups = [
        (label, (column == label).to_numpy().nonzero()[0], colours.get(label, MUTED[theme]))
        for label in sorted(frequent)
    ]
    others = (~column.isin(frequent)).to_numpy().nonzero()[0]
    return ([("other labels", others, MUTED[theme])] if len(others) else []) + groups


def _marks(
    figure: go.Figure, points: pd.DataFrame, places: np.ndarray, strong: np.ndarray, *, marker: dict
) -> None:
    part = points.iloc[places]
    hover = [
        f"row {int(row) + 1:,}<br>truly {escaped(shortened(gold, 40))}<br>predicted {escaped(shortened(predicted, 40))}"
        for row, gold, predicted in zip(part["row"], part["gold"], part["predicted"], strict=True)
    ]
    figure.add_scattergl(
        x=part["x"].round(3).tolist(),
        y=part["y"].round(3).tolist(),
        mode="markers",
        hovertext=hover,
        hoverinfo="text",
        customdata=[[int(place)] for place in places],
        marker={"size": 7, "opacity": np.where(strong[places], 0.85, 0.12).tolist()} | marker,
        # What is chosen is kept in the address and drawn by us; Plotly's own fading would come on top.
        unselected={"marker": {"opacity": 0.85}},
    )
