"""The model beside what needs no model at all: is it worth its training?"""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from lib.analysis.intervals import Interval, described, number
from lib.analysis.scores import title as score_title
from lib.charts.chart import Chart
from lib.charts.colours import MODEL, MUTED, Theme
from lib.charts.dots import ROW, dots
from lib.charts.template import styled
from lib.charts.text import escaped, rows_on, shortened

NAMES = {"majority": "most frequent label", "tfidf": "TF-IDF", "mean": "the mean", "teacher": "the teacher"}


def baselines(
    score: str,
    value: float,
    others: Mapping[str, float],
    *,
    interval: Interval | None = None,
    other_intervals: Mapping[str, Interval] | None = None,
    rows: int,
    split: str = "test",
    higher_is_better: bool = True,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """The model and every baseline on one score, best first, each a dot with its 95 % interval if known.

    `others` are the baselines' values: {"majority": 0.14, "tfidf": 0.60}; other names are shown as they are
    (so earlier runs can stand there too).
    """
    known = {"model": interval, **(other_intervals or {})}
    table = pd.DataFrame(
        [
            {"name": name, "value": number, "low": ends[0], "high": ends[1]}
            for name, number in {"model": value, **others}.items()
            for ends in [known.get(name) or (float("nan"), float("nan"))]
        ]
    ).sort_values("value", ascending=not higher_is_better, kind="stable", ignore_index=True)
    names = [
        "<b>this model</b>"
        if name == "model"
        else escaped(shortened(NAMES.get(name, name.replace("_", " ")), 22))
        for name in table["name"]
    ]
    said = [described(row.value, known.get(str(row.name_))) for row in _named(table)]
    figure = dots(
        names,
        table["value"].tolist(),
        table["low"].tolist(),
        table["high"].tolist(),
        theme=theme,
        colours=[MODEL[theme] if name == "model" else MUTED[theme] for name in table["name"]],
        hover=[f"{name}<br>{text}" for name, text in zip(names, said, strict=True)],
    )
    for place, row in enumerate(_named(table)):
        end = row.high if row.high == row.high else row.value
        figure.add_annotation(
            x=end, y=place, text=_shown(row.value), showarrow=False, xanchor="left", xshift=8
        )
    _set_axis(figure, table, score, higher_is_better=higher_is_better)
    styled(
        figure,
        theme=theme,
        title=title or "Is the model worth its training?",
        subtitle=f"{score_title(score)} with 95 % interval · {rows_on(rows, split)}",
        plot_height=len(table) * (ROW + 6) + 10,
        bottom=40,
    )
    parts = (
        f"{_plain(name)} {_shown(number)}" for name, number in zip(table["name"], table["value"], strict=True)
    )
    return Chart(figure, f"{score_title(score)} on {rows_on(rows, split)}: {', '.join(parts)}.", table)


def _set_axis(figure: go.Figure, table: pd.DataFrame, score: str, *, higher_is_better: bool) -> None:
    """From 0 to 1 for shares, as far down as negative ones need; from 0 to the largest value for errors."""
    title = score_title(score) if higher_is_better else f"{score_title(score)} (lower is better)"
    low = min(0.0, float(table[["value", "low"]].min().min()))
    high = float(table[["value", "high"]].max().max())
    if higher_is_better and high <= 1:
        figure.update_xaxes(range=[low - 0.02, 1.16], dtick=0.25, title={"text": title})
        figure.update_xaxes(tickvals=[tick / 4 for tick in range(-4, 5) if tick / 4 >= low])
    else:
        # Room for the number right of the last dot.
        span = (high - low) or 1.0
        figure.update_xaxes(
            range=[low - 0.02 * span, high + 0.22 * span], nticks=6, tickformat=",~r", title={"text": title}
        )


def _shown(value: float) -> str:
    """Two decimals for shares, two to three significant digits for numbers of another size."""
    return f"{value:.2f}" if value == 0 or 0.01 <= abs(value) <= 1 else number(value, digits=3)


def _named(table: pd.DataFrame) -> list:
    return list(table.rename(columns={"name": "name_"}).itertuples(index=False))


def _plain(name: str) -> str:
    return "this model" if name == "model" else NAMES.get(name, name.replace("_", " "))
