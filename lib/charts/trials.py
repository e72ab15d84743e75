"""The trials of a search: the validation score of each against one of the options that were tried."""

from collections.abc import Sequence
from math import log10
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from lib.analysis.intervals import number
from lib.analysis.scores import title as score_title
from lib.analysis.trials import OUTCOME_WORDS, Trial, best_trial
from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, GRID, MODEL, MUTED, SECOND, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, rows_on, shortened

# Told apart by shape as well as by colour.
SYMBOLS = {"finished": "circle", "pruned": "x", "cut": "triangle-up"}


def trials(
    tried: Sequence[Trial],
    option: str,
    *,
    score: str,
    rows: int,
    higher_is_better: bool = True,
    option_title: str = "",
    logarithmic: bool = False,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """A dot for each trial that has a score; the best and the first one (the run's own options) are named.

    `option` is the one on the x axis, on a logarithmic scale if asked for; texts and few choices are spread evenly.
    """
    scored = [trial for trial in tried if trial.value is not None and option in trial.options]
    table = pd.DataFrame(
        [
            {"trial": item.trial, "outcome": item.outcome, **item.options, "value": item.value}
            for item in scored
        ]
    )
    best = best_trial(scored, higher_is_better=higher_is_better)
    figure = go.Figure()
    colours = {"finished": MODEL[theme], "pruned": MUTED[theme], "cut": SECOND[theme]}
    even = not logarithmic
    there = [outcome for outcome in SYMBOLS if any(item.outcome == outcome for item in scored)]
    for outcome in there:
        chosen = [item for item in scored if item.outcome == outcome]
        figure.add_scatter(
            x=[_place(item.options[option], even) for item in chosen],
            y=[item.value for item in chosen],
            mode="markers",
            marker={"size": 11, "symbol": SYMBOLS[outcome], "color": colours[outcome]},
            hovertext=[_hover(item, score) for item in chosen],
            hoverinfo="text",
        )
    for item in {
        item.trial: item for item in (scored[:1] if scored else []) + ([best] if best else [])
    }.values():
        words = "best" if best and item.trial == best.trial else "own options"
        if best and item.trial == best.trial == 1:
            words = "best: own options"
        figure.add_annotation(
            x=log10(item.options[option]) if logarithmic else _place(item.options[option], even),
            y=item.value,
            text=f"{words}, {_shown(item.value)}",
            showarrow=False,
            yshift=15,
            font={"size": 12, "color": ACCENT[theme] if words.startswith("best") else MUTED[theme]},
        )
    if even:
        order = sorted(
            {item.options[option] for item in scored}, key=lambda value: (isinstance(value, str), value)
        )
        figure.update_xaxes(
            type="category", categoryorder="array", categoryarray=[_place(v, True) for v in order]
        )
        figure.update_xaxes(range=[-0.6, max(len(order), 1) - 0.4])
    else:
        figure.update_xaxes(type="log", tickformat=".1e", nticks=5)
    values = [item.value for item in scored if item.value is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    pad = 0.12 * ((high - low) or abs(high) or 1.0)
    better = "" if higher_is_better else " (lower is better)"
    figure.update_yaxes(
        range=[low - pad, high + 1.8 * pad],
        title={"text": f"{escaped(shortened(score_title(score), 30))}{better}"},
        showgrid=True,
        gridcolor=GRID[theme],
        nticks=5,
        fixedrange=True,
    )
    figure.update_xaxes(
        title={"text": escaped(shortened(option_title or option.replace("_", " "), 40))}, fixedrange=True
    )
    figure.update_layout(hovermode="closest", dragmode=False)
    styled(
        figure,
        theme=theme,
        title=title or "Which options did best?",
        subtitle=f"Best {score_title(score)} of each trial · {rows_on(rows, 'validation')}, which pick the winner",
        plot_height=230,
        key=[(OUTCOME_WORDS[outcome], colours[outcome]) for outcome in there] if len(there) > 1 else (),
        bottom=44,
        right=24,
    )
    found = f"best {_shown(best.value)} in trial {best.trial}" if best else "none with a score"
    alt = f"{score_title(score)} on {rows_on(rows, 'validation')} of {len(scored)} trials: {found}."
    return Chart(figure, alt, table)


def _place(value: Any, even: bool) -> Any:
    return (
        f"{value:g}"
        if even and isinstance(value, int | float)
        else (escaped(shortened(value, 20)) if even else value)
    )


def _shown(value: float | None) -> str:
    return number(value or 0.0, digits=3)


def _hover(item: Trial, score: str) -> str:
    options = "<br>".join(
        f"{escaped(name.replace('_', ' '))} {f'{value:.3g}' if isinstance(value, float) else escaped(value)}"
        for name, value in item.options.items()
    )
    ended = OUTCOME_WORDS.get(item.outcome, item.outcome)
    return f"<b>trial {item.trial}</b>, {ended}<br>{escaped(score_title(score))} {_shown(item.value)}<br>{options}"
