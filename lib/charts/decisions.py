"""Which labels one text is given: the probability of each beside the threshold that it must reach."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import BAND, FAINT, INK, MODEL, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, percent, shortened


def decisions(
    labels: Sequence[str],
    scores: Sequence[float],
    thresholds: Sequence[float],
    *,
    gold: Collection[str] | None = None,
    top: int = 12,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """Bars from the likeliest label down, those given first, each with a tick at its threshold.

    `scores` and `thresholds` are float[labels] in [0, 1]. The `top` labels are shown, and all that are given or in
    `gold`, the true ones, which are marked.
    """
    values, ticks = np.asarray(scores, dtype=float), np.asarray(thresholds, dtype=float)
    if not len(labels) == len(values) == len(ticks) > 0:
        raise ValueError(f"{len(labels)} labels, {len(values)} probabilities, {len(ticks)} thresholds")
    table = pd.DataFrame({"label": list(labels), "probability": values, "threshold": ticks})
    table["given"] = values >= ticks
    table["gold"] = table["label"].isin(set(gold or ()))
    table = table.sort_values(
        ["given", "probability"], ascending=False, kind="stable", ignore_index=True
    )  # fmt: skip
    kept = (table.index < top) | table["given"] | table["gold"]
    shown, rest = table[kept].reset_index(drop=True), int((~kept).sum())
    records = shown.to_dict("records")
    names = [escaped(shortened(row["label"], 20)) for row in records]
    ticktext = [
        f"<b>{name}{' ✓' if row['gold'] else ''}</b>" if row["given"] or row["gold"] else name
        for name, row in zip(names, records, strict=True)
    ]
    places = list(range(len(shown)))
    figure = go.Figure()
    figure.add_bar(y=places, x=[1] * len(shown), orientation="h", marker_color=BAND[theme], hoverinfo="skip")
    figure.add_bar(
        y=places,
        x=shown["probability"],
        orientation="h",
        marker={
            "color": [MODEL[theme] if row["given"] else FAINT[theme] for row in records],
            "line": {"width": 0},
        },
        hovertext=[
            f"<b>{escaped(shortened(row['label'], 80))}</b><br>{percent(row['probability'])}, "
            f"{'given' if row['given'] else 'not given'} (threshold {percent(row['threshold'])})"
            for row in records
        ],
        hoverinfo="text",
    )
    for place, row in enumerate(records):
        at = min(max(row["threshold"], 0.0), 1.0)
        figure.add_shape(
            type="line",
            x0=at,
            x1=at,
            y0=place - 0.42,
            y1=place + 0.42,
            line={"color": INK[theme], "width": 2},
        )
        figure.add_annotation(
            x=1, y=place, text=percent(row["probability"]), showarrow=False, xanchor="left", xshift=8
        )
    figure.update_yaxes(
        tickmode="array",
        tickvals=places,
        ticktext=ticktext,
        range=[len(shown) - 0.4, -0.6],
        showline=False,
        fixedrange=True,
        tickfont={"size": 13},
    )
    figure.update_xaxes(range=[0, 1], showticklabels=False, showline=False, fixedrange=True)
    figure.update_layout(barmode="overlay", bargap=0.35, dragmode=False)
    notes = ["probability of each label; the tick is the threshold from which on it is given"]
    if gold is not None:
        notes.append("✓ a true label")
    if rest:
        notes.append(f"{rest:,} less likely labels are not shown")
    given = int(table["given"].sum())
    styled(
        figure,
        theme=theme,
        title=title or f"{given:,} of {len(table):,} labels {'applies' if given == 1 else 'apply'}",
        subtitle=" · ".join(notes),
        plot_height=max(len(shown), 2) * 28,
        right=58,
    )
    return Chart(figure, _alt(table), table)


def _alt(table: pd.DataFrame) -> str:
    given = [
        f"{row['label']} {percent(row['probability'])} (threshold {percent(row['threshold'])})"
        for row in table[table["given"]].head(5).to_dict("records")
    ]
    best = table.iloc[0]
    said = ", ".join(given) or f"none; the likeliest is {best['label']} with {percent(best['probability'])}"
    return f"Labels given out of {len(table):,}: {said}."
