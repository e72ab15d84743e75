"""What small changes of the input cost: the score's difference for each change, with its interval."""

from collections.abc import Mapping, Sequence

import pandas as pd

from lib.analysis.intervals import number
from lib.analysis.robustness import Robustness
from lib.analysis.scores import title as score_title
from lib.charts.chart import Chart
from lib.charts.colours import MODEL, MUTED, Theme
from lib.charts.dots import ROW, dots
from lib.charts.template import styled
from lib.charts.text import escaped, percent, rows_on, shortened


def robustness_chart(
    found: Sequence[Robustness],
    titles: Mapping[str, str],
    score: str,
    *,
    rows: int,
    split: str,
    higher_is_better: bool = True,
    theme: Theme = "light",
) -> Chart:
    """One line a change, the most harmful first; grey where the difference may be noise.

    `found` are changes that keep what is true; `rows` is how many rows were drawn, of which each change met some.
    Raises ValueError when there are none.
    """
    if not found:
        raise ValueError("no change to draw")
    worst_first = sorted(found, key=lambda one: one.difference or 0.0, reverse=not higher_is_better)
    table = pd.DataFrame(
        [
            {
                "change": titles[one.name],
                "rows": one.rows,
                f"{score} unchanged": one.before,
                f"{score} changed": one.after,
                "difference": one.difference,
                "low": one.interval[0] if one.interval else float("nan"),
                "high": one.interval[1] if one.interval else float("nan"),
                "same answer": one.same,
            }
            for one in worst_first
        ]
    )
    hover = [
        f"{escaped(titles[one.name])}<br>{number(one.before, digits=3)} → {number(one.after or 0.0, digits=3)} "
        f"on {rows_on(one.rows, split)}<br>same answer: {percent(one.same)}"
        for one in worst_first
    ]
    figure = dots(
        [escaped(titles[one.name]) for one in worst_first],
        table["difference"].tolist(),
        table["low"].tolist(),
        table["high"].tolist(),
        theme=theme,
        colours=[MUTED[theme] if one.is_noise else MODEL[theme] for one in worst_first],
        hover=hover,
    )
    figure.add_vline(x=0, line={"color": MUTED[theme], "width": 1, "dash": "dot"}, layer="below")
    low = min(0.0, float(table[["difference", "low"]].min().min()))
    high = max(0.0, float(table[["difference", "high"]].max().max()))
    pad = 0.08 * ((high - low) or 1.0)
    name = score_title(score)
    figure.update_xaxes(
        range=[low - pad, high + pad], nticks=6, title={"text": f"Change of {escaped(shortened(name, 40))}"}
    )
    styled(
        figure,
        theme=theme,
        title=_headline(worst_first, titles),
        subtitle=f"{name} on changed minus unchanged rows, 95 % interval · of {rows_on(rows, split)}",
        plot_height=len(table) * (ROW + 4) + 10,
        bottom=40,
    )
    said = "; ".join(
        f"{titles[one.name]} {number(one.difference or 0.0, digits=2)}{' (within noise)' if one.is_noise else ''}"
        for one in worst_first
    )
    return Chart(figure, f"Change of {name} on {rows_on(rows, split)} by kind of change: {said}.", table)


def _headline(worst_first: Sequence[Robustness], titles: Mapping[str, str]) -> str:
    """The finding: what harms most, or that nothing does beyond noise."""
    harmful = [one for one in worst_first if not one.is_noise]
    if not harmful or harmful[0] is not worst_first[0]:
        return "No change of the input harms the model beyond noise"
    return f"What harms the model most: {titles[harmful[0].name]}"
