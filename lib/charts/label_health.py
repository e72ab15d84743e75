"""How much of each label is probably wrong, label by label, with its interval."""

import pandas as pd

from lib.charts.chart import Chart
from lib.charts.colours import MODEL, Theme
from lib.charts.dots import ROW, dots
from lib.charts.template import styled
from lib.charts.text import escaped, percent, rows_on, shortened

MOST = 25


def label_health(table: pd.DataFrame, *, theme: Theme = "light", title: str | None = None) -> Chart:
    """A dot a label, the worst first, from `LabelIssues.health()`; each dot's customdata is its place in the table."""
    shown = table.head(MOST)
    records = shown.to_dict("records")
    figure = dots(
        [f"{escaped(shortened(row['label'], 18))} ({row['rows']:,})" for row in records],
        (100 * shown["share"]).tolist(),
        (100 * shown["share_low"]).tolist(),
        (100 * shown["share_high"]).tolist(),
        theme=theme,
        colours=[MODEL[theme]] * len(shown),
        hover=[
            f"<b>{escaped(shortened(row['label'], 80))}</b><br>about {row['expected']:.0f} of {rows_on(row['rows'])} "
            f"wrong ({percent(row['share_low'])} to {percent(row['share_high'])})<br>{row['flagged']:,} flagged; "
            f"suggested for {rows_on(row['gained'])} of other labels"
            for row in records
        ],
        customdata=list(range(len(shown))),
    )
    figure.update_xaxes(
        rangemode="tozero", title={"text": "estimated share of wrong labels, %"}, ticksuffix=" %"
    )
    more = f" · the worst {len(shown)} of {len(table):,} labels" if len(table) > len(shown) else ""
    styled(
        figure,
        theme=theme,
        title=title or "Which labels can be trusted?",
        subtitle="Wrong by estimate, 95 % interval (rows in brackets) · "
        f"{rows_on(int(table['rows'].sum()))}, all splits{more}",
        plot_height=max(len(shown), 2) * ROW,
        bottom=40,
    )
    figure.update_layout(clickmode="event+select", hoverdistance=ROW)
    if table.empty:
        return Chart(figure, "There are no labelled rows.", table)
    worst, best = table.iloc[0], table.iloc[-1]
    alt = (
        f"Estimated share of wrong labels by label, from {percent(worst['share'])} ({worst['label']}) "
        f"to {percent(best['share'])} ({best['label']})."
    )
    return Chart(figure, alt, table)
