"""Which scripts the texts are written in, as bars of the texts in which each is the commonest."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import MODEL, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, percent, rows_on

MOST_SHOWN = 8


def script_mix_bars(scripts: Mapping[str, tuple[int, int]], *, texts: int, theme: Theme = "light") -> Chart:
    """`scripts`: letters, and texts with most letters in it, by script. Raises ValueError without a letter."""
    if not scripts:
        raise ValueError("there are no letters")
    table = pd.DataFrame(
        [(script, letters, rows) for script, (letters, rows) in scripts.items()],
        columns=["script", "letters", "texts"],
    ).sort_values(["texts", "letters"], ascending=False)
    shown = table[table["texts"] > 0].head(MOST_SHOWN)
    total = int(table["letters"].sum())
    places = list(range(len(shown)))
    figure = go.Figure(
        go.Bar(
            x=shown["texts"],
            y=places,
            orientation="h",
            marker={"color": MODEL[theme], "line": {"width": 0}},
            hovertext=[
                f"<b>{escaped(script)}</b><br>commonest in "
                f"{rows_on(int(rows))}<br>{percent(letters / total)} of all letters"
                for script, letters, rows in shown.itertuples(index=False)
            ],
            hoverinfo="text",
        )
    )
    for place, rows in zip(places, shown["texts"], strict=True):
        figure.add_annotation(
            x=rows,
            y=place,
            text=f"{rows:,} · {percent(rows / max(texts, 1))}",
            showarrow=False,
            xanchor="left",
            xshift=6,
        )
    figure.update_yaxes(
        tickmode="array",
        tickvals=places,
        ticktext=[escaped(script) for script in shown["script"]],
        range=[len(places) - 0.4, -0.6],
        showline=False,
        fixedrange=True,
    )
    figure.update_xaxes(
        showticklabels=False, showline=False, fixedrange=True, range=[0, max(1, int(shown["texts"].max()))]
    )
    figure.update_layout(bargap=0.3, dragmode=False)
    first = str(table["script"].iloc[0])
    part = int(table["texts"].iloc[0])
    finding = (
        f"All texts are in {first}"
        if part == texts
        else f"{percent(part / texts)} of the texts are in {first}"
    )
    styled(
        figure,
        theme=theme,
        title=finding,
        subtitle=f"{rows_on(texts)}, by the script of most of their letters",
        plot_height=max(2, len(places)) * 26,
        right=96,
    )
    said = ", ".join(f"{script} {rows:,}" for script, _, rows in shown.itertuples(index=False))
    return Chart(figure, f"Texts by script: {said}.", table.reset_index(drop=True))
