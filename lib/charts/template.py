"""The look all charts share: thin axes, no box, the finding as title, rows and split below it."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from lib.charts.colours import GRID, INK, MUTED, OKABE_ITO, Theme
from lib.charts.text import escaped, wrapped

# Named rather than inherited, so that a downloaded picture (which has no page around it) looks the same.
FONT = '"Source Sans", "Source Sans Pro", "Source Sans 3", system-ui, sans-serif'
# A phone's chart is about 350 px wide and Plotly breaks no lines: 44 letters of 16 px fit in there.
TITLE_LETTERS, SUBTITLE_LETTERS = 44, 60
TITLE_LINE, SUBTITLE_LINE = 21, 17


def template(theme: Theme) -> go.layout.Template:
    """The Plotly template for one theme; backgrounds are see-through, so the page's colour shows."""
    axis = {
        "showgrid": False,
        "zeroline": False,
        "showline": True,
        "linecolor": GRID[theme],
        "linewidth": 1,
        "gridcolor": GRID[theme],
        "gridwidth": 1,
        "ticks": "",
        "tickfont": {"size": 12, "color": MUTED[theme]},
        "title": {"font": {"size": 12, "color": MUTED[theme]}, "standoff": 8},
        "ticklabelstandoff": 4,
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": INK[theme]},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(OKABE_ITO),
            "xaxis": axis,
            "yaxis": axis,
            "showlegend": False,
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": MUTED[theme], "activecolor": INK[theme]},
            "hoverlabel": {
                "bgcolor": "#FFFDF9" if theme == "light" else "#2B3440",
                "bordercolor": GRID[theme],
                "font": {"family": FONT, "size": 13, "color": INK[theme]},
                "align": "left",
            },
        }
    )


def styled(
    figure: go.Figure,
    *,
    theme: Theme,
    title: str,
    subtitle: str = "",
    plot_height: int,
    key: Sequence[tuple[str, str]] = (),
    extra_top: int = 0,
    bottom: int = 8,
    left: int = 8,
    right: int = 16,
) -> go.Figure:
    """Give a figure the shared look, its heading and its height; returns the same figure.

    `title` and `subtitle` are plain text: they are escaped, and broken into lines that fit a phone.
    `key` is a line of (name, colour) below them, where marks cannot be named one by one.
    `plot_height` is that of the drawing in px without heading and without `bottom`; `extra_top` px are
    kept free between heading and drawing.
    """
    lines = wrapped(title, TITLE_LETTERS)
    below = wrapped(subtitle, SUBTITLE_LETTERS) if subtitle else []
    small = f'<span style="font-size:13px;font-weight:400;color:{MUTED[theme]}">{{}}</span>'
    if key:
        below += _key_lines(key)
    top = 6 + len(lines) * TITLE_LINE + len(below) * SUBTITLE_LINE + 12 + extra_top
    height = top + plot_height + bottom
    heading: dict[str, Any] = {
        "text": "<br>".join([*lines, *(small.format(line) for line in below)]),
        "font": {"size": 16, "weight": 600},
        "x": 0,
        "xref": "container",
        "xanchor": "left",
        # The first line's baseline; Plotly's "top" would cut the letters off.
        "y": 1 - TITLE_LINE / height,
        "yref": "container",
        "yanchor": "bottom",
        "pad": {"l": 2},
    }
    figure.update_layout(
        template=template(theme),
        title=heading,
        height=height,
        margin={"l": left, "r": right, "t": top, "b": bottom, "pad": 0},
    )
    return figure


def _key_lines(key: Sequence[tuple[str, str]]) -> list[str]:
    """The key in as many lines as a phone needs; a name stays beside its colour."""
    lines: list[list[str]] = [[]]
    room = SUBTITLE_LETTERS
    for name, colour in key:
        if lines[-1] and len(name) + 4 > room:
            lines.append([])
            room = SUBTITLE_LETTERS
        room -= len(name) + 4
        lines[-1].append(f'<span style="color:{colour}">■</span> {escaped(name)}')
    return ["  ".join(line) for line in lines]
