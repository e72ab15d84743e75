"""How many rows stood in the cells of a confusion matrix after each validation of a run: what grew, what shrank."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, GRID, MUTED, OKABE_ITO, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, rows_on, shortened

HEIGHT = 280
_DASHES = ("solid", "dash", "dot", "dashdot")


def cell_curves(
    pairs: pd.DataFrame,
    steps: Sequence[int],
    *,
    rows: int,
    selected: int | None = None,
    theme: Theme = "light",
    split: str = "validation",
    title: str | None = None,
) -> Chart:
    """A line for each mistaken pair of `MatrixSteps.confusions` (at most eight), its rows over the steps.

    A line is known by colour and dashes both. `selected` is the step that is looked at, marked by an upright line;
    `rows` how many there are in all.
    """
    figure, key, lines = go.Figure(), [], []
    for place, (true, predicted, counts) in enumerate(
        zip(pairs["true"], pairs["predicted"], pairs["rows"], strict=True)
    ):
        name = f"{shortened(str(true), 16)} → {shortened(str(predicted), 16)}"
        colour = OKABE_ITO[place % len(OKABE_ITO)]
        key.append((name, colour))
        lines.append(
            pd.DataFrame({"true": true, "predicted": predicted, "step": list(steps), "rows": counts})
        )
        figure.add_trace(
            go.Scatter(
                x=list(steps),
                y=np.asarray(counts).tolist(),
                mode="lines+markers",
                line={"color": colour, "width": 2, "dash": _DASHES[place // 2 % len(_DASHES)]},
                marker={"size": 6},
                hovertemplate=f"<b>{escaped(name)}</b><br>%{{y:,}} rows after step %{{x:,}}<extra></extra>",
            )
        )
    if selected is not None:
        figure.add_vline(x=selected, line={"color": ACCENT[theme], "width": 2})
    figure.update_xaxes(title={"text": "step"}, nticks=7, fixedrange=True)
    figure.update_yaxes(
        title={"text": "rows mistaken"}, showgrid=True, gridcolor=GRID[theme], showline=False, nticks=6,
        rangemode="tozero", fixedrange=True,
    )  # fmt: skip
    figure.update_layout(hovermode="closest", dragmode=False)
    if pairs.empty:
        figure.add_annotation(
            text="No confusion changed", showarrow=False, font={"color": MUTED[theme]}, x=0.5, y=0.5,
            xref="paper", yref="paper",
        )  # fmt: skip
    styled(
        figure,
        theme=theme,
        title=title or "Which confusions did training change most?",
        subtitle=f"{rows_on(rows, split)} after each of {len(steps)} validations · true → predicted",
        key=key,
        plot_height=HEIGHT,
        bottom=44,
    )
    said = "; ".join(
        f"{true} taken for {predicted} from {int(counts[0]):,} to {int(counts[-1]):,} rows"
        for true, predicted, counts in zip(pairs["true"], pairs["predicted"], pairs["rows"], strict=True)
    )
    table = (
        pd.concat(lines, ignore_index=True)
        if lines
        else pd.DataFrame(columns=["true", "predicted", "step", "rows"])
    )
    return Chart(
        figure,
        f"Rows of mistaken pairs of labels over {len(steps)} validations: {said or 'none changed'}.",
        table,
    )
