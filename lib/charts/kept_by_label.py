"""What the student keeps of its teacher on each label: two dots and the way between them, the largest loss first."""

import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import GRID, MODEL, MUTED, SECOND, Theme
from lib.charts.dots import ROW
from lib.charts.template import styled
from lib.charts.text import escaped, rows_on, shortened


def kept_by_label(
    table: pd.DataFrame,
    *,
    rows: int,
    top: int = 30,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """F1 of teacher and student (and control, if it is there) on each label; those where the student loses most.

    `table` as made by `lib.analysis.distilled.by_label`. A gap whose 95 % interval holds zero is drawn pale: it is
    within noise.
    """
    shown = table.sort_values(["gap", "support"], ascending=[True, False], kind="stable").head(top)
    records = shown.reset_index(drop=True).to_dict("records")
    figure = go.Figure()
    for place, row in enumerate(records):
        noise = row["gap_low"] <= 0 <= row["gap_high"]
        figure.add_shape(
            type="line",
            x0=row["teacher"], x1=row["student"], y0=place, y1=place,
            line={"color": MUTED[theme], "width": 2 if noise else 5},
            opacity=0.35 if noise else 0.8,
            layer="below",
        )  # fmt: skip
    marks = [("control", MUTED[theme], "circle-open", 8)] if "control" in shown else []
    marks += [("teacher", SECOND[theme], "diamond", 10), ("student", MODEL[theme], "circle", 9)]
    for side, colour, symbol, size in marks:
        figure.add_scatter(
            x=[row[side] for row in records],
            y=list(range(len(records))),
            mode="markers",
            marker={"size": size, "color": colour, "symbol": symbol, "opacity": 1, "line": {"color": colour}},
            hovertext=[_hover(row) for row in records],
            hoverinfo="text",
        )
    sides = [side for side, *_ in marks]
    high = float(shown[sides].max().max())
    low = max(0.0, min(float(shown[sides].min().min()), high - 0.2) - 0.05) - 0.02
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(records))),
        ticktext=[f"{escaped(shortened(row['label'], 18))} ({row['support']:,})" for row in records],
        range=[len(records) - 0.4, -0.6],
        showline=False,
        fixedrange=True,
    )
    figure.update_xaxes(
        range=[low, min(1.0, high + 0.05) + 0.02],
        nticks=6,
        tickformat=",~r",
        title={"text": "F1"},
        showgrid=True,
        gridcolor=GRID[theme],
        showline=False,
        fixedrange=True,
    )
    figure.update_layout(hovermode="closest", dragmode=False)
    key = [("teacher", SECOND[theme]), ("student", MODEL[theme])]
    key += [("no teacher", MUTED[theme])] if "control" in shown else []
    some = (
        f" · the {len(shown)} of {len(table)} labels with the largest loss" if len(shown) < len(table) else ""
    )
    styled(
        figure,
        theme=theme,
        title=title or "On which labels does the student lose?",
        subtitle=f"F1 · {rows_on(rows, 'test')}{some} · thick: beyond noise",
        plot_height=max(2, len(records)) * ROW + 10,
        bottom=40,
        key=key,
    )
    worst = records[0]
    alt = (
        f"F1 of teacher and student on {len(records)} labels; the largest loss is on {shortened(worst['label'], 40)}, "
        f"from {worst['teacher']:.2f} to {worst['student']:.2f}."
    )
    return Chart(figure, alt, shown)


def _hover(row: dict) -> str:
    sides = [name for name in ("teacher", "student", "control") if name in row]
    lines = [
        f"{'no teacher' if side == 'control' else side} {row[side]:.2f} "
        f"({row[f'{side}_low']:.2f}–{row[f'{side}_high']:.2f})"
        for side in sides
    ]
    gap = f"student − teacher {row['gap']:.2f} ({row['gap_low']:.2f} to {row['gap_high']:.2f})".replace(
        "-", "−"
    )
    return "<br>".join(
        [f"<b>{escaped(shortened(row['label'], 80))}</b>", *lines, gap, f"{row['support']:,} truly so"]
    )
