"""How many rows each label has, and whether the splits hold the same mix."""

from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from lib.charts.chart import Chart
from lib.charts.colours import GRID, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, percent, rows_on, shortened

SPLIT_COLOURS: dict[Theme, dict[str, str]] = {
    "light": {"train": "#0072B2", "validation": "#56B4E9", "test": "#E69F00", "all": "#0072B2"},
    "dark": {"train": "#3F97CF", "validation": "#9AD3F5", "test": "#E69F00", "all": "#56B4E9"},
}
OTHER_COLOUR = "#7F7F7F"


def label_balance(
    counts: pd.DataFrame,
    *,
    by: Literal["rows", "share"] = "rows",
    top: int = 30,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """Horizontal bars, one per label: rows of all splits in a line, or each split's share side by side.

    `counts` as made by `lib.analysis.balance.label_counts`: label, split, rows, share, labels in the order
    to show. Labels beyond `top` are summed up in a last line "N more", without a bar as it would dwarf the
    others. Raises ValueError when there are no counts.
    """
    if counts.empty:
        raise ValueError("there are no labels to count")
    splits = list(dict.fromkeys(counts["split"]))
    sums = counts.groupby("label", sort=False)["rows"].sum()
    shown, hidden, total = sums.index[:top], sums.index[top:], int(sums.sum())
    table = counts.pivot(index="label", columns="split", values=by).fillna(0).loc[shown, splits]
    table = table if by == "rows" else 100 * table
    names = [escaped(shortened(label, 80)) for label in shown]
    ticks = [escaped(shortened(label, 18)) for label in shown] + (
        [f"{len(hidden):,} more"] if len(hidden) else []
    )
    colours = {split: SPLIT_COLOURS[theme].get(split, OTHER_COLOUR) for split in splits}
    figure = go.Figure()
    for split in splits:
        said = [rows_on(int(n)) if by == "rows" else percent(n / 100) for n in table[split]]
        figure.add_bar(
            y=list(range(len(shown))),
            x=table[split],
            orientation="h",
            marker={"color": colours[split], "line": {"width": 0}},
            hovertext=[
                f"<b>{name}</b><br>{escaped(split)}: {text}" for name, text in zip(names, said, strict=True)
            ],
            hoverinfo="text",
        )
    ends = table.sum(axis=1).tolist() if by == "rows" else table.max(axis=1).tolist()
    if by == "rows":
        written = [
            *((end, int(end)) for end in ends),
            *([(0.0, int(sums[hidden].sum()))] if len(hidden) else []),
        ]
        for place, (end, rows) in enumerate(written):
            figure.add_annotation(
                x=end,
                y=place,
                text=f"{rows:,} · {percent(rows / max(total, 1))}",
                showarrow=False,
                xanchor="left",
                xshift=6,
                font={"size": 12},
            )
    _axes(figure, ticks, max(ends) or 1, by, theme)
    line = 24 if by == "rows" else max(24, 9 * len(splits) + 8)
    parts = f"{'rows' if by == 'rows' else 'share'} by split" if len(splits) > 1 else ""
    styled(
        figure,
        theme=theme,
        title=title or _finding(sums),
        subtitle=" · ".join(filter(None, [f"{rows_on(total)}, {len(sums):,} labels", parts])),
        plot_height=max(len(ticks), 2) * line,
        key=list(colours.items()) if len(splits) > 1 else (),
        # Room for the numbers behind the longest bar.
        right=96 if by == "rows" else 16,
        bottom=8 if by == "rows" else 24,
    )
    alt = f"Label balance of {rows_on(total)}: {sums.idxmax()} most with {sums.max():,}"
    return Chart(figure, f"{alt}, {sums.idxmin()} least with {sums.min():,}.", counts.reset_index(drop=True))


def _axes(figure: go.Figure, ticks: list[str], end: float, by: str, theme: Theme) -> None:
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(ticks))),
        ticktext=ticks,
        range=[len(ticks) - 0.4, -0.6],
        showline=False,
        fixedrange=True,
    )
    figure.update_xaxes(
        range=[0, end],
        showgrid=by == "share",
        gridcolor=GRID[theme],
        showticklabels=by == "share",
        ticksuffix=" %",
        nticks=6,
        showline=False,
        fixedrange=True,
    )
    figure.update_layout(barmode="stack" if by == "rows" else "group", bargap=0.3, dragmode=False)


def _finding(sums: pd.Series) -> str:
    """The balance in a sentence; sums: rows by label, none of them above the first."""
    many, few = (shortened(label, 24) for label in (sums.idxmax(), sums.idxmin()))
    if len(sums) == 1:
        return f"All rows are {many}"
    ratio = sums.max() / max(sums.min(), 1)
    return "The labels are about even" if ratio < 1.5 else f"{many} has {ratio:,.1f} times the rows of {few}"
