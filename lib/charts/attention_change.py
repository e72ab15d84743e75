"""How much each head changed between two models: layers from top to bottom, heads from left to right, to be clicked."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, SEQUENTIAL, Theme
from lib.charts.template import styled


def attention_change(
    change: np.ndarray,
    *,
    selected: tuple[int, int] | None = None,
    where: str = "",
    theme: Theme = "light",
    title: str = "Which heads changed?",
) -> Chart:
    """float[layers, heads] of Jensen–Shannon divergence in bits; colours run from 0 to the largest.

    The customdata of a marker is [layer, head], from 0, as in lib.charts.attention_mosaic.
    """
    layers, heads = change.shape
    top = float(change.max(initial=0.0))
    layer, head = (part.ravel() for part in np.indices((layers, heads)))
    unseen = {"marker": {"opacity": 0}}
    figure = go.Figure(
        [
            go.Heatmap(
                z=change,
                x=np.arange(1, heads + 1),
                y=np.arange(1, layers + 1),
                zmin=0,
                zmax=top or 1.0,
                colorscale=SEQUENTIAL[theme],
                showscale=False,
                hoverinfo="skip",
                xgap=1,
                ygap=1,
                texttemplate="%{z:.2f}" if heads <= 12 else None,
            ),
            go.Scatter(
                x=head + 1,
                y=layer + 1,
                customdata=np.column_stack([layer, head]).astype(np.int32),
                hovertext=[
                    f"<b>layer {i + 1}, head {j + 1}</b><br>{change[i, j]:.3f} bits"
                    for i, j in zip(layer, head, strict=True)
                ],
                hoverinfo="text",
                mode="markers",
                marker={"size": 6, "opacity": 0, "color": "#808080"},
                selected=unseen,
                unselected=unseen,
            ),
        ]
    )
    if selected is not None:
        i, j = selected
        figure.add_shape(
            type="rect", x0=j + 0.5, x1=j + 1.5, y0=i + 0.5, y1=i + 1.5,
            line={"color": ACCENT[theme], "width": 3}, layer="above",
        )  # fmt: skip
    step = 1 if max(layers, heads) <= 16 else 5
    ticks = {"fixedrange": True, "showline": False, "tick0": step, "dtick": step}
    figure.update_xaxes(ticks, range=[0.45, heads + 0.55], title={"text": "head"})
    figure.update_yaxes(ticks, range=[layers + 0.55, 0.45], title={"text": "layer"})
    figure = styled(
        figure,
        theme=theme,
        title=title,
        subtitle=f"{where} · Jensen–Shannon divergence, 0 to {top:.2f} of at most 1 bit",
        plot_height=min(max(layers * 30, 160), 860),
        bottom=44,
        right=8,
    )
    figure.update_layout(hovermode="closest", hoverdistance=-1, dragmode=False, clickmode="event+select")
    data = pd.DataFrame({"layer": layer + 1, "head": head + 1, "js_divergence_bits": change.ravel()})
    if not top:
        return Chart(figure, f"None of {layers * heads} heads changed.", data)
    i, j = divmod(int(change.argmax()), heads)
    alt = f"Change of {layers} layers of {heads} heads; most in layer {i + 1}, head {j + 1}, {top:.2f} bits."
    return Chart(figure, alt, data)
