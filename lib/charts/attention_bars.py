"""Where one token reads from: its largest attention weights as bars."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import MODEL, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, percent, shortened

MOST_BARS = 12


def attention_bars(
    weights: np.ndarray, keys: Sequence[str], *, title: str, where: str = "", theme: Theme = "light"
) -> Chart:
    """float[keys] that sum to 1 with their tokens: the largest twelve, and what share the others have together."""
    best = np.argsort(-weights, kind="stable")[:MOST_BARS]
    rest = float(max(0.0, 1.0 - weights[best].sum()))
    names = [f"{place + 1} · {shortened(keys[place], 22)}" for place in best]
    values = [float(weights[place]) for place in best]
    figure = go.Figure(
        go.Bar(
            x=values[::-1],
            y=list(range(len(values))),
            orientation="h",
            marker={"color": MODEL[theme]},
            text=[percent(value) for value in values[::-1]],
            textposition="outside",
            cliponaxis=False,
            hovertext=[escaped(name) for name in names[::-1]],
            hovertemplate="%{hovertext}: %{x:.2%}<extra></extra>",
        )
    )
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(values))),
        ticktext=[escaped(name) for name in names[::-1]],
        showline=False,
        fixedrange=True,
    )
    figure.update_xaxes(
        range=[0, max(values, default=1.0) * 1.2],
        tickformat=".0%",
        title={"text": "attention weight"},
        fixedrange=True,
    )
    others = len(weights) - len(best)
    said = f" · the other {others:,} tokens together {percent(rest)}" if others else ""
    figure = styled(
        figure,
        theme=theme,
        title=title,
        subtitle=f"{where}{said}",
        plot_height=22 * len(values) + 10,
        bottom=44,
    )
    figure.update_layout(dragmode=False)
    best_said = f"most on {keys[best[0]]}, {percent(values[0])}" if values else "nothing"
    data = pd.DataFrame(
        {"key": np.arange(len(weights)) + 1, "token": np.array(list(keys), dtype=object), "weight": weights}
    )
    return Chart(figure, f"{title}: {best_said}.", data.sort_values("weight", ascending=False, kind="stable"))
