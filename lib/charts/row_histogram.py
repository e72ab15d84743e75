"""Rows by a number, in ranges that can be clicked."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, FAINT, GRID, MODEL, Theme
from lib.charts.template import styled
from lib.charts.text import compact, escaped, percent, rows_on, shortened


def row_histogram(
    table: pd.DataFrame,
    names: Sequence[str],
    *,
    measure: str,
    selected: int | None = None,
    noun: tuple[str, str] = ("row", "rows"),
    split: str = "test",
    theme: Theme = "light",
    title: str | None = None,
    note: str = "",
) -> Chart:
    """A bar for every range of `table` (as made by `lib.analysis.bins.binned`), called `names` at the axis.

    A bar's customdata is [its place]; the `selected` one is outlined. `noun` says what is counted. Raises ValueError
    when nothing is.
    """
    counts = [int(count) for count in table["rows"]]
    total = sum(counts)
    if not total:
        raise ValueError("there is nothing to count")
    whole = rows_on(total, split) if noun[0] == "row" else f"{total:,} {split} {noun[total != 1]}"
    places = list(range(len(counts)))
    ticks = [escaped(shortened(name, 18)) for name in names]
    figure = go.Figure(
        go.Bar(
            x=places,
            y=counts,
            marker={
                "color": [MODEL[theme] if selected in (None, place) else FAINT[theme] for place in places],
                "line": {
                    "color": ACCENT[theme],
                    "width": [2.5 if place == selected else 0 for place in places],
                },
            },
            text=[compact(count) if count else "" for count in counts],
            textposition="outside",
            cliponaxis=False,
            hovertext=[
                f"<b>{count:,} {noun[count != 1]}</b> ({percent(count / total)})<br>{name}"
                for name, count in zip(ticks, counts, strict=True)
            ],
            hoverinfo="text",
            customdata=[[place] for place in places],
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )
    )
    figure.update_xaxes(
        tickmode="array",
        tickvals=places,
        ticktext=ticks,
        title={"text": escaped(shortened(measure, 40))},
        autotickangles=[0, -45, -90],
        fixedrange=True,
        range=[-0.6, len(places) - 0.4],
    )
    figure.update_yaxes(
        title={"text": noun[1]},
        showgrid=True,
        gridcolor=GRID[theme],
        showline=False,
        fixedrange=True,
        nticks=4,
        range=[0, max(counts) * 1.15],
    )
    figure.update_layout(bargap=0.12, dragmode=False, clickmode="event+select")
    most = max(places, key=counts.__getitem__)
    styled(
        figure,
        theme=theme,
        title=title or measure,
        subtitle=" · ".join(part for part in (whole, note) if part),
        plot_height=170,
        bottom=52,
        extra_top=8,
    )
    alt = f"{measure} of {whole}: most, {counts[most]:,}, lie in {names[most]}."
    return Chart(figure, alt, table.assign(range=list(names))[["range", "from", "to", "rows"]])
