"""What becomes of the true entities of each label: found, found in part, taken for something else, missed."""

import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import GRID, MODEL, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, percent, shortened

# Colour and pattern both, so that neither is needed to tell the parts apart.
_PARTS: dict[str, tuple[str, str, str]] = {
    "right": ("right", "", ""),
    "wrong borders": ("wrong borders", "#E69F00", "/"),
    "wrong type": ("wrong type", "#CC79A7", "x"),
    "missed": ("missed", "#7F7F7F", "."),
}
_LINE = 28


def entity_outcomes(
    table: pd.DataFrame,
    *,
    split: str = "test",
    top: int = 30,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """A bar for every label, the label with the least share found first, the worst `top` if there are more.

    `table` as made by `lib.analysis.entities.entity_table`. Labels without a true entity have no bar. A part's
    customdata is [row of the table, outcome]. Raises ValueError when no label has a true entity.
    """
    known = table.reset_index(drop=True)
    known = known[known["support"] > 0]
    if known.empty:
        raise ValueError("there are no true entities")
    order = known.sort_values(["recall", "support"], ascending=[True, False], kind="stable")
    shown = order.head(top)
    figure = go.Figure()
    for name, (words, colour, pattern) in _PARTS.items():
        share = 100 * shown[name] / shown["support"]
        figure.add_bar(
            y=list(range(len(shown))),
            x=share,
            orientation="h",
            marker={
                "color": colour or MODEL[theme],
                "line": {"width": 0},
                "pattern": {
                    "shape": pattern,
                    "fillmode": "overlay",
                    "fgcolor": "#22262C",
                    "fgopacity": 0.45,
                    "size": 6,
                },
            },
            hovertext=[
                f"<b>{escaped(shortened(label, 80))}</b><br>{words}: {count:,} of {support:,} "
                f"({percent(count / support)})"
                for label, count, support in zip(shown["label"], shown[name], shown["support"], strict=True)
            ],
            hoverinfo="text",
            customdata=[[int(place), name] for place in shown.index],
            unselected={"marker": {"opacity": 1}},
        )
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(shown))),
        ticktext=[
            f"{escaped(shortened(label, 18))} ({support:,})"
            for label, support in zip(shown["label"], shown["support"], strict=True)
        ],
        range=[len(shown) - 0.4, -0.6],
        showline=False,
        fixedrange=True,
    )
    figure.update_xaxes(
        range=[0, 100],
        dtick=25,
        ticksuffix=" %",
        showgrid=True,
        gridcolor=GRID[theme],
        showline=False,
        fixedrange=True,
        title={"text": "share of the true entities"},
    )
    figure.update_layout(barmode="stack", bargap=0.3, dragmode=False, clickmode="event+select")
    total = int(known["support"].sum())
    more = f" · the worst {len(shown)} of {len(order):,} labels" if len(order) > len(shown) else ""
    styled(
        figure,
        theme=theme,
        title=title or "What becomes of the true entities?",
        subtitle=f"{total:,} {split} {'entity' if total == 1 else 'entities'} (number in brackets){more}",
        plot_height=max(len(shown), 2) * _LINE,
        key=[(words, colour or MODEL[theme]) for words, colour, _ in _PARTS.values()],
        bottom=40,
    )
    parts = ", ".join(
        f"{percent(known[name].sum() / total)} {words}" for name, (words, _, _) in _PARTS.items()
    )
    worst = order.iloc[0]
    return Chart(
        figure,
        f"Of {total:,} true {split} entities: {parts}; the least found label is {worst['label']} with "
        f"{percent(worst['recall'])}.",
        order.reset_index(drop=True),
    )
