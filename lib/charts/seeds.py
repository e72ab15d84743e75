"""The scores of several seeds: each a dot with its own interval, and their mean."""

from collections.abc import Sequence

import pandas as pd

from lib.analysis.intervals import described, number
from lib.analysis.scores import title as score_title
from lib.analysis.seeds import SeedScore, spread
from lib.charts.chart import Chart
from lib.charts.colours import BAND, MODEL, MUTED, Theme
from lib.charts.dots import ROW, dots
from lib.charts.template import styled
from lib.charts.text import escaped, rows_on, shortened


def seed_strip(
    score: str,
    scores: Sequence[SeedScore],
    *,
    rows: int,
    split: str = "test",
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """One line a seed, with the score's 95 % interval over rows; the mean as a line, lowest to highest as a band.

    Raises ValueError for fewer than two seeds.
    """
    found = spread([item.value for item in scores])
    table = pd.DataFrame(
        [
            {
                "seed": item.seed,
                "value": item.value,
                "low": item.interval[0] if item.interval else float("nan"),
                "high": item.interval[1] if item.interval else float("nan"),
            }
            for item in scores
        ]
    )
    figure = dots(
        [f"seed {item.seed}" for item in scores],
        table["value"].tolist(),
        table["low"].tolist(),
        table["high"].tolist(),
        theme=theme,
        colours=[MODEL[theme]] * len(table),
        hover=[f"seed {item.seed}<br>{described(item.value, item.interval)}" for item in scores],
    )
    figure.add_vrect(x0=found.low, x1=found.high, fillcolor=BAND[theme], line_width=0, layer="below")
    figure.add_vline(x=found.mean, line={"color": MUTED[theme], "width": 1, "dash": "dot"}, layer="below")
    figure.add_annotation(
        x=found.mean,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=f"mean {number(found.mean, decimals=3) if abs(found.mean) < 1 else number(found.mean, digits=3)}",
        showarrow=False,
        font={"size": 12, "color": MUTED[theme]},
    )
    low, high = float(table[["value", "low"]].min().min()), float(table[["value", "high"]].max().max())
    pad = 0.08 * ((high - low) or abs(high) or 1.0)
    figure.update_xaxes(
        range=[low - pad, high + pad], nticks=6, title={"text": escaped(shortened(score_title(score), 40))}
    )
    styled(
        figure,
        theme=theme,
        title=title or "How much does the seed matter?",
        subtitle=f"{score_title(score)} by seed, each with its 95 % interval · {rows_on(rows, split)}",
        plot_height=len(table) * (ROW + 4) + 10,
        extra_top=16,
        bottom=40,
    )
    values = ", ".join(f"seed {item.seed} {number(item.value, digits=3)}" for item in scores)
    alt = f"{score_title(score)} on {rows_on(rows, split)} by seed: {values}; mean {number(found.mean, digits=3)}."
    return Chart(figure, alt, table)
