"""What goes wrong with the entities of each type: type, borders, both, missed, spurious."""

import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import GRID, MODEL, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, percent, shortened

# Colour and pattern both, so that neither is needed to tell the parts apart.
_PARTS: dict[str, tuple[str, str]] = {
    "right": ("", ""),
    "wrong borders": ("#E69F00", "/"),
    "wrong type": ("#CC79A7", "x"),
    "wrong type and borders": ("#D55E00", "+"),
    "missed": ("#687878", "."),
    "spurious": ("#009E73", "\\"),
}
# What the line of colours says, where there is little room.
_SHORT = {"wrong borders": "borders", "wrong type": "type", "wrong type and borders": "both"}
_LINE = 28


def entity_outcomes(
    table: pd.DataFrame,
    *,
    split: str = "test",
    top: int = 30,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """A bar for every type, the one with the least share right first, the worst `top` if there are more.

    `table` as made by `lib.analysis.entities.entity_table`. A bar is all true and all spurious entities of a type; one
    without any has no bar. A part's customdata is [row of the table, outcome]. Raises ValueError when there is nothing.
    """
    known = table.reset_index(drop=True)
    known = known.assign(all=known[list(_PARTS)].sum(axis=1))
    known = known[known["all"] > 0]
    if known.empty:
        raise ValueError("there are no entities")
    known["share"] = known["right"] / known["all"]
    order = known.sort_values(["share", "all"], ascending=[True, False], kind="stable")
    shown = order.head(top)
    figure = go.Figure()
    for name, (colour, pattern) in _PARTS.items():
        figure.add_bar(
            y=list(range(len(shown))),
            x=100 * shown[name] / shown["all"],
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
                f"<b>{escaped(shortened(label, 80))}</b><br>{name}: {count:,} of {total:,} ({percent(count / total)})"
                for label, count, total in zip(shown["label"], shown[name], shown["all"], strict=True)
            ],
            hoverinfo="text",
            customdata=[[int(place), name] for place in shown.index],
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(shown))),
        ticktext=[
            f"{escaped(shortened(label, 18))} ({count:,})"
            for label, count in zip(shown["label"], shown["all"], strict=True)
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
        title={"text": "share of the type’s true and spurious entities"},
    )
    figure.update_layout(barmode="stack", bargap=0.3, dragmode=False, clickmode="event+select")
    true, spurious = int(known["support"].sum()), int(known["spurious"].sum())
    more = f" · the worst {len(shown)} of {len(order):,} types" if len(order) > len(shown) else ""
    styled(
        figure,
        theme=theme,
        title=title or "What goes wrong, type by type?",
        subtitle=f"{true:,} {split} {'entity' if true == 1 else 'entities'} and {spurious:,} spurious (both in "
        f"brackets){more}",
        plot_height=max(len(shown), 2) * _LINE,
        key=[(_SHORT.get(name, name), colour or MODEL[theme]) for name, (colour, _) in _PARTS.items()],
        bottom=40,
    )
    parts = ", ".join(f"{int(known[name].sum()):,} {name}" for name in _PARTS)
    worst = order.iloc[0]
    return Chart(
        figure,
        f"Of {true:,} true {split} entities and {spurious:,} spurious ones: {parts}; the type with least right is "
        f"{worst['label']} with {percent(worst['share'])}.",
        order.drop(columns=["all", "share"]).reset_index(drop=True),
    )
