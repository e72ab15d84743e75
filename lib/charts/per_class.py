"""How well the model does on each label, worst first, with how sure that is."""

from typing import Literal

import pandas as pd

from lib.charts.chart import Chart
from lib.charts.colours import MODEL, Theme
from lib.charts.dots import ROW, dots
from lib.charts.template import styled
from lib.charts.text import escaped, rows_on, shortened

Measure = Literal["f1", "precision", "recall"]
MEASURE_TITLES: dict[Measure, str] = {"f1": "F1", "precision": "precision", "recall": "recall"}


def per_class(
    table: pd.DataFrame,
    *,
    measure: Measure = "f1",
    split: str = "test",
    rows: int | None = None,
    top: int = 40,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """A dot and a 95 % interval for every label, the worst `top` if there are more.

    `table` as made by `lib.analysis.per_class.per_class`. A dot's customdata is [row of the table], counted
    from 0. Labels stand with their support, whose sum is the number of `rows` unless rows
    have several labels.
    """
    places = table.reset_index(drop=True)
    order = places.sort_values([measure, "support"], ascending=[True, False], kind="stable")
    shown = order.head(top)
    records = shown.to_dict("records")
    name = MEASURE_TITLES[measure]
    hovers = [
        f"<b>{escaped(shortened(row['label'], 80))}</b><br>{name} {row[measure]:.2f} "
        f"({row[measure + '_low']:.2f}–{row[measure + '_high']:.2f})"
        f"<br>{rows_on(row['support'])}, {row['predicted']:,} predicted, {row['correct']:,} right"
        for row in records
    ]
    figure = dots(
        [f"{escaped(shortened(row['label'], 18))} ({row['support']:,})" for row in records],
        shown[measure].tolist(),
        shown[f"{measure}_low"].tolist(),
        shown[f"{measure}_high"].tolist(),
        theme=theme,
        colours=[MODEL[theme]] * len(shown),
        hover=hovers,
        customdata=shown.index.tolist(),
    )
    figure.update_xaxes(range=[-0.02, 1.02], dtick=0.25, title={"text": name})
    more = f" · the worst {len(shown)} of {len(order):,} labels" if len(order) > len(shown) else ""
    styled(
        figure,
        theme=theme,
        title=title or "Which labels are hard?",
        subtitle=f"{name} with 95 % interval (rows in brackets) · "
        f"{rows_on(int(table['support'].sum()) if rows is None else rows, split)}{more}",
        plot_height=max(len(shown), 2) * ROW,
        bottom=40,
    )
    figure.update_layout(clickmode="event+select", hoverdistance=ROW)
    low, high = order.iloc[0], order.iloc[-1]
    alt = (
        f"{name[0].upper()}{name[1:]} of {len(order):,} labels on {split} rows, from "
        f"{low[measure]:.2f} ({low['label']}) to {high[measure]:.2f} ({high['label']})."
    )
    return Chart(figure, alt, order.reset_index(drop=True))
