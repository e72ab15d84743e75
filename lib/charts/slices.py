"""The slices that are furthest from the rest, each with its interval, beside all rows."""

import pandas as pd

from lib.charts.chart import Chart
from lib.charts.colours import MODEL, MUTED, SECOND, Theme
from lib.charts.dots import ROW, dots
from lib.charts.template import styled
from lib.charts.text import escaped, percent, rows_on, shortened


def slices(
    table: pd.DataFrame,
    *,
    measure: str,
    is_share: bool,
    overall: float,
    rows: int,
    split: str | None = None,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """A dot a line of `lib.analysis.slices.slice_table`, in its order, with a line at `overall`, that of all `rows`.

    Each dot can be clicked (its place in `table` is the customdata). Grey dots are within noise. Raises ValueError when
    the table is empty.
    """
    if table.empty:
        raise ValueError("there is no slice")
    records = table.to_dict("records")

    def said(value: float) -> str:
        return percent(value) if is_share else f"{value:.3g}"

    figure = dots(
        [escaped(shortened(row["title"], 26)) for row in records],
        table["score"].tolist(),
        table["low"].tolist(),
        table["high"].tolist(),
        theme=theme,
        colours=[
            MUTED[theme] if row["within_noise"] else SECOND[theme] if row["difference"] > 0 else MODEL[theme]
            for row in records
        ],
        hover=[
            f"<b>{escaped(shortened(row['title'], 80))}</b><br>{rows_on(int(row['rows']), split)}, {measure} "
            f"{said(row['score'])} ({said(row['low'])} to {said(row['high'])})<br>q = {row['q']:.2g}"
            for row in records
        ],
        customdata=list(range(len(table))),
    )
    figure.add_vline(x=overall, line={"color": MUTED[theme], "width": 1.5, "dash": "dash"})
    figure.update_xaxes(
        title={"text": f"{measure}, 95 % interval; dashed: all rows"},
        rangemode="tozero",
        tickformat=".0%" if is_share else None,
        nticks=6,
    )
    found = int((~table["within_noise"] & (table["difference"] > 0)).sum())
    worst = records[0]
    usual = (
        f"Worse than the rest: {shortened(worst['title'], 40)}"
        if found
        else "No slice is worse beyond chance"
    )
    styled(
        figure,
        theme=theme,
        title=title or usual,
        subtitle=f"{rows_on(rows, split)} · {measure} of all {said(overall)}",
        key=[("worse", SECOND[theme]), ("better", MODEL[theme]), ("within noise", MUTED[theme])],
        plot_height=ROW * len(table),
        bottom=44,
    )
    alt = (
        f"{measure.capitalize()} of {len(table)} slices of {rows_on(rows, split)}, {said(overall)} of all; first "
        f"{shortened(worst['title'], 60)}, {said(worst['score'])} of {rows_on(int(worst['rows']))}."
    )
    return Chart(figure, alt, table)
