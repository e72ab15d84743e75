"""Which labels are probably given in place of which others, as a picture whose cells can be clicked."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.analysis.label_issues import LabelIssues
from lib.charts.chart import Chart
from lib.charts.colours import ACCENT, SEQUENTIAL, Theme
from lib.charts.template import styled
from lib.charts.text import escaped, rows_on, shortened

# More labels could not be named at the axes; the list has all of them.
MOST = 30


def shown_labels(issues: LabelIssues) -> list[int]:
    """The labels that the chart shows, in the order of their names: those with the most flagged rows, at most 30."""
    both = np.bincount(issues.given[issues.flagged], minlength=len(issues.labels))
    both = both + np.bincount(issues.suggested[issues.flagged], minlength=len(issues.labels))
    most = np.argsort(-both, kind="stable")[:MOST]
    return sorted(int(place) for place in most if both[place] or len(issues.labels) <= MOST)


def label_joint(
    issues: LabelIssues,
    *,
    selected: tuple[int, int] | None = None,
    theme: Theme = "light",
    title: str | None = None,
) -> Chart:
    """The flagged rows of each pair of labels: given labels from top to bottom, suggested ones from left to right.

    Each marker's customdata is [given, suggested], places in `issues.labels`; `selected` is outlined.
    """
    order = shown_labels(issues)
    counts = issues.cells[np.ix_(order, order)].astype(np.float64)
    np.fill_diagonal(counts, np.nan)
    names = [escaped(shortened(issues.labels[place], 14)) for place in order]
    size, top = len(order), max(float(np.nanmax(counts, initial=0.0)), 1.0)
    text = [["" if np.isnan(n) or not n else f"{n:.0f}" for n in line] for line in counts]
    figure = go.Figure(
        go.Heatmap(
            z=[[None if np.isnan(n) else n / top for n in line] for line in counts.tolist()],
            zmin=0,
            zmax=1,
            colorscale=SEQUENTIAL[theme],
            showscale=False,
            xgap=1,
            ygap=1,
            hoverinfo="skip",
            text=text,
            texttemplate="%{text}",
        )
    )
    down, across = np.nonzero(~np.isnan(counts))
    unseen = {"marker": {"opacity": 0}}
    full = [escaped(shortened(issues.labels[place], 80)) for place in order]
    # Plotly's heatmaps report no clicks to Streamlit, so invisible markers lie over them (see charts/confusion.py).
    figure.add_scatter(
        x=across,
        y=down,
        mode="markers",
        marker={"size": 6, "opacity": 0, "color": "#808080"},
        selected=unseen,
        unselected=unseen,
        customdata=[[order[i], order[j]] for i, j in zip(down, across, strict=True)],
        hovertext=[
            f"<b>{rows_on(int(counts[i, j]))}</b><br>labelled {full[i]}<br>probably {full[j]}"
            for i, j in zip(down, across, strict=True)
        ],
        hoverinfo="text",
    )
    if selected is not None and set(selected) <= set(order):
        y, x = order.index(selected[0]), order.index(selected[1])
        line = {"color": ACCENT[theme], "width": 3}
        figure.add_shape(
            type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, line=line, layer="above"
        )
    ticks: dict[str, Any] = {"tickmode": "array", "tickvals": list(range(size)), "ticktext": names}
    figure.update_xaxes(ticks, range=[-0.5, size - 0.5], title={"text": "suggested label →"}, fixedrange=True)
    figure.update_xaxes(autotickangles=[0, -90], showline=False)
    figure.update_yaxes(ticks, range=[size - 0.5, -0.5], title={"text": "← given label"}, fixedrange=True)
    figure.update_yaxes(showline=False)
    flagged = int(issues.flagged.sum())
    more = f" · the {size} labels with most of them" if size < len(issues.labels) else ""
    cell = 44 if size <= 8 else 30 if size <= 16 else 24
    styled(
        figure,
        theme=theme,
        title=title or ("Which labels are mixed up?" if flagged else "No label looks wrong"),
        subtitle=f"{flagged:,} flagged rows of {rows_on(len(issues.given))}, all splits, judged out of fold{more}",
        plot_height=min(max(size * cell, 200), 720),
        bottom=60 if size <= 8 else 100,
        right=8,
    )
    figure.update_layout(hovermode="closest", hoverdistance=-1, dragmode=False, clickmode="event+select")
    return Chart(figure, _alt(issues, flagged), _cells(issues))


def _cells(issues: LabelIssues) -> pd.DataFrame:
    """The filled cells off the diagonal: given, suggested, rows; most rows first."""
    joint = issues.cells.copy()
    np.fill_diagonal(joint, 0)
    down, across = np.nonzero(joint)
    names = np.asarray(issues.labels, dtype=object)
    table = pd.DataFrame({"given": names[down], "suggested": names[across], "rows": joint[down, across]})
    return table.sort_values("rows", ascending=False, kind="stable").reset_index(drop=True)


def _alt(issues: LabelIssues, flagged: int) -> str:
    start = f"Given against suggested labels of {flagged:,} flagged rows of {len(issues.given):,}"
    cells = _cells(issues)
    if cells.empty:
        return f"{start}."
    first = cells.iloc[0]
    return f"{start}; most often {first['given']} that is probably {first['suggested']}, {rows_on(int(first['rows']))}."
