"""One attention head whole: queries from top to bottom, keys from left to right, and a click chooses a query."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, SEQUENTIAL, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, percent, shortened

# Up to so many tokens: their names at the axes; a marker, and so the weight on hover, in every cell.
NAMES_UP_TO, EVERY_CELL_UP_TO = 40, 48
# Cells of the numbers to keep.
MOST_CELLS = 100_000


def attention_head(
    weights: np.ndarray,
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    title: str,
    where: str = "",
    selected: int | None = None,
    query_title: str = "reads (query)",
    key_title: str = "is read from (key)",
    theme: Theme = "light",
) -> Chart:
    """float[queries, keys], rows sum to 1, with their tokens as plain text; `selected` is a query to outline.

    Colours run by square roots from 0 to the largest weight. The customdata of a marker is [query].
    """
    top = float(weights.max(initial=0.0)) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=np.rint(255 * np.sqrt(np.clip(weights / top, 0, 1))).astype(np.uint8),
            zmin=0,
            zmax=255,
            colorscale=SEQUENTIAL[theme],
            showscale=False,
            hoverinfo="skip",
        )
    )
    figure.add_trace(_markers(weights, queries, keys))
    rows, columns = weights.shape
    if selected is not None:
        figure.add_shape(
            type="rect", x0=-0.5, x1=columns - 0.5, y0=selected - 0.5, y1=selected + 0.5,
            line={"color": ACCENT[theme], "width": 2}, layer="above",
        )  # fmt: skip
    for update, tokens, name in (
        (figure.update_xaxes, keys, key_title),
        (figure.update_yaxes, queries, query_title),
    ):
        named, step = len(tokens) <= NAMES_UP_TO, 10 if len(tokens) <= 100 else 50
        update(
            fixedrange=True,
            showline=False,
            tickmode="array",
            tickvals=list(range(len(tokens))) if named else list(range(step - 1, len(tokens), step)),
            ticktext=[escaped(shortened(token, 12)) for token in tokens]
            if named
            else [str(place) for place in range(step, len(tokens) + 1, step)],
            tickfont={"size": 11 if len(tokens) <= 24 else 10},
            title={"text": name if named else f"{name}, by its place"},
        )
    figure.update_xaxes(range=[-0.55, columns - 0.45], tickangle=-90, ticklabeloverflow="allow")
    figure.update_yaxes(range=[rows - 0.45, -0.55])
    figure = styled(
        figure,
        theme=theme,
        title=title,
        subtitle=f"{where} · colour from 0 to {percent(top)}",
        plot_height=min(max(rows * 20, 220), 460),
        bottom=92 if columns <= NAMES_UP_TO else 50,
        right=8,
    )
    figure.update_layout(hovermode="closest", hoverdistance=-1, dragmode=False, clickmode="event+select")
    return Chart(
        figure, f"{title} on {where}: {rows} queries × {columns} keys.", _table(weights, queries, keys)
    )


def _markers(weights: np.ndarray, queries: Sequence[str], keys: Sequence[str]) -> go.Scatter:
    """A marker in every cell, or with many tokens one in each row, which answers for all of it."""
    rows, columns = weights.shape
    reads = [escaped(shortened(token, 30)) for token in queries]
    read = [escaped(shortened(token, 30)) for token in keys]
    if max(rows, columns) <= EVERY_CELL_UP_TO:
        query, key = (part.ravel() for part in np.indices((rows, columns)))
        hovers = [
            f"<b>{percent(float(weights[i, j]))}</b><br>“{reads[i]}” reads “{read[j]}”"
            for i, j in zip(query, key, strict=True)
        ]
    else:
        query, key = np.arange(rows), np.full(rows, (columns - 1) / 2)
        best = weights.argmax(axis=1)
        hovers = [
            f"<b>{i + 1}. “{reads[i]}”</b><br>reads most from {best[i] + 1}. “{read[best[i]]}”, "
            f"{percent(float(weights[i, best[i]]))}"
            for i in range(rows)
        ]
    unseen = {"marker": {"opacity": 0}}
    return go.Scatter(
        x=key,
        y=query,
        customdata=query.astype(np.int32)[:, None],
        hovertext=hovers,
        hoverinfo="text",
        mode="markers",
        marker={"size": 6, "opacity": 0, "color": "#808080"},
        selected=unseen,
        unselected=unseen,
    )


def clicked_query(customdata: Any) -> int | None:
    """The query, from 0, that a clicked marker stands for; None if unreadable."""
    if isinstance(customdata, Mapping):
        customdata = [customdata.get("0")]
    try:
        return int(customdata[0])
    except (TypeError, ValueError, IndexError):
        return None


def _table(weights: np.ndarray, queries: Sequence[str], keys: Sequence[str]) -> pd.DataFrame:
    """query, key (places from 1), their tokens, and the weight; the largest 100,000 of them, in order."""
    flat = weights.ravel()
    kept = np.arange(flat.size)
    if flat.size > MOST_CELLS:
        kept = np.sort(np.argpartition(-flat, MOST_CELLS)[:MOST_CELLS])
    query, key = np.divmod(kept, weights.shape[1])
    return pd.DataFrame(
        {
            "query": query + 1,
            "key": key + 1,
            "query_token": np.array(list(queries), dtype=object)[query],
            "key_token": np.array(list(keys), dtype=object)[key],
            "weight": flat[kept],
        }
    )
