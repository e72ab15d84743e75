"""The tree of questions that part many errors from few: each part as wide as it has rows, darker where it is worse."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.error_tree import Node
from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, GRID, SEQUENTIAL, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, percent, rows_on, shortened

_ROW = 62
# Parts narrower than this share of all rows have no room for words; about so many letters fit in the whole width.
_NARROW, _LETTERS = 0.12, 90


def error_tree(
    nodes: Sequence[Node],
    *,
    measure: str,
    is_share: bool,
    selected: str | None = None,
    split: str | None = None,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """An icicle: all rows on top, below each part the two that its question makes of it.

    `measure` names the scores of the nodes ("share wrong"). Each part can be clicked (its place in `nodes` is the
    customdata); `selected` is the path of the one outlined. Raises ValueError when there is no node.
    """
    if not nodes:
        raise ValueError("there is no node")
    starts = _starts(nodes)
    depth = max(len(node.path) for node in nodes)
    total = nodes[0].rows
    table = pd.DataFrame(
        {
            "path": [node.path for node in nodes],
            "rows_where": [node.words for node in nodes],
            "rows": [node.rows for node in nodes],
            "score": [node.score for node in nodes],
        }
    )
    said = [percent(node.score) if is_share else f"{node.score:.3g}" for node in nodes]
    scores = table["score"].to_numpy()
    # Against the score of all rows, not from the least to the most: a small difference must not look like a large one.
    colours = np.clip(0.3 * scores / scores[0], 0.05, 0.6) if scores[0] > 0 else np.full(len(scores), 0.05)
    figure = go.Figure(
        go.Bar(
            orientation="h",
            base=[starts[node.path] for node in nodes],
            x=table["rows"],
            y=[len(node.path) for node in nodes],
            width=0.94,
            marker={
                "color": colours,
                "colorscale": SEQUENTIAL[theme],
                "cmin": 0,
                "cmax": 1,
                "line": {"width": 1, "color": GRID[theme]},
            },
            text=[_words(node, value, total) for node, value in zip(nodes, said, strict=True)],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            constraintext="none",
            hovertext=[
                f"<b>{escaped(shortened(node.words, 90))}</b><br>{rows_on(node.rows, split)}, {measure} {value}"
                for node, value in zip(nodes, said, strict=True)
            ],
            hoverinfo="text",
            customdata=[[place] for place in range(len(nodes))],
            unselected={"marker": {"opacity": 1}},
        )
    )
    for node in nodes:
        if node.path == selected:
            figure.add_shape(
                type="rect",
                x0=starts[node.path],
                x1=starts[node.path] + node.rows,
                y0=len(node.path) - 0.47,
                y1=len(node.path) + 0.47,
                line={"color": ACCENT[theme], "width": 3},
            )
    figure.update_xaxes(visible=False, range=[0, total], fixedrange=True)
    figure.update_yaxes(visible=False, range=[depth + 0.5, -0.5], fixedrange=True)
    figure.update_layout(dragmode=False, bargap=0, hovermode="closest")
    worst = max((node for node in nodes if node.path), key=lambda node: node.score, default=nodes[0])
    worst_score = said[list(nodes).index(worst)]
    styled(
        figure,
        theme=theme,
        title=title or "Which two questions part errors best?",
        subtitle=f"{rows_on(total, split)} · {measure} {said[0]} · a part is as wide as it has rows, darker is worse",
        plot_height=_ROW * (depth + 1),
        right=8,
    )
    alt = (
        f"Tree of {measure} on {rows_on(total, split)}: {said[0]} of all; worst {worst_score} of "
        f"{rows_on(worst.rows, split)}: {shortened(worst.words, 120)}."
    )
    return Chart(figure, alt, table)


def _starts(nodes: Sequence[Node]) -> dict[str, int]:
    """Where each part begins, counted in rows from the left; of two parts the one answered yes comes first."""
    rows = {node.path: node.rows for node in nodes}
    starts = {"": 0}
    for node in nodes:
        if node.path:
            before = rows[node.path[:-1] + "1"] if node.path.endswith("0") else 0
            starts[node.path] = starts[node.path[:-1]] + before
    return starts


def _words(node: Node, value: str, total: int) -> str:
    share = node.rows / total
    if share < _NARROW:
        return ""
    return f"{escaped(shortened(node.title, max(6, int(_LETTERS * share))))}<br>{value}"
