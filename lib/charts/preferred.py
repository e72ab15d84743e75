"""How often readers who did not know which is which preferred the tuned model's answers."""

from collections.abc import Mapping

import pandas as pd

from lib.analysis.votes import Tally
from lib.charts.chart import Chart
from lib.charts.colours import MODEL, MUTED, Theme
from lib.charts.dots import ROW, dots
from lib.charts.template import styled
from lib.charts.text import percent, rows_on

ALL = "all prompts"


def preferred(
    found: Tally,
    parts: Mapping[str, Tally],
    *,
    split: str = "test",
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """A dot and a 95 % interval for all rows and for each of `parts`, names as they are to be read.

    Drawn is the tuned model's share of the rows that one of both won. Raises ValueError when no row is decided.
    """
    if not found.decided:
        raise ValueError("no row is decided")
    drawn = {ALL: found} | {f"{name} prompts": part for name, part in parts.items() if part.decided}
    table = pd.DataFrame(
        [
            {
                "prompts": name,
                "tuned better": one.tuned,
                "untuned better": one.untuned,
                "equal": one.equal,
                "both bad": one.bad,
                "share": one.share,
                "low": one.interval[0],
                "high": one.interval[1],
            }
            for name, one in drawn.items()
        ]
    )
    figure = dots(
        [f"{name} ({one.decided:,})" for name, one in drawn.items()],
        table["share"].tolist(),
        table["low"].tolist(),
        table["high"].tolist(),
        theme=theme,
        colours=[MODEL[theme]] * len(table),
        hover=[
            f"<b>{name}</b><br>{one.tuned:,} for the tuned model, {one.untuned:,} for the one before, "
            f"{one.equal + one.bad:,} for neither<br>{percent(one.share)} ({percent(one.interval[0])} to "
            f"{percent(one.interval[1])})"
            for name, one in drawn.items()
        ],
    )
    figure.add_vline(x=0.5, line={"color": MUTED[theme], "width": 1.5, "dash": "dot"})
    figure.update_xaxes(
        range=[-0.02, 1.02],
        dtick=0.25,
        tickformat=".0%",
        title={"text": "decided rows that the tuned model won"},
    )
    noise = " (within noise)" if found.within_noise else ""
    styled(
        figure,
        theme=theme,
        title=title
        or f"The tuned model is preferred in {found.tuned:,} of {found.decided:,} decided rows{noise}",
        subtitle=f"{rows_on(found.rows, split)} voted on, {found.equal + found.bad:,} undecided · 95 % interval · "
        "dotted: no difference (decided rows in brackets)",
        plot_height=max(len(table), 2) * ROW,
        bottom=44,
    )
    low, high = found.interval
    alt = (
        f"The tuned model won {found.tuned:,} of {found.decided:,} decided {split} rows: {percent(found.share)}, "
        f"95 % interval {percent(low)} to {percent(high)}."
    )
    return Chart(figure, alt, table)
